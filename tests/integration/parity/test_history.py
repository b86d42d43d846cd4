"""The books' past is told alike by a question to the warehouse and by its plain definition."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import get_args

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support import worlds
from tests.support.emulators import running

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.history import DeliveryQuery, LoadQuery, Page, Trait
from airflow_landing_loader.loading.ledger.history import (
    causes_of,
    deliveries,
    deliveries_of,
    loads_of,
)
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.model import DeliveryOutcome, DeliveryRecord
from airflow_landing_loader.loading.summary import Summary
from airflow_landing_loader.loading.warehouses.duckdb import kept_summary
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

START = now()
TABLES = st.lists(st.sampled_from(["raw_a", "raw_b", "raw_none"]), unique=True).map(tuple)
TEXTS = st.sampled_from(["", "a_", "A_", "_2", "csv", "%", "'", "zz"])
TIMES = st.none() | st.integers(-5, 60).map(lambda s: START + timedelta(seconds=s))
LOADS = st.builds(
    LoadQuery,
    tables=TABLES,
    text=TEXTS,
    since=TIMES,
    until=TIMES,
    traits=st.lists(st.sampled_from(get_args(Trait)), unique=True, max_size=2).map(tuple),
    run=st.none() | st.just(("landing__raw_a", "r1")),
    before=st.none() | st.integers(1, 9),
    limit=st.integers(1, 5),
)
DELIVERIES = st.builds(
    DeliveryQuery,
    tables=TABLES,
    outcomes=st.lists(st.sampled_from(get_args(DeliveryOutcome)), unique=True, max_size=3).map(
        tuple
    ),
    text=TEXTS,
    code=st.none() | st.sampled_from(["csv.ragged", "x"]),
    limit=st.integers(1, 5),
)


@pytest.fixture(scope="module", params=worlds.WORLDS)
def past(
    request: pytest.FixtureRequest,
    emulator: running.BigQuery,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[worlds.Side]:
    """A world in which something of everything has happened."""
    folder = tmp_path_factory.mktemp("past") / "side"
    with (
        pytest.MonkeyPatch.context() as patch,
        worlds.WORLDS[request.param](emulator, folder, patch) as side,
    ):
        side.map(
            "a_*.csv",
            "raw_a",
            quality={"required": ["x"]},
            on_redelivery="replace",
            on_bad_row="reject",
            max_rejected=0.5,
        )
        side.map("b_*.csv", "raw_b")
        for name, content in (
            ("a_1.csv", "id,x\n1,a\n2,b\n"),
            ("a_2.csv", "id,x,venue\n1,,L\n2,b,M\n"),
            ("a_1.csv", "id,x\n1,a\n2\n3,c\n4,d\n"),
            ("b_1.csv", "id,x\n1,a\n"),
            ("b_%'.csv", "id,x\n1\n"),
            ("b_2.csv", "id,x\n1,a\n"),
        ):
            side.deliver(name, content)
            side.run()
        yield side


@settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=LOADS)
def test_loads(past: worlds.Side, query: LoadQuery) -> None:
    warehouse = past.pipeline.warehouse
    plain, found = loads_of(warehouse.summary(), query), warehouse.history.loads(query)
    assert (found.rows, found.more) == (plain.rows, plain.more)


@settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=DELIVERIES)
def test_deliveries(past: worlds.Side, query: DeliveryQuery) -> None:
    warehouse = past.pipeline.warehouse
    plain, found = deliveries_of(warehouse.summary(), query), warehouse.history.deliveries(query)
    assert (found.rows, found.more) == (plain.rows, plain.more)


@settings(
    deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(query=DELIVERIES)
def test_causes(past: worlds.Side, query: DeliveryQuery) -> None:
    warehouse = past.pipeline.warehouse
    assert warehouse.history.causes(query) == causes_of(warehouse.summary(), query)


def test_one_delivery(past: worlds.Side) -> None:
    history = past.pipeline.warehouse.history
    (record,) = history.deliveries(DeliveryQuery(tables=("raw_b",), text="%")).rows
    assert history.delivery(record.delivery_id) == record
    assert history.delivery("0" * 32) is None


def test_pages_follow_each_other_until_all_is_told(past: worlds.Side) -> None:
    history = past.pipeline.warehouse.history
    tables = ("raw_a", "raw_b")
    told, before = [], None
    while True:
        page = history.deliveries(DeliveryQuery(tables=tables, before=before, limit=2))
        told += page.rows
        if not page.more:
            break
        before = page.rows[-1].recorded_at, page.rows[-1].delivery_id
    assert len(told) == len({r.delivery_id for r in told}) == 6


def pages(
    tell: Callable[[DeliveryQuery], Page[DeliveryRecord]], limit: int
) -> list[DeliveryRecord]:
    """All deliveries, page after page."""
    told: list[DeliveryRecord] = []
    before = None
    while True:
        page = tell(DeliveryQuery(tables=("raw_a", "raw_b"), before=before, limit=limit))
        told += page.rows
        if not page.more:
            return told
        before = page.rows[-1].recorded_at, page.rows[-1].delivery_id


def refused(number: int, table: str, second: int) -> DeliveryRecord:
    return DeliveryRecord(
        delivery_id=f"{number * 7919 % 1009:04}-{number}",
        filename=f"{number * 31 % 101}.csv",
        table_name=table,
        outcome="failed",
        code="csv.ragged",
        message="m",
        load_id=None,
        landing_uri="/l",
        final_uri="/f",
        dag_id=None,
        run_id=None,
        recorded_at=START + timedelta(seconds=second),
        sha256=None,
    )


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(st.sampled_from(["raw_a", "raw_b"]), st.integers(0, 2)), max_size=40),
    limit=st.integers(1, 12),
)
def test_pages_of_any_books_tell_each_row_once(rows: list[tuple[str, int]], limit: int) -> None:
    books = Ledger(duckdb.connect())
    books.ensure_tables()
    records = [refused(number, *row) for number, row in enumerate(rows)]
    books.put_deliveries(records)
    newest = kept_summary.overview_of(books, kept_summary.KEPT)
    summary = Summary(overview=newest, counted_at=newest.as_of)
    asked = pages(lambda query: deliveries(books, query), limit)
    assert len(asked) == len(set(asked)) == len(records)
    assert pages(lambda query: deliveries_of(summary, query), limit) == asked


def test_pages_of_one_batch_tell_each_row_once(side: worlds.Side) -> None:
    """All that is refused in one batch has one time."""
    warehouse = side.pipeline.warehouse
    warehouse.record_deliveries([refused(number, "raw_a", 0) for number in range(40)])
    asked = pages(warehouse.history.deliveries, 10)
    assert len(asked) == len(set(asked)) == 40
    summary = warehouse.summary()
    assert pages(lambda query: deliveries_of(summary, query), 10) == asked


def test_one_load_with_all_that_is_known_of_it(past: worlds.Side) -> None:
    history = past.pipeline.warehouse.history
    (load,) = history.loads(LoadQuery(tables=("raw_a",), traits=("rejected",))).rows
    detail = history.load(load.load_id)
    assert detail is not None
    assert detail.load == load
    assert [(r.record, r.line, r.code) for r in detail.rejects] == [(2, 3, "csv.ragged")]
    assert [c.sender_name for c in detail.columns] == ["id", "x"]
    assert detail.delivery is not None
    assert detail.delivery.outcome == "loaded"
    assert history.load("0" * 32) is None


def test_while_a_writer_works_the_newest_are_told_at_once(tmp_path: Path) -> None:
    side = worlds.duckdb_side(tmp_path)
    side.map()
    side.deliver("a_1.csv", "id,x\n1,a\n")
    side.run()
    history = side.pipeline.warehouse.history
    with DatabaseLock(Path(side.settings.duckdb_path)).exclusive("counting beans", timeout=0):
        page = history.loads(LoadQuery(tables=("raw_a",)))
        (record,) = history.deliveries(DeliveryQuery(tables=("raw_a",))).rows
        assert history.delivery(record.delivery_id) == record
        assert [c.deliveries for c in history.causes(DeliveryQuery(tables=("raw_a",)))] == [1]
        with pytest.raises(TransientError) as caught:
            history.load(page.rows[0].load_id)
    assert "counting beans" in (page.busy_with or "")
    assert caught.value.code is ErrorCode.WAREHOUSE_LOCKED
