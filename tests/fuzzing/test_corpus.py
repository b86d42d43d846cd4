"""The kept inputs break no promise, and do break those of code that is made wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

import pytest

from fuzzing.campaign import KEPT
from fuzzing.targets import NAMES, Target, load

MAX_FILES = 55 * len(NAMES)
MAX_BYTES = 2048


def inputs(target: str) -> list[Path]:
    return sorted((KEPT / target).iterdir())


@pytest.mark.parametrize("target", NAMES)
def test_no_kept_input_breaks_a_promise(target: str) -> None:
    found = inputs(target)
    assert len(found) >= 10
    for path in found:
        try:
            load(target).run(path.read_bytes())
        except Exception as error:
            pytest.fail(f"{path}: {type(error).__name__}: {error}")


def test_the_corpus_is_small() -> None:
    found = [path for target in NAMES for path in inputs(target)]
    assert len(found) <= MAX_FILES
    assert max(path.stat().st_size for path in found) <= MAX_BYTES
    assert {path.name for path in KEPT.iterdir()} == set(NAMES)


@dataclass(frozen=True)
class Sabotage:
    """Code that is made wrong.

    :param place: a name in one of the package's modules.
    :param wrong: what stands there then, made of what stood there.
    """

    target: str
    place: str
    wrong: Callable[[Any], Any]


def _without_last(count: Any) -> Any:
    return lambda self, batch, rows, *where: count(
        self, batch, rows.before(max(len(rows) - 1, 0)), *where
    )


def _one_more(read: Any) -> Any:
    def read_more(*args: Any, **keys: Any) -> Any:
        found = read(*args, **keys)
        return replace(found, expected_records=found.expected_records + 1)

    return read_more


def _without_signs(numbers: Any) -> Any:
    return lambda cells, form: replace(numbers(cells, form), negative=None)


def _wide(numbers: Any) -> Any:
    """As if bytes above nine were digits."""

    def all_good(cells: Any, form: Any) -> Any:
        found = numbers(cells, form)
        return replace(found, good=found.good | True)

    return all_good


SABOTAGES = {
    "negative numbers are added": Sabotage(
        "totals", "landing.formats.csv.totals.digits.numbers", _without_signs
    ),
    "what is no number is added": Sabotage(
        "totals", "landing.formats.csv.totals.digits.numbers", _wide
    ),
    "a cell that means NULL counts": Sabotage(
        "totals",
        "landing.formats.csv.totals.counting.null_texts",
        lambda texts: lambda csv: texts(csv)[:1],
    ),
    "the last record is not counted": Sabotage(
        "records", "landing.formats.csv.counter.Tally._count", _without_last
    ),
    "the engine takes quoted empty texts for NULL": Sabotage(
        "records",
        "loading.reading.csv.ReadOptions.read_csv",
        lambda read: (
            lambda *args, **keys: read(*args, **keys).replace(
                "allow_quoted_nulls=false", "allow_quoted_nulls=true"
            )
        ),
    ),
    "the engine drops a byte order mark that is text": Sabotage(
        "records", "loading.reading.csv.MARK", lambda _: b""
    ),
    "lines are counted from 0": Sabotage(
        "records",
        "landing.formats.csv.rows.Rows.line",
        lambda line: lambda self, index: line(self, index) - 1,
    ),
    "a header in another order is left out": Sabotage(
        "names", "landing.formats.csv.counter.Tally._require_order", lambda _: lambda *_: None
    ),
    "a promised header is any header": Sabotage(
        "names", "landing.formats.csv.counter.check_header", lambda _: lambda *_, **__: None
    ),
    "names given by their places are never held against a header": Sabotage(
        "names", "landing.formats.csv.counter.check_places", lambda _: lambda *_, **__: None
    ),
    "the trailer is a record": Sabotage(
        "trailers",
        "landing.formats.csv.counter.Tally._hold_back",
        lambda _: lambda self, batch, rows: rows,
    ),
    "backslash sequences stay as they are": Sabotage(
        "writings",
        "landing.formats.csv.plain_rows.PlainRows._translate",
        lambda _: lambda self, draft, form: None,
    ),
    "a quote within a comment opens a field": Sabotage(
        "writings", "landing.formats.csv.plain_form._comment_lines", lambda _: lambda *_: []
    ),
    "a comment in the footer tells it from data": Sabotage(
        "ends",
        "landing.formats.csv.ends.below.LinesBelow._may_stand_anywhere",
        lambda _: lambda self, text: False,
    ),
    "a comment that speaks of the end of the data is that": Sabotage(
        "ends", "landing.formats.csv.ends.ending.Ending._is_remark", lambda _: lambda *_: False
    ),
    "the trailer promises one record more": Sabotage(
        "trailers", "landing.formats.csv.counter.read_trailer", _one_more
    ),
    "the go file promises one record more": Sabotage(
        "go_files",
        "landing.control.go_file.values._number",
        lambda number: lambda *args: number(*args) + 1,
    ),
    "any status is good": Sabotage(
        "go_files",
        "landing.control.go_file.values._good_status",
        lambda _: lambda found, hand: found.text,
    ),
    "the last file of a list is left out": Sabotage(
        "go_lists",
        "landing.control.go_file.listing.files_named",
        lambda named: lambda *args: named(*args)[:-1],
    ),
    "what stands beside any name counts for all": Sabotage(
        "go_lists",
        "landing.control.go_file.json._Beside._all_at",
        lambda found: lambda self, path: (0, {(): [*chain(*found(self, path)[1].values())]}),
    ),
    "a name is also found in another case": Sabotage(
        "go_lists",
        "landing.control.go_file.at_hand.ByName.of",
        lambda _: (
            lambda self, delivery: [
                entry
                for name, group in self._entries.items()
                for entry in group
                if name.lower() == delivery.data.name.lower()
            ]
        ),
    ),
    "letters of any kind may stand in a name": Sabotage(
        "headers", "loading.columns.names._is_allowed", lambda _: str.isprintable
    ),
    "names may be longer": Sabotage(
        "headers", "loading.columns.names.MAX_LENGTH", lambda _: 10_000
    ),
    "overlapping patterns are not seen": Sabotage(
        "mappings", "config.mapping.checks.pattern_findings", lambda _: lambda *_: []
    ),
    "errors point behind their line": Sabotage(
        "mappings",
        "config.yaml.parser._place",
        lambda place: lambda event: replace(place(event), column=place(event).column + 100),
    ),
}


@pytest.mark.parametrize("name", SABOTAGES)
def test_code_that_is_made_wrong_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sabotage = SABOTAGES[name]
    target, contents = load(sabotage.target), [p.read_bytes() for p in inputs(sabotage.target)]
    place = f"airflow_landing_loader.{sabotage.place}"
    monkeypatch.setattr(place, sabotage.wrong(resolve_name(place)))
    assert any(breaks_a_promise(target, content) for content in contents)


def breaks_a_promise(target: Target, content: bytes) -> bool:
    try:
        target.run(content)
    except AssertionError:
        return True
    return False
