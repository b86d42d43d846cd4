"""Files that were left wait longer each time; others never."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from airflow_landing_loader.cli.loop import patience
from airflow_landing_loader.cli.loop.patience import LONGEST, Patience
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.pipeline.outcome import Outcome, Status
from airflow_landing_loader.storage.model import LandedFile

MAPPING = TableMapping(pattern="*.csv", table="raw")


def _delivery(name: str, token: str = "1") -> Delivery:
    data = LandedFile(name=name, path=f"/l/{name}", size=1, mtime_ns=0, token=token)
    return Delivery(mapping=MAPPING, data=data)


def _outcome(name: str, status: Status, code: str | None = None) -> Outcome:
    error = ErrorDetail(code=code, message="m", transient=True) if code else None
    return Outcome(name=name, table="raw", status=status, rows=0, rejected=0, uri="", error=error)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time pass."""
    now = [1000.0]
    monkeypatch.setattr(patience.time, "monotonic", lambda: now[0])

    def forward(seconds: float) -> None:
        now[0] += seconds

    return forward


def test_a_left_file_waits_twice_as_long_each_time(clock: Callable[[float], None]) -> None:
    waits, pauses = Patience(10), []
    a, b = _delivery("a.csv"), _delivery("b.csv")
    for _ in range(8):
        assert waits.offered((a, b)) == (a, b)
        waits.note(_outcome("a.csv", "left", "zone.unwritable"))
        waits.note(_outcome("b.csv", "loaded"))
        pause = 0.0
        while waits.offered((a, b)) == (b,):
            clock(5)
            pause += 5
        pauses.append(pause)
    assert pauses == [10, 20, 40, 80, 160, LONGEST, LONGEST, LONGEST]


def test_another_arrival_is_offered_at_once(clock: Callable[[float], None]) -> None:
    waits = Patience(10)
    waits.offered((_delivery("a.csv"),))
    waits.note(_outcome("a.csv", "left", "count.too_few"))
    assert waits.offered((_delivery("a.csv"),)) == ()
    again = _delivery("a.csv", token="2")
    assert waits.offered((again,)) == (again,)


def test_a_file_that_went_away_is_forgotten(clock: Callable[[float], None]) -> None:
    waits, a = Patience(10), _delivery("a.csv")
    waits.offered((a,))
    waits.note(_outcome("a.csv", "left", "count.too_few"))
    waits.offered(())
    assert waits.offered((a,)) == (a,)


def test_the_same_trouble_is_news_once(clock: Callable[[float], None]) -> None:
    waits, a = Patience(10), _delivery("a.csv")
    news = []
    for code in ("zone.unwritable", "zone.unwritable", "warehouse.locked", "warehouse.locked"):
        waits.offered((a,))
        news.append(waits.note(_outcome("a.csv", "left", code)))
        clock(LONGEST)
    assert news == [True, False, True, False]
    assert waits.note(_outcome("a.csv", "loaded"))
    assert waits.note(_outcome("a.csv", "left", "warehouse.locked"))
