"""Small files of many tables in one batch come out as if each had been loaded alone."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.loading.columns.drift import TableColumn
from airflow_landing_loader.loading.warehouses.duckdb import batch, warehouse
from airflow_landing_loader.loading.warehouses.duckdb.raw_table import Catalogue, columns_of
from airflow_landing_loader.loading.warehouses.duckdb.session import SessionOptions
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.settings import Settings

TABLES = ("raw_a", "raw_b", "other.raw_c", "raw_typed", "raw_view", "raw_fixed")
OWN = ("_load_id", "_extra")


@dataclass(frozen=True)
class File:
    """A delivery of one of the tables.

    :param header: sorts of the columns, which also says how many fields a record has.
    """

    table: int
    header: tuple[str, ...]
    records: tuple[tuple[str, ...], ...]
    line_end: str

    def text(self) -> str:
        """The file's content."""
        return "".join(",".join(r) + self.line_end for r in (self.header, *self.records))


CELL = st.sampled_from(["", "1", "2", "x", '"a,b"', '""'])
HEADERS = (("id", "x"), ("x", "id"), ("id", "x", "new"), ("id", "y"), ("id",))


@st.composite
def files(draw: st.DrawFn) -> File:
    header = draw(st.sampled_from(HEADERS))
    width = st.sampled_from([len(header)] * 5 + [len(header) + 1])
    record = width.flatmap(lambda n: st.tuples(*[CELL] * n))
    return File(
        table=draw(st.integers(0, len(TABLES) - 1)),
        header=header,
        records=tuple(draw(st.lists(record, max_size=4))),
        line_end=draw(st.sampled_from(["\n", "\r\n"])),
    )


def mappings() -> list[TableMapping]:
    """Tables of all kinds that a batch may hold, some of which reject bad records."""
    return [
        TableMapping.model_validate(
            {
                "pattern": f"t{number}_*.csv",
                "table": table,
                "settle_seconds": 0,
                "on_bad_row": "fail" if number == 1 else "reject",
                "max_rejected": 0.9,
                "on_redelivery": "replace" if number == 0 else "append",
                "csv": {"null_values": ["x"]} if table == "raw_fixed" else {},
            }
        )
        for number, table in enumerate(TABLES)
    ]


def load(folder: Path, made: Settings, found: Sequence[File], *, alone: bool) -> dict[str, Any]:
    """Load files, in one batch or one by one; everything that came of it, ids and times apart."""
    for zone in ("landing", "archive", "failed"):
        (folder / zone).mkdir(parents=True)
    changed = replace(
        made,
        landing_path=str(folder / "landing"),
        archive_path=str(folder / "archive"),
        failed_path=str(folder / "failed"),
        duckdb_path=str(folder / "w.duckdb"),
    )
    with duckdb.connect(str(folder / "w.duckdb")) as con:
        con.execute("CREATE TABLE raw_typed (id INTEGER, x VARCHAR)")
        con.execute("CREATE VIEW raw_view AS SELECT 'q' AS id")
        con.execute("CREATE TABLE raw_fixed (X VARCHAR DEFAULT 'd', id VARCHAR)")
    for number, file in enumerate(found):
        path = folder / "landing" / f"t{file.table}_{number:02d}.csv"
        path.write_text(file.text(), encoding="utf-8", newline="")
        os.utime(path, (1_000_000_000, 1_000_000_000))
    pipeline = Pipeline(changed, mappings())
    ready = pipeline.discover().ready
    if alone:
        outcomes = [outcome for item in ready for outcome in pipeline.run_batch([item])]
    else:
        outcomes = list(pipeline.run_batch(ready))
    told = {o.name: (o.status, o.error and o.error.code, o.rows) for o in outcomes}
    with duckdb.connect(str(folder / "w.duckdb"), read_only=True) as con:
        return told | {table: rows_of(con, table) for table in TABLES} | {"books": books(con)}


def rows_of(con: duckdb.DuckDBPyConnection, table: str) -> Any:
    """A table's columns, and its rows with the name of the file that each came from."""
    columns = columns_of(con, table) if table != "raw_view" else None
    if columns is None or all(column.name not in OWN for column in columns):
        return None
    rows = con.execute(
        f"SELECT filename, t.* EXCLUDE (_load_id) FROM {table} t"
        " JOIN load_metadata m ON t._load_id = m.load_id"
    ).fetchall()
    return columns, sorted(rows, key=repr)


