"""What is told when, and what a second time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_landing_loader.config.mapping.expectation import Expectation
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.loading.model import Arrivals, ArrivedLoad
from airflow_landing_loader.monitoring.expected import look
from airflow_landing_loader.monitoring.news import Told, news_of

MAPPING = TableMapping(
    pattern="a_*.csv",
    table="raw_a",
    expect=Expectation(by="07:00", until="09:00", rows={"min": 2}),
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2024-07-{text}").replace(tzinfo=UTC)


class Teller:
    """Whoever looks and tells, with books of its own."""

    def __init__(self) -> None:
        self.loads: list[ArrivedLoad] = []
        self.records: dict[str, Any] = {}
        self.told: tuple[Told, ...] = ()

    def arrivals(self, tables: Any, since: datetime, ended_since: datetime) -> Arrivals:
        watched = [("raw_a", "a_*.csv", min(self.records))] if self.records else []
        return Arrivals(
            as_of=self.now.replace(tzinfo=None),
            loads=tuple(self.loads),
            records=tuple(self.records.values()),
            watched=tuple(watched),
        )

    def came(self, moment: str, rows: int = 5) -> None:
        self.loads.append(
            ArrivedLoad(
                table_name="raw_a",
                filename=f"a_{len(self.loads)}.csv",
                load_id=str(len(self.loads)),
                at=at(moment).replace(tzinfo=None),
                row_count=rows,
                sequence=len(self.loads),
                removed_at=None,
            )
        )

    def tells(self, moment: str, *, forgets: bool = False) -> list[tuple[str, str]]:
        """Look at a time: day and outcome of what is told.

        :param forgets: it dies before it is known that it was told.
        """
        self.now = at(moment)
        found = look(self, [MAPPING], self.now, timedelta())
        self.records |= {record.day: record for record in found.news}
        news = news_of(found, self.told)
        if not forgets:
            self.told = news.told
        return [(r.day[-2:], r.outcome if r.mended_at is None else "mended") for r in news.records]


def test_late_then_missing_then_mended_each_once() -> None:
    teller = Teller()
    assert teller.tells("01T07:00:01") == [("01", "late")]
    assert teller.tells("01T08:00") == []
    assert teller.tells("01T09:00") == [("01", "missing")]
    assert teller.tells("01T09:00:01") == []
    teller.came("01T10:00")
    assert teller.tells("02T06:00") == [("01", "mended")]
    assert teller.tells("02T06:00") == []


def test_what_comes_in_time_is_not_told() -> None:
    teller = Teller()
    teller.came("01T06:30")
    for moment in ("01T07:00:01", "01T09:00"):
        assert teller.tells(moment) == []


def test_late_and_then_there_is_told_once() -> None:
    teller = Teller()
    assert teller.tells("01T07:30") == [("01", "late")]
    teller.came("01T08:00")
    assert teller.tells("01T09:00") == []


def test_too_small_is_wrong_at_the_deadline_and_at_the_end() -> None:
    teller = Teller()
    teller.came("01T06:30", rows=1)
    assert teller.tells("01T07:00:01") == [("01", "wrong")]
    assert teller.tells("01T09:00") == [("01", "wrong")]
    assert teller.tells("02T06:00") == []


def test_a_look_that_did_not_take_place_is_made_up_for() -> None:
    teller = Teller()
    teller.tells("01T06:00")
    teller.came("02T08:00")
    assert teller.tells("03T12:00") == [("01", "missing"), ("02", "late"), ("03", "missing")]


def test_what_somebody_else_has_written_is_told_all_the_same() -> None:
    teller = Teller()
    teller.tells("01T06:00")
    other = Teller()
    other.records = teller.records
    other.tells("01T09:00")
    teller.records = other.records
    assert teller.tells("01T09:01") == [("01", "missing")]


def test_who_dies_before_it_is_told_tells_again() -> None:
    teller = Teller()
    teller.tells("01T06:00")
    assert teller.tells("01T09:00", forgets=True) == [("01", "missing")]
    assert teller.tells("01T09:01") == [("01", "missing")]


def test_what_was_told_is_forgotten_after_a_week() -> None:
    teller = Teller()
    teller.tells("01T06:00")
    for day in range(1, 20):
        assert teller.tells(f"{day:02}T09:00") == [(f"{day:02}", "missing")]
        assert len(teller.told) <= 8
