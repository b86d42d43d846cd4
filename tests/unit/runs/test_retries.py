"""How often, and after how long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.runs.retries import LONGEST_ASKED_FOR, Retry, RetryWaits
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.trouble import NETWORK, TIMEOUT, Trouble
from airflow_landing_loader.xcom import values

MANY = 100


def error(trouble: Trouble | None = None, *, transient: bool = True) -> ErrorDetail:
    return ErrorDetail(code="zone.unavailable", message="m", transient=transient, trouble=trouble)


def limited(after: float | None = None) -> ErrorDetail:
    return error(Trouble(kind="rate_limit", retry_after=after))


@pytest.fixture
def waits(settings: Callable[..., Settings]) -> RetryWaits:
    return RetryWaits.of(settings())


def all_waits(waits: RetryWaits, failed: ErrorDetail, limit: int = MANY) -> list[float]:
    """Of a task that fails so each time, until it is not tried again."""
    found: list[float] = []
    while retry := waits.next_retry([failed], len(found) + 1, limit):
        assert retry.number == len(found) + 1
        found.append(retry.wait)
        assert retry.of >= len(found)
    return found


@pytest.mark.parametrize(
    ("failed", "seconds"),
    [
        (error(NETWORK), [1, 2, 4, 8, 16]),
        (limited(), [60, 60, 60]),
        (limited(5.5), [5.5, 5.5, 5.5]),
        (limited(10.0**9), [LONGEST_ASKED_FOR] * 3),
        (error(TIMEOUT), [10, 20, 40]),
        (error(), [10, 20, 40, 80, 160, 300, 300, 300]),
        (error(NETWORK, transient=False), []),
        (error(transient=False), []),
    ],
)
def test_each_sort_of_trouble_has_its_waits(
    waits: RetryWaits, failed: ErrorDetail, seconds: list[float]
) -> None:
    assert all_waits(waits, failed) == seconds
    assert sum(all_waits(waits, error())) >= 15 * 60
    assert waits.most == 8


def test_the_retries_of_the_task_bound_them(waits: RetryWaits) -> None:
    assert all_waits(waits, error(NETWORK), limit=2) == [1, 2]
    assert all_waits(waits, error(NETWORK), limit=0) == []
    assert waits.next_retry([error(NETWORK)], 2, 2) == Retry(
        why="network", wait=2.0, number=2, of=2
    )


def test_of_several_errors_the_longest_wait_decides(waits: RetryWaits) -> None:
    several = [error(NETWORK), limited(30), error(transient=False)]
    retry = waits.next_retry(several, 1, MANY)
    assert retry is not None
    assert retry.text == "rate limit: retry 1 of 3 in 30 s"
    later = waits.next_retry(several, 4, MANY)
    assert later is not None
    assert later.text == "network: retry 4 of 5 in 8 s"
    assert waits.next_retry(several, 6, MANY) is None
    assert waits.next_retry([], 1, MANY) is None


@pytest.mark.parametrize(
    ("text", "seconds"), [("none", []), ("NONE", []), ("3", [3]), ("1, 2,4  8", [1, 2, 4, 8])]
)
def test_settings(settings: Callable[..., Settings], text: str, seconds: list[float]) -> None:
    waits = RetryWaits.of(settings(retry_waits_network=text))
    assert all_waits(waits, error(NETWORK)) == seconds
    assert len(all_waits(waits, error())) == 8


def test_trouble_travels_with_an_error() -> None:
    sent: dict[str, Any] = values.dump(limited(5))
    assert sent["trouble"] == {"kind": "rate_limit", "retry_after": 5.0}
    assert values.load(sent) == limited(5)
    del sent["trouble"]  # from before
    assert values.load(sent) == error()
