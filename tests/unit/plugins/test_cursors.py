"""Cursors: what comes back is what went out, or is refused."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.plugins.api.cursors import LogCursor, TimeCursor
from airflow_landing_loader.plugins.api.problems import ProblemError


@given(st.datetimes(timezones=st.just(UTC)), st.integers(1, 10_000))
def test_a_time_comes_back(before: datetime, skip: int) -> None:
    cursor = TimeCursor(before, skip)
    assert TimeCursor.read(cursor.text()) == cursor


@given(st.integers(0, 100_000), st.integers(0, 2_000_000))
def test_a_place_in_logs_comes_back(log: int, line: int) -> None:
    cursor = LogCursor(log, line)
    assert LogCursor.read(cursor.text()) == cursor


@given(st.text(max_size=60))
@pytest.mark.parametrize("kind", [TimeCursor, LogCursor])
def test_any_other_text_is_refused_or_read(kind: type[TimeCursor | LogCursor], text: str) -> None:
    problem = None
    try:
        kind.read(text)
    except ProblemError as refusal:
        problem = refusal
    assert problem is None or problem.status == HTTPStatus.UNPROCESSABLE_ENTITY


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        (TimeCursor, "2026-11-30T00:00:00 1"),
        (TimeCursor, "2026-11-30T00:00:00+00:00 0"),
        (TimeCursor, "2026-11-30T00:00:00+00:00 -1"),
        (TimeCursor, "2026-11-30T00:00:00+00:00 99999999999999999999"),
        (TimeCursor, "1 2 3"),
        (LogCursor, "-1 0"),
        (LogCursor, "0 -1"),
        (LogCursor, "0"),
        (LogCursor, "99999999999999999999 0"),
        (LogCursor, "1e3 0"),
    ],
)
def test_what_no_page_ends_with_is_refused(
    kind: type[TimeCursor | LogCursor], content: str
) -> None:
    with pytest.raises(ProblemError, match="none of ours"):
        kind.read(urlsafe_b64encode(content.encode()).decode())
