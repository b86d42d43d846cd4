"""Names become groups: every name of a group fits its pattern, and no name fits two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.onboarding.names.groups import (
    MAX_GROUPS,
    Group,
    Kind,
    Left,
    grouped,
    is_of,
    merged,
    sort_names,
)

PIECES = st.sampled_from(
    [
        *("pos", "trades", "eu", "us", "20240115", "20240116", "240115", "7", "0042", "_", "-"),
        *(".", " ", "{", "}", "{{", "'", '"', "\n", "Jan", "15", "2024", "v2", "_v3", "T"),
        *("073000", "\u00dc", "\u0663", "3fa85f64-5717-4562-b3fc-2c963f66afa6", "#", "&", "%Y"),
        *(".csv", ".csv.gz", ":", "\x85"),
    ]
)
NAMES = st.lists(PIECES, min_size=1, max_size=7).map("".join)


def groups_of(names: list[str], header: str | None = "same") -> tuple[list[Group], list[Left]]:
    kinds, left = sort_names(names)
    groups, unfit = grouped(merged(kinds, lambda _: header))
    return groups, left + unfit


def patterns(*names: str) -> list[str]:
    groups, left = groups_of(list(names))
    assert not left
    return [group.pattern.text for group in groups]


@given(st.lists(NAMES | st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=9)))
def test_every_name_is_of_one_group_or_is_left_with_a_reason(names: list[str]) -> None:
    groups, left = groups_of(names)
    told = [name for group in groups for name in group.names] + [each.name for each in left]
    assert sorted(told) == sorted(set(names))
    assert all(each.why for each in left)


@given(st.lists(NAMES, max_size=12))
def test_every_name_of_a_group_has_what_its_pattern_wants(names: list[str]) -> None:
    for group in groups_of(names)[0]:
        assert all(is_of(group.pattern, name) for name in group.names)


@given(st.lists(NAMES, max_size=12))
def test_no_name_is_of_two_patterns(names: list[str]) -> None:
    groups, _ = groups_of(names)
    for at, one in enumerate(groups):
        for two in groups[at + 1 :]:
            both = one.pattern.intersect(two.pattern)
            told = two.pattern.text in one.exclude or one.pattern.text in two.exclude
            assert both is None or told, (one.pattern.text, two.pattern.text, both)


@given(st.lists(NAMES, max_size=12), st.randoms())
def test_the_order_of_a_listing_changes_nothing(names: list[str], random: object) -> None:
    shuffled = list(names)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert groups_of(shuffled) == groups_of(names)


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        (("a_20240115.csv",), "a_{business_date:%Y%m%d}.csv"),
        (("a-2024-01-15.csv", "a-2024-02-15.csv"), "a-{business_date:%Y-%m-%d}.csv"),
        (("a_15Jan2024.csv", "a_16Feb2024.csv"), "a_{business_date:%d%b%Y}.csv"),
        (("a_15012024.csv",), "a_{business_date:%d%m%Y}.csv"),
        (("a_240129.csv", "a_240130.csv", "a_240131.csv"), "a_{business_date:%y%m%d}.csv"),
        (("a20240115T0730.csv",), "a{sent_at:%Y%m%dT%H%M}.csv"),
        (("a_20240115073000.csv",), "a_{sent_at:%Y%m%d%H%M%S}.csv"),
        (("a_0001.csv", "a_0002.csv"), "a_{number:04d}.csv"),
        (("a_9.csv", "a_10.csv"), "a_{number:0d}.csv"),
        (("v2_9.csv", "v2_10.csv"), "v2_{number:0d}.csv"),
        (
            ("a_20240115_0001.csv", "a_20240115_0002.csv"),
            "a_{business_date:%Y%m%d}_{number:04d}.csv",
        ),
        (("pos_20240115_eu.csv", "pos_20240115_us.csv"), "pos_{business_date:%Y%m%d}_{word}.csv"),
        (("p_20240115.csv", "p_20240115_v2.csv"), "p_{business_date:%Y%m%d}*.csv"),
        (("p_20240115.csv", "p_20240115 (1).csv"), "p_{business_date:%Y%m%d}*.csv"),
        (("a{1}.csv", "a{2}.csv"), "a{{{number:0d}}}.csv"),
        (("trades.csv",), "trades.csv"),
    ],
)
def test_a_kind_of_names_has_a_pattern(names: tuple[str, ...], pattern: str) -> None:
    assert patterns(*names) == [pattern]


@pytest.mark.parametrize(
    "names",
    [
        ("a_05-06-2024.csv",),  # of May or of June
        ("a_240115.csv",),  # in 2024 or in 2015, or a number
        ("a_10112012.csv", "a_11122012.csv"),
        ("a_20240115_073000.csv",),
        ("a_7.csv",),
    ],
)
def test_what_names_do_not_tell_is_said(names: tuple[str, ...]) -> None:
    (group,), _ = groups_of(list(names))
    assert group.doubts
    assert not any("%d%m" in one.form or "%m%d%Y" in one.form for one in group.pattern.wildcards)


def test_feeds_are_not_taken_for_words_of_one() -> None:
    names = ["20240115_trades.csv", "20240115_positions.csv"]
    assert len(patterns(*names)) == 2
    assert patterns("eu_trades_1.csv", "us_trades_2.csv") == ["{word}_trades_{number:0d}.csv"]


def test_words_are_of_one_group_only_where_the_files_are_alike() -> None:
    kinds, _ = sort_names(["eod_prices_1.csv", "eod_trades_1.csv"])

    def header(kind: Kind) -> str:
        return kind.names[0].text

    assert len(merged(kinds, header)) == 2
    assert len(merged(kinds, lambda _: None)) == 2


def test_one_name_without_the_date_of_all_others_is_left() -> None:
    names = [f"a_202401{day:02}.csv" for day in range(1, 29)]
    (group,), (left,) = groups_of([*names, "a_7.csv"])
    assert group.pattern.text == "a_{business_date:%Y%m%d}.csv"
    assert (left.name, "have a date there" in left.why) == ("a_7.csv", True)


def test_kinds_without_end_are_no_feeds() -> None:
    names = [f"{'x' * at}y.csv" for at in range(MAX_GROUPS + 3)]
    kinds, left = sort_names(names)
    assert (len(kinds), len(left)) == (MAX_GROUPS, 3)
