"""Totals of columns: whatever a file holds, they are those of its cells, or the first is told that
is no number."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from airflow_landing_loader.config.mapping.column_names import same
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.numbers import Numbers
from airflow_landing_loader.config.mapping.totals import KINDS, TotalKind
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, TerminalError
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from fuzzing.choices import Choices
from fuzzing.inspected import blocks_of, check_inspection
from fuzzing.memory import MemoryZone
from fuzzing.model.data_file import Judgement
from fuzzing.model.ends import UnsureError
from fuzzing.model.totals import Cell, total, wrong_cells
from fuzzing.targets.data_files import TOKENS as TEXTS
from fuzzing.targets.data_files import WRITINGS, data_file

_NUMBERS = (
    b"1", b"23", b"-", b"+", b".", b",", b"(", b")", b"0.5", b"1.234,5", b"1,234.5", b"-7", b"(8)",
    b"9-", b"1 234", "1\u00a0234".encode(), b"12345678", b"1234567890123456789", b"e5", b"NULL",
    "\u0663".encode(), b" ", b"'", b"x1", b"00", b";", b"\n", b"\r\n", b'"1"', b'"-2"', b'="3"',
    b"\\N", b"1,2\n", b"3.5,x\n", b'"4,5"\n',
)  # fmt: skip
TOKENS = (*TEXTS, *_NUMBERS)
"""Pieces of text that mean something to the code."""

_FORMS: tuple[dict[str, Any], ...] = (
    {},
    {"decimal": ",", "group": "."},
    {"group": ",", "negative": "parentheses"},
    {"negative": "trailing_minus", "group": "\u00a0"},
    {"decimal": ",", "group": " "},
    {"group": "'", "negative": "parentheses"},
)
_WANTED: tuple[tuple[TotalKind, ...], ...] = (
    ("sum",), ("min", "max"), ("hash_total",), ("distinct",), KINDS, ("sum", "hash_total"),
)  # fmt: skip


def run(data: bytes) -> None:
    """Inspect a file, and add up one of its columns."""
    choices = Choices(data)
    numbers, wanted = choices.pick(_FORMS), choices.pick(_WANTED)
    at, alone = choices.pick((0, 1, 2)), choices.pick((False, True))
    made = data_file(choices, writings=WRITINGS, tokens=_NUMBERS if alone else TOKENS)
    mapping = made.mapping.model_copy(update={"numbers": Numbers(**numbers)})
    zone = MemoryZone({made.name: made.delivered})
    source = zone.source(zone.file(made.name))
    with blocks_of(made.block), suppress(UnsureError):
        found, judged = check_inspection(source, made.content, made.mapping)
        if found is None or not found.columns:
            return
        at = min(at, len(found.columns) - 1)
        name = found.columns[at]
        alike = [other for other in found.columns if same(other) == same(name)]
        if not name or len(alike) > 1 or name.casefold() != name:
            return
        _check(source, mapping, (name, at), wanted, judged)


def _check(
    source: Any,
    mapping: TableMapping,
    column: tuple[str, int],
    wanted: tuple[TotalKind, ...],
    judged: Judgement,
) -> None:
    name, at = column
    assert mapping.numbers is not None
    cells = _cells(judged, at, mapping.csv.null_values)
    wrong = wrong_cells([(kind, cells) for kind in wanted], mapping.numbers)
    try:
        found = inspect(source, mapping, totals=[(name, kind) for kind in wanted])
    except TerminalError as error:
        assert wrong, f"refused: {error}"
        if error.code is ErrorCode.FILE_BINARY:  # what it looks like, once it is refused
            return
        assert error.code is ErrorCode.TOTALS_NOT_A_NUMBER, error
        row = judged.records[wrong[0]]
        said = (error.detail.record, error.detail.line, error.detail.column)
        told = ErrorDetail(code=error.code, message="", column=name).column
        assert said == (wrong[0] + 1, row.line, told), f"{said}, not {row}"
        return
    assert not wrong, f"record {wrong[0] + 1} is no number, and was added"
    for each in found.totals:
        right = total(each.kind, cells, mapping.numbers)
        assert each.value == right, f"{each.kind} is {each.value}, not {right}"


def _cells(judged: Judgement, at: int, nulls: tuple[str, ...]) -> list[Cell]:
    """The cells of a column; nothing where a record has none, or is a header."""
    found: list[Cell] = []
    for row in judged.records:
        cells = judged.cells(row, nulls)
        is_header = row in judged.ragged and len(cells) == judged.columns
        found.append(None if is_header or at >= len(cells) else cells[at])
    return found
