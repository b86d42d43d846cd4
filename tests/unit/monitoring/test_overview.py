"""All tables at a glance: the worst first, each with what is wrong in words."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.mapping_set import MappingProblem, MappingSet
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.loading.model import ArrivalRecord, DbtDue, Overview
from airflow_landing_loader.loading.summary import (
    DriftColumn,
    LastLoad,
    Summary,
    TableSummary,
)
from airflow_landing_loader.monitoring.expected import Expected
from airflow_landing_loader.monitoring.landing import Landed, LandingPicture
from airflow_landing_loader.monitoring.outcomes import WindowState
from airflow_landing_loader.monitoring.overview import LandingOverview, overview
from airflow_landing_loader.monitoring.windows import Window

AT = datetime.fromisoformat("2024-01-15T07:00:00")
LAST = LastLoad(load_id="1", filename="a.csv", completed_at=AT, row_count=3)
DRIFT = DriftColumn(name="venue", loads=1, first_at=AT, last_at=AT)


def mapping(table: str) -> TableMapping:
    return TableMapping.model_validate({"pattern": f"{table}_*.csv", "table": table})


def incident(table: str, outcome: Any, mended: datetime | None = None) -> ArrivalRecord:
    return ArrivalRecord(
        table_name=table,
        pattern=f"{table}_*.csv",
        day="2024-01-15",
        opens_at=AT,
        due_at=AT,
        until_at=AT,
        outcome=outcome,
        reason="no file",
        file_count=0,
        row_count=0,
        arrived_at=None,
        mended_at=mended,
        recorded_at=AT,
    )


def overdue(table: str) -> tuple[TableMapping, WindowState]:
    at = AT.replace(tzinfo=UTC)
    window = Window(AT.date(), at, at, at + timedelta(hours=1))
    state = WindowState(
        window=window,
        standing="overdue",
        reason="no file",
        file_count=0,
        row_count=0,
        arrived_at=None,
        mended_at=None,
    )
    return mapping(table), state


def look(
    *tables: str,
    books: tuple[TableSummary, ...] = (),
    landed: dict[str, Landed] | None = None,
    records: tuple[ArrivalRecord, ...] = (),
    late: tuple[str, ...] = (),
    broken: tuple[str, ...] = (),
    dbt: tuple[DbtDue, ...] = (),
) -> LandingOverview:
    summary = Summary(
        overview=Overview(as_of=AT, loads=(), deliveries=(), dbt_due=dbt),
        tables=books,
        counted_at=AT,
    )
    problems = tuple(
        MappingProblem(
            detail=ErrorDetail(code="mapping.bad_value", message="bad"), table=t, path=Path("t")
        )
        for t in broken
    )
    return overview(
        summary,
        LandingPicture(as_of=AT, tables=landed or {}),
        Expected(as_of=AT, records=records, news=(), open=tuple(map(overdue, late))),
        MappingSet(tuple(map(mapping, tables)), problems),
    )


def loaded(table: str, **more: Any) -> TableSummary:
    return TableSummary(table=table, mark="", loads=1, rows=3, last_load=LAST, **more)


def test_the_worst_comes_first() -> None:
    found = look(
        "fine",
        "never",
        "drifts",
        "late",
        "fails_a",
        "fails_b",
        "misses",
        "refuses",
        "broken",
        books=(
            loaded("fine"),
            loaded("drifts", drift=(DRIFT,)),
            loaded("fails_a", open_failures=1),
            loaded("fails_b", open_failures=7),
        ),
        landed={"refuses": Landed(counts={"refused": 2})},
        records=(incident("misses", "missing"), incident("fine", "missing", mended=AT)),
        late=("late",),
        broken=("broken",),
    )
    assert [state.table for state in found.tables] == [
        *("broken", "fails_b", "fails_a", "misses", "late", "refuses"),
        *("drifts", "fine", "never"),
    ]
    assert found.levels() == {"bad": 6, "warning": 1, "good": 1, "idle": 1}
    assert found.problems() == {
        "mapping": 1,
        "failed": 2,
        "missing": 1,
        "late": 1,
        "refused": 1,
        "drift": 1,
    }


def test_one_table_tells_all_that_is_wrong_with_it() -> None:
    (state,) = look(
        "a",
        books=(loaded("a", open_failures=2, quality=99.5, drift=(DRIFT,) * 5),),
        landed={"a": Landed(counts={"refused": 1, "orphan": 2, "waiting": 9})},
        records=(incident("a", "missing"), incident("a", "wrong")),
        late=("a",),
        broken=("a",),
        dbt=(DbtDue(table="a", sequence=1, last_attempt=AT),),
    ).tables
    assert [problem.kind for problem in state.problems] == [
        *("mapping", "failed", "missing", "wrong", "late", "refused", "stuck", "dbt"),
        *("quality", "drift"),
    ]
    texts = {problem.kind: problem.text for problem in state.problems}
    assert texts["failed"] == "2 deliveries lie in failed."
    assert texts["quality"] == "0.50 % of the newest load's records break a rule."
    assert texts["drift"] == "In _extra: venue, venue, venue and 2 more."
    assert texts["late"] == "Late: no file."


@pytest.mark.parametrize(
    ("score", "share"), [(99.9999, "0.01"), (100 - 1e-9, "0.01"), (0.0, "100.00")]
)
def test_what_is_broken_is_never_told_as_less(score: float, share: str) -> None:
    (state,) = look("a", books=(loaded("a", quality=score),)).tables
    assert state.problems[0].text.startswith(f"{share} % of")


@pytest.mark.parametrize("mapped", [True, False])
def test_what_the_books_know_is_told_without_a_mapping_too(mapped: bool) -> None:
    (state,) = look(*(["a"] if mapped else []), books=(loaded("a"),)).tables
    assert (state.mapped, state.level, state.dag_id) == (mapped, "good", "landing__a")


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.booleans(), st.booleans()), max_size=12)
)
def test_no_table_vanishes_and_all_are_counted(
    tables: list[tuple[int, bool, bool, bool]],
) -> None:
    names = [f"t{i}" for i in range(len(tables))]
    found = look(
        *(n for n, t in zip(names, tables, strict=True) if t[1]),
        books=tuple(loaded(n, open_failures=t[0]) for n, t in zip(names, tables, strict=True)),
        late=tuple(n for n, t in zip(names, tables, strict=True) if t[2]),
        broken=tuple(n for n, t in zip(names, tables, strict=True) if t[3]),
    )
    assert sorted(state.table for state in found.tables) == sorted(names)
    assert found.levels() == {
        level: Counter(s.level for s in found.tables)[level]
        for level in ("bad", "warning", "good", "idle")
    }
    ranks = [("bad", "warning", "good", "idle").index(s.level) for s in found.tables]
    assert ranks == sorted(ranks)
