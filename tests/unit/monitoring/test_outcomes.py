"""The outcome of a window, from what the books say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.loading.model import ArrivedLoad, RefusedArrival
from airflow_landing_loader.monitoring.outcomes import Feed, WindowState, state_of
from airflow_landing_loader.monitoring.windows import Windows

DAY = date(2024, 7, 2)
LATER = datetime(2024, 7, 3, 12, tzinfo=UTC)
Times = tuple[int, int | None]  # minutes since the day began: came, went


def at(clock: str, day: int = 2) -> datetime:
    """A time of July 2024, as the books have it."""
    return datetime.fromisoformat(f"2024-07-{day:02d}T{clock}")


def load(
    clock: str, *, name: str = "a_1.csv", rows: int = 10, day: int = 2, went: str = "", **more: int
) -> ArrivedLoad:
    return ArrivedLoad(
        table_name="t",
        filename=name,
        load_id=f"{name}-{day}-{clock}".replace(":", ""),
        at=at(clock, day),
        row_count=rows,
        sequence=more.get("sequence", day * 10_000 + int(clock.replace(":", ""))),
        removed_at=at(went, day) if went else None,
    )


def refused(clock: str, *, name: str = "a_1.csv", day: int = 2) -> RefusedArrival:
    return RefusedArrival(table_name="t", filename=name, at=at(clock, day), code="csv.ragged")


def feed(*came: ArrivedLoad | RefusedArrival, pattern: str = "a_*.csv", **keys: object) -> Feed:
    expect = {"by": "07:00", "until": "09:00", **keys}
    mapping = TableMapping.model_validate({"pattern": pattern, "table": "t", "expect": expect})
    assert mapping.expect is not None
    return Feed(
        mapping=mapping,
        expect=mapping.expect,
        windows=Windows(mapping.expect),
        loads=tuple(sorted((c for c in came if isinstance(c, ArrivedLoad)), key=lambda c: c.at)),
        refused=tuple(c for c in came if isinstance(c, RefusedArrival)),
    )


def state(found: Feed, now: datetime = LATER, day: date = DAY) -> WindowState:
    return state_of(found, found.windows.of_day(day), now)


def aware(clock: str, day: int = 2) -> datetime:
    return at(clock, day).replace(tzinfo=UTC)


def test_what_came_by_then_is_on_time() -> None:
    found = state(feed(load("06:59")))
    assert (found.standing, found.reason, found.file_count) == ("on_time", "", 1)
    assert (found.arrived_at, found.mended_at) == (aware("06:59"), None)


def test_what_came_the_evening_before_is_on_time_and_what_came_later_is_late() -> None:
    assert state(feed(load("19:00", day=1))).standing == "on_time"
    assert state(feed(load("08:59"))).standing == "late"


def test_what_came_too_late_is_missing_and_mends_it() -> None:
    found = state(feed(load("09:01")))
    assert (found.standing, found.reason, found.file_count) == ("missing", "no file", 0)
    assert found.mended_at == aware("09:01")


def test_a_refused_file_is_wrong_and_its_replay_mends_it() -> None:
    found = state(feed(refused("06:30"), load("11:00")))
    assert (found.standing, found.mended_at) == ("wrong", aware("11:00"))
    assert found.reason == "no file; a_1.csv was refused: csv.ragged"


def test_a_refused_file_beside_a_good_one_does_no_harm() -> None:
    assert state(feed(refused("06:30"), load("06:40"))).standing == "on_time"


def test_rows_taken_back_before_the_end_were_not_there() -> None:
    assert state(feed(load("06:00", went="08:00"))).standing == "wrong"
    # What was taken back after it changes nothing any more.
    assert state(feed(load("06:00", went="09:30"))).standing == "on_time"


def test_a_restatement_in_time_is_on_time() -> None:
    found = state(
        feed(
            load("06:00", rows=1, went="06:50"),
            load("06:50", rows=20),
            files=1,
            rows={"min": 5},
        )
    )
    assert (found.standing, found.file_count, found.row_count) == ("on_time", 1, 20)


def test_too_few_and_too_many_files_are_wrong() -> None:
    one, two = load("06:00"), load("06:10", name="a_2.csv")
    assert state(feed(one, files="2..4")).reason == "1 file of 2"
    found = state(feed(one, two, files=1))
    assert (found.standing, found.reason) == ("wrong", "2 files, at most 1 expected")
    assert state(feed(one, two, files="2..4")).standing == "on_time"


def test_a_duplicate_of_a_load_is_the_same_file_within_a_window_and_comes_in_the_next() -> None:
    first = load("06:00")
    again = replace(first, at=at("06:05"))
    next_day = replace(first, at=at("06:00", 3))
    found = feed(first, again, next_day, files=1)
    assert state(found).standing == "on_time"
    assert state(found, day=date(2024, 7, 3)).standing == "on_time"


def test_each_value_of_a_part_wants_a_file() -> None:
    keys = {"pattern": "a_{region}.csv", "files": {"region": ["EU", "US"]}}
    europe, america = load("06:00", name="a_EU.csv"), load("08:00", name="a_US.csv")
    assert state(feed(europe, **keys)).reason == "no file of region US"
    assert state(feed(europe, america, **keys)).standing == "late"


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (9, "a_1.csv has 9 rows, at least 10 expected"),
        (101, "a_1.csv has 101 rows, at most 100 expected"),
        (100, ""),
    ],
)
def test_rows_have_bounds(rows: int, reason: str) -> None:
    found = state(feed(load("06:00", rows=rows), rows={"min": 10, "max": 100}))
    assert (found.standing, found.reason) == ("wrong" if reason else "on_time", reason)


def test_rows_are_held_against_the_median_of_the_loads_before() -> None:
    before = [load("06:00", rows=100 + n % 3, day=n) for n in range(10, 20)]
    usual = feed(*before, load("06:00", rows=49, day=20), rows={"change": "50%"})
    found = state(usual, aware("12:00", 21), date(2024, 7, 20))
    assert found.reason == "a_1.csv has 49 rows, usual are 101 and 50% more or less"
    few = feed(*before[:4], load("06:00", rows=1, day=20), rows={"change": "50%"})
    assert state(few, aware("12:00", 21), date(2024, 7, 20)).standing == "on_time"


def test_what_was_out_of_the_table_already_says_nothing_of_what_is_usual() -> None:
    before = [load("06:00", rows=100, day=n) for n in range(1, 6)]
    spoilt = [load("06:00", rows=1, day=n, went="06:30") for n in range(6, 20)]
    found = feed(*before, *spoilt, load("06:00", rows=90, day=20), rows={"change": "50%"})
    assert state(found, aware("12:00", 21), date(2024, 7, 20)).standing == "on_time"


def test_a_date_in_the_name_says_for_which_window_a_file_is() -> None:
    keys = {"pattern": "a_{d:%Y%m%d}.csv", "date_part": "d", "due": "next_day"}
    monday = load("06:00", name="a_20240701.csv")
    assert state(feed(monday, **keys)).standing == "on_time"
    # Tuesday's data are Wednesday's window's, although they come in Tuesday's.
    tuesday = load("06:00", name="a_20240702.csv")
    assert state(feed(tuesday, **keys)).standing == "missing"
    mended = state(feed(load("06:00", name="a_20240701.csv", day=3), **keys))
    assert (mended.standing, mended.mended_at) == ("missing", aware("06:00", 3))


def test_a_window_that_has_not_ended_is_expected_overdue_or_arrived() -> None:
    assert state(feed(), aware("06:00")).standing == "expected"
    assert state(feed(), aware("08:00")).standing == "overdue"
    assert state(feed(load("07:30")), aware("08:00")).standing == "arrived"
    assert state(feed(load("07:30")), aware("07:10")).standing == "overdue"


def test_only_the_first_faults_are_told() -> None:
    many = [load("06:00", name=f"a_{n}.csv", rows=0) for n in range(9)]
    told = state(feed(*many, rows={"min": 1})).reason
    assert told.count(";") == 3
    assert told.endswith("and 6 more")


_MINUTES = st.integers(0, 2 * 24 * 60)
_loads = st.lists(st.tuples(_MINUTES, _MINUTES | st.none(), st.integers(0, 30)), max_size=8)
_refusals = st.lists(_MINUTES, max_size=3)


def some(loads: list[tuple[int, int | None, int]], refusals: list[int], **keys: object) -> Feed:
    start = datetime(2024, 7, 1, 18)  # noqa: DTZ001 (as the books have it)
    came: list[ArrivedLoad | RefusedArrival] = [
        ArrivedLoad(
            table_name="t",
            filename=f"a_{n % 3}.csv",
            load_id=f"{n}",
            at=start + timedelta(minutes=minute),
            row_count=rows,
            sequence=n,
            removed_at=None if stays is None else start + timedelta(minutes=minute + stays),
        )
        for n, (minute, stays, rows) in enumerate(sorted(loads, key=lambda one: one[0]))
    ]
    came += [
        RefusedArrival(
            table_name="t", filename="a_0.csv", at=start + timedelta(minutes=m), code=None
        )
        for m in refusals
    ]
    return feed(*came, **keys)


_shapes = st.sampled_from(
    [{}, {"files": "1..2"}, {"files": 2}, {"rows": {"min": 10}}, {"rows": {"change": "40%"}}]
)


@given(loads=_loads, refusals=_refusals, keys=_shapes, asked=st.lists(_MINUTES, min_size=1))
def test_an_outcome_is_the_same_whenever_it_is_asked(
    loads: list[tuple[int, int | None, int]],
    refusals: list[int],
    keys: dict[str, object],
    asked: list[int],
) -> None:
    found = some(loads, refusals, **keys)
    window = found.windows.of_day(DAY)
    first = state_of(found, window, window.until)
    assert first.standing in ("on_time", "late", "wrong", "missing")
    for minutes in asked:
        later = state_of(found, window, window.until + timedelta(minutes=minutes))
        assert replace(later, mended_at=None) == replace(first, mended_at=None)
        if later.mended_at is not None:
            assert state_of(found, window, later.mended_at) == later


@given(loads=_loads, refusals=_refusals, keys=_shapes)
def test_times_are_those_of_the_plain_definition(
    loads: list[tuple[int, int | None, int]], refusals: list[int], keys: dict[str, object]
) -> None:
    """A window whose end is put off to each moment in turn says when all was there first."""
    found = some(loads, refusals, **keys)
    window = found.windows.of_day(DAY)
    whole = state_of(found, window, window.until + timedelta(days=3))
    moments = sorted(
        {m.replace(tzinfo=UTC) for one in found.loads for m in (one.at, one.removed_at) if m}
    )

    def good(moment: datetime) -> bool:
        ended = replace(window, by=moment, until=moment)
        return not state_of(found, ended, moment).reason

    closes = found.windows.after(window)
    first = next((m for m in moments if window.opens <= m <= window.until and good(m)), None)
    later = next((m for m in moments if m > window.until and good(m)), None)
    assert whole.arrived_at == (None if whole.reason else first)
    assert whole.mended_at == (later if whole.reason else None)
    assert whole.arrived_at is None or whole.arrived_at < closes
    if whole.standing in ("on_time", "late"):
        assert good(window.until)
        assert (whole.standing == "on_time") == good(window.by)
