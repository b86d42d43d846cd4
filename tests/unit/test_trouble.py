"""What an answer of another machine says of when to ask again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from airflow_landing_loader.exceptions import explained
from airflow_landing_loader.trouble import (
    NETWORK,
    TIMEOUT,
    Trouble,
    retry_after,
    trouble_of_answer,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("7", 7.0), (" 0 ", 0.0), ("9" * 400, 999_999_999.0)],
)
def test_seconds(text: str, seconds: float) -> None:
    assert retry_after({"ReTry-AFTER": text}) == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "-1", "1e9", "٣", "nan", "Mon, 99 Foo 2024 00:00:00"),
        "Mon, 01 Jan 2024 00:00:00 +99999999999999999",
    ],
)
def test_rubbish_is_no_time(text: str) -> None:
    assert retry_after({"Retry-After": text}) is None
    assert retry_after({}) is None


def test_a_date_is_so_many_seconds_from_now() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    assert 3500 < (retry_after({"Retry-After": soon}) or 0) <= 3600
    assert retry_after({"Retry-After": "Mon, 15 Jan 2024 07:00:00 GMT"}) == 0
    assert retry_after({"Retry-After": "Mon, 15 Jan 2024 07:00:00 -0000"}) == 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (429, "rate_limit"),
        (408, "timeout"),
        (504, "timeout"),
        (500, "network"),
        (503, "network"),
        (200, None),
        (404, None),
        (None, None),
    ],
)
def test_answers(status: int | None, kind: str | None) -> None:
    found = trouble_of_answer(status, {"Retry-After": "3"})
    assert found == (None if kind is None else Trouble(kind=kind, retry_after=3.0))


def test_a_connection_of_our_own_that_breaks() -> None:
    assert explained(ConnectionResetError(104, "reset")).detail.trouble == NETWORK
    assert explained(TimeoutError(110, "timed out"), file="a.csv").detail.trouble == TIMEOUT
    assert explained(PermissionError(13, "denied")).detail.trouble is None
