"""Windows: which days, which instants, also where clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.expectation import WEEKDAYS, Expectation
from airflow_landing_loader.exceptions import ConfigurationError
from airflow_landing_loader.monitoring.windows import Window, Windows, first_instant

ZONES = (
    "Europe/London",
    "America/New_York",
    "Australia/Lord_Howe",  # half an hour
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Pacific/Apia",  # a day that never was
    "America/Santiago",  # at midnight
    "UTC",
)
CHANGES = tuple(date(2023 + n // 365, 1, 1) + timedelta(days=n % 365) for n in range(0, 1460, 7))
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
days = st.dates(date(2010, 1, 2), date(2030, 12, 30)) | st.sampled_from(CHANGES)


def of(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def windows(**keys: object) -> Windows:
    return Windows(Expectation.model_validate({"by": "07:00", **keys}))


def plainly(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """The first minute at which a clock shows this time or a later one, by trying them all."""
    wanted = datetime.combine(day, clock)
    instant = wanted.replace(tzinfo=UTC) - timedelta(hours=15)
    while instant.astimezone(zone).replace(tzinfo=None) < wanted:
        instant += timedelta(minutes=1)
    return instant


@given(day=days, clock=clocks, zone=st.sampled_from(ZONES))
@example(day=date(2024, 3, 31), clock=time(1, 30), zone="Europe/London")
@example(day=date(2024, 10, 27), clock=time(1, 30), zone="Europe/London")
@example(day=date(2024, 3, 10), clock=time(2, 30), zone="America/New_York")
@example(day=date(2011, 12, 30), clock=time(12, 0), zone="Pacific/Apia")
@example(day=date(2024, 10, 6), clock=time(2, 10), zone="Australia/Lord_Howe")
@example(day=date(2024, 9, 8), clock=time(0, 0), zone="America/Santiago")
def test_a_time_of_a_day_is_the_first_instant_at_which_clocks_have_reached_it(
    day: date, clock: time, zone: str
) -> None:
    assert first_instant(day, clock, ZoneInfo(zone)) == plainly(day, clock, ZoneInfo(zone))


@given(day=days, one=clocks, two=clocks, zone=st.sampled_from(ZONES))
def test_a_later_time_never_comes_earlier(day: date, one: time, two: time, zone: str) -> None:
    first, second = sorted((one, two))
    at = ZoneInfo(zone)
    assert first_instant(day, first, at) <= first_instant(day, second, at)


@given(
    by=clocks,
    until=clocks | st.none(),
    zone=st.sampled_from(ZONES),
    some=st.sets(st.sampled_from(WEEKDAYS), min_size=1),
    since=st.dates(date(2020, 1, 1), date(2029, 1, 1)),
)
def test_each_instant_is_of_one_window(
    by: time, until: time | None, zone: str, some: set[str], since: date
) -> None:
    """Windows follow each other without overlap, and none is left out."""
    keys = {"by": f"{by:%H:%M}", "timezone": zone, "days": ",".join(sorted(some))}
    if until is not None and until != by:
        keys["until"] = f"{until:%H:%M}"
    expected = windows(**keys)
    start = datetime.combine(since, time(), UTC)
    found = list(expected.ending(start, start + timedelta(days=21)))
    assert len(found) >= 2
    for one, two in pairwise(found):
        assert one.opens <= one.by <= one.until <= two.opens == expected.after(one)
        assert not any(map(expected.is_expected, _between(one.day, two.day)))
    assert expected.next(start) == found[0]


def _between(one: date, two: date) -> list[date]:
    return [one + timedelta(days=n) for n in range(1, (two - one).days)]


def test_the_window_of_a_morning() -> None:
    window = windows(until="09:00", timezone="Europe/London").of_day(date(2024, 7, 2))
    assert window == Window(
        date(2024, 7, 2), of("2024-07-01T18:00"), of("2024-07-02T06:00"), of("2024-07-02T08:00")
    )


def test_a_window_over_midnight_ends_on_the_next_day() -> None:
    window = windows(by="23:00", until="02:00").of_day(date(2024, 7, 2))
    assert (window.by, window.until) == (of("2024-07-02T23:00"), of("2024-07-03T02:00"))


def test_a_window_opens_when_the_one_before_it_has_ended_at_the_soonest() -> None:
    expected = windows(by="07:00", until="06:00")
    assert expected.of_day(date(2024, 7, 2)).opens == of("2024-07-02T06:00")


def test_days_and_holidays_have_no_window() -> None:
    expected = windows(days="mon-fri", calendar="GB")
    ended = expected.ending(of("2024-12-23T20:00"), of("2024-12-31T20:00"))
    assert [f"{w.day:%a %d}" for w in ended] == ["Tue 24", "Fri 27", "Mon 30", "Tue 31"]


@pytest.mark.parametrize("calendar", ["US-NY", "XNYS", "GB-SCT", ("2024-12-25",)])
def test_calendars_of_parts_of_a_country_of_markets_and_lists(calendar: object) -> None:
    expected = windows(calendar=calendar)
    assert not expected.is_expected(date(2024, 12, 25))
    assert expected.is_expected(date(2024, 12, 23))


def test_a_range_of_days_may_go_over_the_end_of_the_week() -> None:
    expected = windows(days="fri-mon,wed")
    ended = expected.ending(of("2024-07-01T20:00"), of("2024-07-08T20:00"))
    assert [f"{w.day:%a}" for w in ended] == ["Wed", "Fri", "Sat", "Sun", "Mon"]


def test_no_expected_day_at_all_is_no_window() -> None:
    year = [f"{date(2024, 1, 1) + timedelta(days=n)}" for n in range(1200)]
    expected = windows(calendar=year)
    assert expected.next(of("2024-03-01T00:00")) is None


@pytest.mark.parametrize(
    ("calendar", "hint"),
    [("GX", "Did you mean"), ("GB-SCX", "Did you mean 'SCT'"), ("QQQQQ", "list the dates")],
)
def test_an_unknown_calendar_is_refused_with_a_guess(calendar: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        windows(calendar=calendar)
    assert caught.value.code == "mapping.unknown_calendar"
    assert hint in (caught.value.detail.hint or "")


@pytest.mark.parametrize(
    ("due", "day", "expected"),
    [
        ("same_day", "2024-07-05", date(2024, 7, 5)),
        ("same_day", "2024-07-06", date(2024, 7, 8)),  # a Saturday's are due on Monday
        ("next_day", "2024-07-05", date(2024, 7, 8)),
        ("next_day", "2024-07-07", date(2024, 7, 8)),
        ("next_day", "2024-07-08", date(2024, 7, 9)),
    ],
)
def test_data_of_a_day_are_due_in_one_window(due: str, day: str, expected: date) -> None:
    found = windows(days="mon-fri", date_part="d", due=due)
    ended = list(found.ending(of("2024-07-01T00:00"), of("2024-07-20T00:00")))
    of_day = [w.day for w in ended if found.is_due(date.fromisoformat(day), w)]
    assert of_day == [expected]
