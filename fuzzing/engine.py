"""The engine's reading of a file that was inspected, held against the model."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from unittest.mock import patch

import duckdb

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.reading import csv as reader_module
from airflow_landing_loader.loading.reading.filesystem import PROTOCOL
from airflow_landing_loader.loading.reading.records import GATHERED, RecordReader
from airflow_landing_loader.loading.reading.rejects import Reject
from airflow_landing_loader.storage.zone import Zone
from fuzzing.model.csv_text import Row
from fuzzing.model.data_file import Judgement

_Values = tuple[str | int | None, ...]


@cache
def connection() -> duckdb.DuckDBPyConnection:
    """The one engine of this process, in memory."""
    return duckdb.connect(config={"threads": 1})


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a file is read.

    :param line_limit: bytes of a line that the engine expects; so small that small files fill
        several of its buffers.
    :param together: as one of several deliveries that are read by one statement, where the loader
        would do so.
    """

    line_limit: int
    together: bool


@contextmanager
def _lines_of(size: int) -> Iterator[None]:
    with patch.object(reader_module, "_DEFAULT_LINE_LIMIT", size):
        yield


def check_engine(validated: Validated, zone: Zone, judged: Judgement, reading: Reading) -> None:
    """Read a file as the loader does.

    :param validated: the file, inspected and found good.
    :param zone: where it lies.
    :param judged: what it holds.
    :raises AssertionError: the engine finds other records, other cells or other rejects.
    """
    con = connection()
    if con.filesystem_is_registered(PROTOCOL):
        con.unregister_filesystem(PROTOCOL)
    reader = RecordReader(con, zone)
    csv = validated.delivery.mapping.csv
    together = reading.together and not judged.ragged and not csv.row_number
    check = _check_together if together else _check_alone
    with _lines_of(reading.line_limit):
        check(con, reader, validated, judged)


def _check_together(
    con: duckdb.DuckDBPyConnection, reader: RecordReader, validated: Validated, judged: Judgement
) -> None:
    reader.gather([(validated, "first"), (validated, "second")])
    columns = _columns(judged)
    for load_id in ("first", "second"):
        found = con.execute(
            f"SELECT {columns} FROM {GATHERED} WHERE batch_load_id = ?", [load_id]
        ).fetchall()
        _same(found, [_cells(validated, judged, row) for row in judged.records])


def _check_alone(
    con: duckdb.DuckDBPyConnection, reader: RecordReader, validated: Validated, judged: Judgement
) -> None:
    counted, ragged = len(judged.records), len(judged.ragged)
    try:
        read, rejects = reader.set_aside(validated, ())
    except TerminalError as error:
        too_many = ragged > validated.delivery.mapping.max_rejected * counted or ragged == counted
        assert (error.code, too_many) == (ErrorCode.CSV_TOO_MANY_REJECTED, True), error
        return
    numbered = validated.delivery.mapping.csv.row_number
    columns = f"{_columns(judged)}{', record_number' if numbered else ''}"
    expected = [
        _cells(validated, judged, row) + ((number,) if numbered else ())
        for number, row in enumerate(judged.records, start=1)
        if row not in judged.ragged
    ]
    _same(con.execute(f"SELECT {columns} FROM {read}").fetchall(), expected)
    _check_rejects(rejects, judged)


def _check_rejects(rejects: tuple[Reject, ...], judged: Judgement) -> None:
    end = judged.kind or b"\n"
    ends = r"\r\n|\r|\n" if end == b"mixed" else end.decode()
    assert [(reject.record, reject.line, reject.text) for reject in rejects] == [
        (number, row.line, re.sub(rf"(?:{ends})\Z", "", judged.text[row.start : row.stop].decode()))
        for number, row in enumerate(judged.records, start=1)
        if row in judged.ragged
    ], "other records are set aside"


def _columns(judged: Judgement) -> str:
    return ", ".join(f"c{index}" for index in range(judged.columns))


def _cells(validated: Validated, judged: Judgement, row: Row) -> _Values:
    return judged.cells(row, validated.delivery.mapping.csv.null_values)


def _same(found: list[_Values], expected: list[_Values]) -> None:
    assert len(found) == len(expected), f"{len(found)} records of {len(expected)} are read"
    assert sorted(found, key=repr) == sorted(expected, key=repr), "other cells are read"
