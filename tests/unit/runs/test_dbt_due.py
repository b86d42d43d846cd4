"""When dbt may run: a failed attempt is not repeated at once, and nobody asks without need."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.runs.dbt_due import NEVER, Wake, due_tables, may_be_due
from airflow_landing_loader.runs.holdback import LONG_PAUSE

NOW = 1_700_000_000.0


def due(table: str = "raw_a", failed_ago: float | None = None) -> DbtDue:
    at = None
    if failed_ago is not None:
        at = datetime.fromtimestamp(NOW - failed_ago, UTC).replace(tzinfo=None)
    return DbtDue(table=table, sequence=4, last_attempt=at)


class Core:
    """A stand-in for the pipeline whose warehouse gives these answers, one after the other."""

    def __init__(self, *answers: Any) -> None:
        self.asked: list[list[str]] = []
        self._answers = iter(answers)
        self.mappings = tuple(SimpleNamespace(table=t) for t in ("raw_b", "raw_a", "raw_b"))
        self.warehouse = SimpleNamespace(dbt_due=self._due)

    def _due(self, tables: list[str]) -> Any:
        self.asked.append(tables)
        answer = next(self._answers)
        if isinstance(answer, Exception):
            raise answer
        return answer


def test_a_fresh_failure_waits_ten_minutes_and_an_older_one_does_not() -> None:
    core: Any = Core((due("raw_a", 600), due("raw_b", 599), due("raw_c")))
    tables = due_tables(core, NOW)
    assert [entry.table for entry in tables.now] == ["raw_a", "raw_c"]
    assert [entry.table for entry in tables.later] == ["raw_b"]
    assert tables.not_before == datetime.fromtimestamp(NOW + 1, UTC)
    assert core.asked == [["raw_a", "raw_b"]]


def test_all_together_wait_for_the_last_failure() -> None:
    core: Any = Core((due("raw_a", 10), due("raw_b", 5), due("raw_c")))
    assert due_tables(core, NOW).not_before == datetime.fromtimestamp(NOW + 595, UTC)


def test_nothing_holds_back_what_never_failed() -> None:
    core: Any = Core((due(),), ())
    assert due_tables(core, NOW).not_before is None
    assert due_tables(core, NOW).now == ()


@pytest.mark.parametrize(
    ("loaded", "lanes", "ask"),
    [
        ((), None, False),  # nothing came
        ((), [["a.csv"]], False),  # nothing of it was new
        ((), [], True),  # the sensor woke for dbt
        (("x",), [["a.csv"]], True),
        (("x",), None, True),  # by hand, without a sensor
    ],
)
def test_a_run_without_loads_asks_no_database(loaded: Any, lanes: Any, ask: bool) -> None:
    assert may_be_due(loaded, lanes) is ask


class TestWake:
    def test_what_is_due_now_wakes_at_once(self) -> None:
        wake = Wake().asked_again(Core((due("raw_a", 10), due("raw_b"))), NOW)  # type: ignore[arg-type]
        assert wake.is_due(NOW)

    def test_after_a_failure_it_wakes_in_time_and_asks_again_then(self) -> None:
        core: Any = Core((due(failed_ago=100),), (due(failed_ago=0),))
        wake = Wake().asked_again(core, NOW)
        assert (wake.at, wake.is_due(NOW)) == (NOW + 500, False)
        assert wake.asked_again(core, NOW + 499) == wake
        assert len(core.asked) == 1
        assert wake.is_due(NOW + 500)
        assert wake.asked_again(core, NOW + 500).at == NOW + LONG_PAUSE  # another run was faster

    def test_nothing_due_is_not_asked_again(self) -> None:
        core: Any = Core(())
        wake = Wake().asked_again(core, NOW)
        assert wake == NEVER
        assert wake.asked_again(core, NOW + 1e6) == NEVER
        assert len(core.asked) == 1

    def test_a_busy_warehouse_is_asked_again_in_ten_minutes(self) -> None:
        error = TransientError(ErrorCode.WAREHOUSE_LOCKED, "held by x")
        core: Any = Core(error, (due(),))
        wake = Wake().asked_again(core, NOW)
        assert (wake.at, wake.trouble, wake.is_due(NOW)) == (NOW + LONG_PAUSE, error, False)
        again = wake.asked_again(core, NOW + 1)
        assert (again.at, again.trouble) == (wake.at, None)  # told once
        assert again.asked_again(core, NOW + LONG_PAUSE).is_due(NOW + LONG_PAUSE)

    def test_where_dbt_does_not_run_nobody_asks(self) -> None:
        core: Any = Core()
        assert not NEVER.asked_again(core, NOW).is_due(NOW)
        assert core.asked == []
