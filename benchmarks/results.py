"""What was measured, as one JSON file per run, and the figures that follow from it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import statistics
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path

import psutil
from pydantic import TypeAdapter

from cases import BASELINES, CASES

_DLT = tuple((Path(__file__).resolve().parents[1] / ".venv-bench" / "lib").glob("*/site-packages"))
# The faster of these is the baseline. Polars is not one: it takes half a record for a whole one.
_BARE = (*BASELINES, "duckdb-parquet")
_VERSIONS = ("airflow-provider-landing-loader", "apache-airflow", "duckdb", "polars")


@dataclass(frozen=True)
class PathResult:
    """One path of a case.

    :param seconds: of each round, what counts.
    :param process_seconds: of each round, the whole process.
    :param peak_bytes: of each round, memory of the process tree.
    """

    seconds: list[float]
    process_seconds: list[float]
    peak_bytes: list[int]

    @property
    def median(self) -> float:
        """Median of ``seconds``."""
        return statistics.median(self.seconds)

    @property
    def peak(self) -> int:
        """The highest peak, bytes."""
        return max(self.peak_bytes)

    def speed_beside(self, other: PathResult) -> float:
        """How much faster than another path this one is: the median of the ratios by rounds.

        Of the rounds that both have: a case may run fewer, and is worth comparing only in one run.
        """
        pairs = zip(other.seconds, self.seconds, strict=False)
        return statistics.median(theirs / own for theirs, own in pairs)


@dataclass(frozen=True)
class CaseResult:
    """One case.

    :param size: bytes of all files.
    :param rows: in the table.
    :param columns: of a file.
    """

    title: str
    files: int
    size: int
    rows: int
    columns: int
    paths: dict[str, PathResult]

    @property
    def baseline(self) -> str:
        """The faster of the bare settings."""
        bare = [path for path in _BARE if path in self.paths] or list(self.paths)
        return min(bare, key=lambda path: self.paths[path].median)

    def speed(self, path: str) -> float:
        """Speed of a path, the baseline's being 1."""
        return self.paths[path].speed_beside(self.paths[self.baseline])


@dataclass(frozen=True)
class MemoryPoint:
    """This project on one file of some size."""

    size: int
    seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class ParsePoint:
    """Reading the DAG file.

    :param mappings: how many there are.
    :param what: ``all`` DAGs, ``one`` as a worker does, or ``bare``: all, of Airflow's own
        operators.
    :param importing: seconds of importing this project's modules, beyond Airflow.
    :param building: seconds of reading mappings and building DAGs.
    :param cpu: seconds of CPU of both.
    """

    mappings: int
    what: str
    importing: float
    building: float
    cpu: float


@dataclass(frozen=True)
class StrangePoint:
    """One good file of 10 KB behind many strange ones.

    :param kind: what is strange about them.
    :param files: how many they are.
    """

    kind: str
    files: int
    seconds: float
    peak_bytes: int


@dataclass(frozen=True)
class SetsResult:
    """Files of one table of 10 KB each, with go files of one kind.

    :param seconds: of each round; ``cpu_seconds``, too.
    :param peak_bytes: the highest.
    """

    files: int
    seconds: list[float]
    cpu_seconds: list[float]
    peak_bytes: int


@dataclass(frozen=True)
class TablesPoint:
    """One file of 10 KB for each of many tables.

    :param delivery: 1 makes the tables, 2 finds them.
    :param rejects: whether each file has a record that is set aside.
    :param parts: whether each name has a day in it, which fills a column.
    :param bare_seconds: of bare DuckDB with the same files, in the same run.
    """

    tables: int
    delivery: int
    rejects: bool
    seconds: float
    peak_bytes: int
    bare_seconds: float
    parts: bool = False


@dataclass(frozen=True)
class OverviewPoint:
    """One step towards seeing all tables at a glance.

    :param what: in words.
    """

    what: str
    seconds: float


@dataclass(frozen=True)
class Report:
    """One run of the benchmark, or of a part of it."""

    day: str = ""
    cores: int = 0
    memory_bytes: int = 0
    versions: dict[str, str] = field(default_factory=dict)
    cases: dict[str, CaseResult] = field(default_factory=dict)
    memory: list[MemoryPoint] = field(default_factory=list)
    stages: dict[str, dict[str, float]] = field(default_factory=dict)
    latency: dict[str, list[float]] = field(default_factory=dict)
    parse: list[ParsePoint] = field(default_factory=list)
    tables: list[TablesPoint] = field(default_factory=list)
    sets: dict[str, SetsResult] = field(default_factory=dict)
    strange: list[StrangePoint] = field(default_factory=list)
    overview: list[OverviewPoint] = field(default_factory=list)
    parquet: CaseResult | None = None
    broken: dict[str, dict[str, str]] = field(default_factory=dict)

    def cost(self, case: str, path: str) -> float | None:
        """What a case costs a path more than ``large``, as a share; ``None`` if not measured."""
        one, two = self.cases.get("large"), self.cases.get(case)
        if not one or not two or not {path} <= one.paths.keys() & two.paths.keys():
            return None
        return one.paths[path].speed_beside(two.paths[path]) - 1

    def with_parts_of(self, later: Report) -> Report:
        """This report, with what the later one has in place of its own."""
        parts = {f.name: getattr(later, f.name) for f in fields(later) if getattr(later, f.name)}
        for name in ("cases", "stages", "versions"):
            parts[name] = getattr(self, name) | getattr(later, name)
        parts["cases"] = {name: parts["cases"][name] for name in CASES if name in parts["cases"]}
        return replace(self, **parts)


_JSON = TypeAdapter(Report)


def of_this_machine() -> Report:
    """A report with nothing measured yet."""
    versions = {"python": platform.python_version()}
    versions |= {name: importlib.metadata.version(name) for name in _VERSIONS}
    for info in importlib.metadata.distributions(name="dlt", path=[str(path) for path in _DLT]):
        versions["dlt"] = info.version
    return Report(
        day=datetime.now(UTC).date().isoformat(),
        cores=os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        versions=versions,
    )


def read(path: Path) -> Report:
    """Read a report."""
    return _JSON.validate_json(path.read_bytes())


def write(report: Report, path: Path) -> None:
    """Write a report."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_JSON.dump_json(report, indent=1) + b"\n")
