"""What is due at the same time, however it is spelled."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any
from zoneinfo import available_timezones

import pytest

from airflow_landing_loader.config.mapping.expectation import WEEKDAYS, Expectation
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.monitoring.deadlines import Deadline, by_deadline, looks


def deadline(**keys: Any) -> Deadline:
    return Deadline.of(Expectation(**({"by": "07:00"} | keys)))


def mapping(table: str, **keys: Any) -> TableMapping:
    return TableMapping(
        pattern=f"{table}_*.csv", table=table, expect=Expectation(**({"by": "07:00"} | keys))
    )


@pytest.mark.parametrize(
    ("keys", "name", "words"),
    [
        ({}, "0700_utc", "07:00 UTC"),
        (
            {"timezone": "Europe/London", "days": "mon-fri", "calendar": "US-NY"},
            "0700_europe_london_mon-fri_not_us-ny",
            "07:00 Europe/London, mon-fri, not on days of US-NY",
        ),
        ({"days": "fri,mon"}, "0700_utc_mon_fri", "07:00 UTC, mon, fri"),
        ({"days": "sun"}, "0700_utc_sun", "07:00 UTC, sun"),
        ({"timezone": "Etc/GMT+5"}, "0700_etc_gmtplus5", "07:00 Etc/GMT+5"),
        (
            {"calendar": ["2024-12-25", "2024-01-01"]},
            "0700_utc_not_588d6a0be244",
            "07:00 UTC, not on 2 listed days",
        ),
    ],
)
def test_names(keys: dict[str, Any], name: str, words: str) -> None:
    assert (deadline(**keys).name, deadline(**keys).in_words) == (name, words)


def test_another_spelling_is_the_same_deadline() -> None:
    same = [
        {"days": "mon-wed", "calendar": ["2024-01-01", "2024-12-25"]},
        {"days": "mon,tue,wed", "calendar": ["2024-12-25", "2024-01-01", "2024-01-01"]},
        {"days": "wed, mon-tue", "calendar": ["2024-12-25", "2024-01-01"], "until": "09:00"},
    ]
    assert len({deadline(**keys) for keys in same}) == 1


def test_names_are_ids_and_distinct() -> None:
    days = [",".join(some) for n in range(1, 8) for some in combinations(WEEKDAYS, n)]
    calendars: list[Any] = [(), "GB", "US-NY", "SUN", ["2024-01-01"], ["2024-01-02"]]
    found = [deadline(timezone=zone) for zone in sorted(available_timezones())]
    found += [deadline(days=some, calendar=c) for some in days for c in calendars]
    found += [deadline(by=by) for by in ("00:00", "07:01", "23:59")]
    found = list(dict.fromkeys(found))
    names = {one.name for one in found}
    assert len(names) == len(found)
    for name in names:
        assert re.fullmatch("[a-z0-9_-]{4,150}", name), name


def test_mappings_of_a_deadline() -> None:
    early, late = mapping("b", by="06:00"), mapping("a")
    also = mapping("c", until="09:00")
    silent = TableMapping(pattern="d_*.csv", table="d")
    found = by_deadline([late, early, silent, also])
    assert list(found.values()) == [(early,), (late, also)]
    assert by_deadline([silent]) == {}


@pytest.mark.parametrize(
    ("keys", "untils", "crons"),
    [
        ({}, ["09:00"], ("0 7 * * *", "0 9 * * *")),
        ({}, [None], ("0 7 * * *", "0 19 * * *")),
        (
            {"days": "mon-fri"},
            ["09:30", "08:15"],
            ("0 7 * * 1,2,3,4,5", "15 8 * * 1,2,3,4,5", "30 9 * * 1,2,3,4,5"),
        ),
        ({"days": "sat"}, ["06:00"], ("0 7 * * 6", "0 6 * * 0")),
        ({"days": "sun"}, ["06:00"], ("0 7 * * 0", "0 6 * * 1")),
        ({"by": "18:30"}, [None, None], ("30 18 * * *", "30 6 * * *")),
    ],
)
def test_looks(keys: dict[str, Any], untils: list[str | None], crons: tuple[str, ...]) -> None:
    mappings = [mapping("a", **keys, until=until) for until in untils]
    assert mappings[0].expect is not None
    assert looks(Deadline.of(mappings[0].expect), mappings) == crons