def books(con: duckdb.DuckDBPyConnection) -> Any:
    """What our own tables say, ids and times apart."""
    queries = (
        "SELECT filename, table_name, row_count, rejected_count, drift_columns, missing_columns,"
        " removed_sequence IS NULL FROM load_metadata",
        "SELECT filename, outcome, code FROM load_deliveries",
        "SELECT filename, record, line, code, message, text FROM load_rejects",
        "SELECT filename, c.* EXCLUDE (load_id) FROM load_columns c JOIN load_metadata"
        " USING (load_id)",
    )
    return [sorted(con.execute(query).fetchall(), key=repr) for query in queries]


@hypothesis_settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(found=st.lists(files(), min_size=1, max_size=9))
def test_a_batch_of_many_tables_is_as_each_file_alone(
    found: list[File],
    settings: Callable[..., Settings],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder, made = tmp_path_factory.mktemp("batch"), settings(lock_timeout=20.0)
    together = load(folder / "together", made, found, alone=False)
    alone = load(folder / "alone", made, found, alone=True)
    assert together == alone


class Queries:
    """A connection that counts the questions about the catalogue."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.asked = 0
        self._con = con

    def execute(self, *arguments: Any) -> Any:
        self.asked += 1
        return self._con.execute(*arguments)


def test_the_catalogue_is_asked_once_for_all_tables() -> None:
    con = duckdb.connect()
    con.execute("CREATE SCHEMA s; CREATE TABLE T1 (a INT, b VARCHAR); CREATE TABLE s.t1 (c DATE)")
    counting: Any = Queries(con)
    catalogue = Catalogue(counting)
    catalogue.look_up(["t1", "s.T1", "none", "T1"])
    t1 = (TableColumn("a", "INTEGER"), TableColumn("b", "VARCHAR"))
    found = {table: catalogue.columns_of(table) for table in ("t1", "T1", "s.T1", "none")}
    assert found == {"t1": t1, "T1": t1, "s.T1": (TableColumn("c", "DATE"),), "none": None}
    assert counting.asked == 1


def test_a_batch_asks_the_catalogue_once_however_many_tables_it_has(
    settings: Callable[..., Settings], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[Queries] = []

    class Counted(Catalogue):
        def __init__(self, con: Any) -> None:
            questions.append(Queries(con))
            super().__init__(questions[-1])  # type: ignore[arg-type]

    monkeypatch.setattr(batch.raw_table, "Catalogue", Counted)
    purposes = noted_purposes(monkeypatch)
    made = settings()
    named = [f"t{number}" for number in range(12)]
    maps = [
        TableMapping.model_validate({"pattern": f"{t}_*.csv", "table": t, "settle_seconds": 0})
        for t in named
    ]
    for delivery in (1, 2):  # the first one makes the tables
        for table in named:
            (Path(made.landing_path) / f"{table}_{delivery}.csv").write_text(f"id\n{delivery}\n")
        pipeline = Pipeline(made, maps)
        outcomes = pipeline.run_batch(pipeline.discover().ready)
        assert [o.status for o in outcomes] == ["loaded"] * len(named)
    assert [counted.asked for counted in questions] == [1, 1]
    assert purposes == ["loading 12 files into 12 tables"] * 2


def noted_purposes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What those who wait for the database are told of its writers."""
    purposes: list[str] = []
    writing = warehouse.writing

    def noted(database: Path, options: SessionOptions, purpose: str) -> Any:
        purposes.append(purpose)
        return writing(database, options, purpose)

    monkeypatch.setattr(warehouse, "writing", noted)
    return purposes


def test_who_waits_is_told_what_is_loaded(
    settings: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    purposes, made = noted_purposes(monkeypatch), settings()
    one = {"pattern": "a_*.csv", "table": "raw_a", "settle_seconds": 0}
    pipeline = Pipeline(made, [TableMapping.model_validate(one)])
    for names in (["a_1.csv"], ["a_2.csv", "a_3.csv"]):
        for name in names:
            (Path(made.landing_path) / name).write_text(f"id\n{name}\n")
        pipeline.run_batch(pipeline.discover().ready)
    assert purposes == ["loading a_1.csv into raw_a", "loading 2 files into raw_a"]


@pytest.mark.parametrize("undone", [True, False])
def test_what_a_transaction_changed_is_forgotten_with_it(undone: bool) -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE old (a VARCHAR)")
    catalogue = Catalogue(con)
    catalogue.look_up(["old", "new"])
    con.execute("BEGIN; ALTER TABLE old ADD COLUMN b VARCHAR; CREATE TABLE new (c VARCHAR)")
    for table in ("old", "new"):
        catalogue.changed(table, columns_of(con, table) or ())
        assert catalogue.columns_of(table) == columns_of(con, table)
    if undone:
        con.execute("ROLLBACK")
        catalogue.undone()
    else:
        con.execute("COMMIT")
        catalogue.committed()
    for table in ("old", "new"):
        assert catalogue.columns_of(table) == columns_of(con, table)
