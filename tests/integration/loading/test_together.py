"""Small files that are read as one text: each record stays with its own file."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.discovery.discover import find_delivery
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.reading import records
from airflow_landing_loader.loading.reading.csv import RecordsSource
from airflow_landing_loader.loading.reading.gathered import GatheredText, gather
from airflow_landing_loader.loading.reading.records import GATHERED, RecordReader
from airflow_landing_loader.pipeline.validation import validate
from airflow_landing_loader.storage.local.zone import LocalZone

CELLS = st.text(st.sampled_from("ab0 \"'\n,;é\ufeff"), max_size=4)
Rows = list[list[str]]


def tables_of(columns: int) -> st.SearchStrategy[list[tuple[Rows, bool]]]:
    """The files of a batch: header and records, and whether a line end is at the end."""
    header = [f"n{number}" for number in range(columns)]
    records = st.lists(st.lists(CELLS, min_size=columns, max_size=columns), max_size=4)
    return st.lists(
        st.tuples(records.map(lambda rows: [header, *rows]), st.booleans()), min_size=2, max_size=5
    )


FILES = st.integers(1, 3).flatmap(tables_of)


def write(
    folder: Path, number: int, rows: Rows, csv: dict[str, str], end: str, *, ended: bool = True
) -> str:
    """Write a file of quoted cells; its name."""
    quote = csv["quote"]
    text = end.join(
        csv["delimiter"].join(f"{quote}{c.replace(quote, quote * 2)}{quote}" for c in row)
        for row in rows
    )
    name = f"f{number}.csv"
    (folder / name).write_text(text + (end if ended else ""), encoding="utf-8", newline="")
    return name


def validated(folder: Path, name: str, csv: dict[str, str]) -> Validated:
    mapping = TableMapping.model_validate(
        {"pattern": "f*.csv", "table": "t", "settle_seconds": 0, "csv": csv}
    )
    zone = LocalZone(str(folder))
    return validate(zone, find_delivery(zone, [mapping], name), now=time.time() + 3600)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    files=FILES,
    csv=st.sampled_from(
        [
            {"delimiter": ",", "quote": '"'},
            {"delimiter": "a", "quote": "'"},
            {"delimiter": "0", "quote": "b"},
            {"delimiter": ";;", "quote": '"'},
        ]
    ),
    end=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_rows_are_those_of_each_file_read_alone(
    files: list[tuple[Rows, bool]],
    csv: dict[str, str],
    end: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("landing")
    names = [write(folder, i, rows, csv, end, ended=e) for i, (rows, e) in enumerate(files)]
    found = [validated(folder, name, csv) for name in names]
    # A group has one line end; a lone header without one has none of its own.
    batch = [v for v in found if v.inspection.line_end == found[0].inspection.line_end]
    width = len(files[0][0][0])
    con = duckdb.connect()
    reader = RecordReader(con, LocalZone(str(folder)))
    reader.gather([(v, v.delivery.data.name) for v in batch])
    columns = ", ".join(f"c{i}" for i in range(width))
    for item in batch:
        rows_from, _ = reader.set_aside(item, ())
        alone = con.execute(f"SELECT {columns} FROM {rows_from}").fetchall()
        query = f"SELECT {columns} FROM {GATHERED} WHERE batch_load_id = ?"
        together = con.execute(query, [item.delivery.data.name]).fetchall()
        assert sorted(together, key=repr) == sorted(alone, key=repr)


@pytest.fixture
def batch(tmp_path: Path) -> list[tuple[Validated, str]]:
    """Three files of two records each."""
    csv = {"delimiter": ",", "quote": '"'}
    rows = [[["1", "a"], ["2", "b"]], [["3", "c"], ["4", "d"]], [["5", "e"], ["6", "f"]]]
    header = ["id", "x"]
    names = [write(tmp_path, i, [header, *r], csv, "\n") for i, r in enumerate(rows)]
    return [(validated(tmp_path, name, csv), f"load {name}") for name in names]


RECORD = {number: f'"{number}","{"abcdef"[number - 1]}"\n'.encode() for number in range(1, 7)}


@pytest.mark.parametrize(
    ("change", "file"),
    [
        (lambda text: text.replace(RECORD[4], b""), "f1.csv"),
        (lambda text: text.replace(RECORD[6], b""), "f2.csv"),
        # The sum is right.
        (lambda text: text.replace(RECORD[2], b"").replace(RECORD[3], RECORD[2] * 2), "f0.csv"),
        (lambda text: RECORD[1] + text, "f2.csv"),
    ],
    ids=["one missing", "the last missing", "one from its neighbour", "before the first mark"],
)
def test_a_record_that_is_not_where_it_was_counted_is_seen(
    batch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Any, file: str
) -> None:
    def changed(sources: list[RecordsSource]) -> GatheredText:
        text = gather(sources)
        return replace(text, content=change(text.content))

    monkeypatch.setattr(records, "gather", changed)
    with pytest.raises(TerminalError) as raised:
        RecordReader(duckdb.connect(), LocalZone(str(tmp_path))).gather(batch)
    assert raised.value.code == ErrorCode.LOAD_READER_DISAGREES
    assert raised.value.detail.file == file


def test_files_that_change_places_are_seen(
    batch: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have as many records: only the marks tell."""

    def changed(sources: list[RecordsSource]) -> GatheredText:
        text = gather(sources)
        first, second = (mark.encode() for mark in text.marks[:2])
        swapped = text.content.replace(first, b"?").replace(second, first).replace(b"?", second)
        return replace(text, content=swapped)

    monkeypatch.setattr(records, "gather", changed)
    with pytest.raises(TerminalError, match="counted"):
        RecordReader(duckdb.connect(), LocalZone(str(tmp_path))).gather(batch)


def test_a_batch_that_cannot_be_read_together_is_loaded_file_by_file(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changed(sources: list[RecordsSource]) -> GatheredText:
        text = gather(sources)
        return replace(text, content=text.content + b"x,y\n")

    monkeypatch.setattr(records, "gather", changed)
    world.map()
    for number in range(3):
        world.deliver(f"a_{number}.csv", f"id,x\n{number},a\n")
    assert {o.status for o in world.run().values()} == {"loaded"}
    with world.database() as con:
        assert con.execute("SELECT count(*), count(DISTINCT _load_id) FROM raw_a").fetchall() == [
            (3, 3)
        ]
