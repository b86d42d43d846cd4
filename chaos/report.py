"""What came out, as a page."""

from __future__ import annotations

import os
import platform
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import duckdb

from chaos.points import POINTS
from chaos.shots import BY_TIME
from chaos.trial import Death, Result


@dataclass(kw_only=True)
class Tally:
    """All results so far."""

    worlds: int = 0
    starts: int = 0
    deaths: dict[str, list[Death]] = field(default_factory=lambda: defaultdict(list))
    modes: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    failed: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """Count a world."""
        self.worlds += 1
        self.starts += result.starts
        self.modes[result.world.mode] += len(result.deaths)
        self.faults[result.fault] += 1
        for death in result.deaths:
            self.deaths[death.name].append(death)
        if result.problems:
            self.failed.append(result)

    @property
    def kills(self) -> int:
        """Loaders that were killed."""
        return sum(len(deaths) for deaths in self.deaths.values())

    def least(self) -> int:
        """Kills at the named point that has fewest."""
        return min(len(self.deaths[point.name]) for point in POINTS)


def page(tally: Tally, seconds: float) -> str:
    """The report in Markdown."""
    named = tally.kills - len(tally.deaths[BY_TIME])
    return "\n".join(
        [
            _HEAD,
            "## The run",
            "",
            *_grid(
                ("figure", "value"),
                [
                    ("worlds", tally.worlds),
                    ("loaders started", tally.starts),
                    ("loaders killed", tally.kills),
                    ("… at a named point", named),
                    ("… by time", len(tally.deaths[BY_TIME])),
                    ("fewest kills at a named point", tally.least()),
                    ("killed runs of the command line", tally.modes["run"]),
                    ("killed single steps, as Airflow retries them", tally.modes["steps"]),
                    ("worlds that did not end as the oracle says", len(tally.failed)),
                    ("minutes", round(seconds / 60)),
                    ("cores", os.cpu_count()),
                    ("Python, DuckDB", f"{platform.python_version()}, {duckdb.__version__}"),
                ],
            ),
            "",
            _STATES,
            *_grid(_COLUMNS, [_row(name, tally.deaths[name]) for name in _names()]),
            "",
            "## Trouble besides",
            "",
            "Worlds in which something else went wrong, too, with kills in the middle of it.",
            "",
            *_grid(("trouble", "worlds"), sorted(tally.faults.items())),
            "",
            *_failures(tally.failed),
        ]
    )


def failure(result: Result) -> str:
    """A world that has failed: what is wrong, and how to see it again."""
    world = result.world
    return "\n".join(
        [
            f"world {world.seed} ({world.mode}, {world.focus!r}, {result.fault})",
            *(f"  {problem}" for problem in result.problems[:10]),
            f'  replay: make chaos ARGS="--seed {world.seed}"',
        ]
    )


_HEAD = """\
# Fault injection

This page is written by `make chaos ARGS="--kills 10000 --least 100 --report docs/chaos.md"`, which
may be broken off or bounded by `--minutes`: the figures below say how far it came. Loaders are
killed with SIGKILL, by time and at named points, and started again until all is at rest. After each
death and at each rest everything is compared with an oracle that has been told what the senders
sent and knows the rules of the [life of a file](life-of-a-file.md) and of [mappings](mappings.md),
but none of the loader's code:

* after each death: every delivered file is somewhere, and no table holds rows without their
  `load_metadata` row or their event, or a part of a load; of the data files that one go file names
  all are loaded or none, and the go file leaves with the last of them;
* after one whole run: every file is in exactly the zone where it belongs, byte for byte; each table
  equals the oracle's as a multiset of rows, `_extra` included; `load_metadata` has one row per load
  and `load_deliveries` one per delivery, with the right counts, names and places; every refused
  file has its sidecar with the right code; nothing temporary is left; every load and every refused
  file has its event, once, and each was heard at least once.

A seed makes a world: two to four tables of all kinds (plain, go file as properties, CSV or
checksum, trailer, both, lines below the data; gzip, ZIP; other delimiters, backslash sequences;
columns and identity by the name; a column that `types` makes, records without a value counted) and
three waves of deliveries: good ones, drift, duplicates,
restatements (append, replace, refused), equal content under another name, bad records, wrong
counts, broken quotes, empty and cut files, files of no byte that were promised, foreign headers,
files that are nobody's. Some senders put another content in the place of a file just after its rows
are committed, and some waves find forged notes among what is held on to. Some worlds have one or
two tables more, whose go files (CSV, JSON, checksum) name [several data
files](mappings.md#one-go-file-for-several-data-files): they come in any order and in several turns,
a data file or the go file is replaced before all are there, one of them is bad, known or restated,
or something never comes. A world that fails prints
its seed; `make chaos ARGS="--seed N"` shows it again. Deaths by time fall a little elsewhere each
time, named ones do not.

A loader is a forked process that calls the command line's `main`, or one step of the pipeline. The
named points are functions that this process has wrapped before it starts; the loader itself knows
nothing of them. *In the commit* and *in the checkpoint* are deaths up to four milliseconds after
the step has begun.

Here all is on local disks, some worlds' archive on another one, so that moves are copies. Buckets
and BigQuery are tried in `make test`, against emulators: a death before and after each request that
changes a store (`integration/objects/test_deaths.py`), and between any two steps of a load, the
answer to its commit lost among them (`integration/bigquery/test_deaths.py`).
"""

_STATES = """\
## What deaths leave behind

Per point, how many deaths left which state to the next loader. *Rows*: how much of what the wave
brings was committed. *Files*: how many of the wave's files had left the landing zone. *Twice*: a
file lay in landing and in its target zone at once. *Note*, *temporary*, *log*: a note of a move
under way, a hidden temporary file, DuckDB's log were there.
"""

_COLUMNS = (
    "point",
    "kills",
    "rows none",
    "some",
    "all",
    "files none",
    "some",
    "all",
    "twice",
    "note",
    "second name",
    "temporary",
    "log",
)


def _names() -> list[str]:
    return [*(point.name for point in POINTS), BY_TIME]


def _row(name: str, deaths: Sequence[Death]) -> tuple[object, ...]:
    rows = Counter(death.rows for death in deaths)
    files = Counter(death.files for death in deaths)
    left = Counter(kind for death in deaths for kind in set(death.leftovers))
    return (
        name,
        len(deaths),
        *(rows[part] for part in ("none", "some", "all")),
        *(files[part] for part in ("none", "some", "all")),
        sum(death.twice for death in deaths),
        left["note"],
        left["second name"],
        left["temporary file"],
        left["log"],
    )


def _grid(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _failures(failed: Sequence[Result]) -> list[str]:
    if not failed:
        return []
    return ["## Failed worlds", "", "```text", *map(failure, failed), "```", ""]
