"""Named parts of a pattern, and patterns that ignore case, against regular expressions, the
calendar and a search over all short names.
"""

# ruff: noqa: DTZ001
from __future__ import annotations

import calendar
import itertools
import re
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.patterns.ignored import is_ignored
from airflow_landing_loader.config.mapping.patterns.parts import Misfit, NamePart, Wildcard
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode


@pytest.mark.parametrize(
    ("pattern", "name", "values"),
    [
        ("pos_{day:%Y%m%d}.csv", "pos_20240115.csv", {"day": "2024-01-15"}),
        ("pos_{day:%Y%m%d}*.csv", "pos_20240115_v2.csv", {"day": "2024-01-15"}),
        ("{region}_{day:%d%b%Y}", "eu_west_15JAN2024", {"region": "eu_west", "day": "2024-01-15"}),
        ("{day:%y%j}.csv", "24060.csv", {"day": "2024-02-29"}),
        ("{day:%y%m%d}.csv", "690101.csv", {"day": "1969-01-01"}),
        ("{month:%Y-%m}.csv", "2024-01.csv", {"month": "2024-01"}),
        ("{at:%Y%m%dT%H%M}.csv", "20240115T0730.csv", {"at": "2024-01-15 07:30"}),
        ("{day:%Y%m%d}_{at:%H%M%S}", "20240115_073000", {"day": "2024-01-15", "at": "07:30:00"}),
        ("x{seq:0d}.csv", "x007.csv", {"seq": "7"}),
        ("x{seq:0d}.csv", "x000.csv", {"seq": "0"}),
        ("x{seq:0d}*", "x12_3", {"seq": "12"}),
        ("x{seq:04d}.csv", "x00012.csv", {"seq": "12"}),
        ("x{seq:04d}.csv", "x012.csv", None),
        ("{day:%Y%m%d}{seq:0d}.csv", "202401157.csv", {"day": "2024-01-15", "seq": "7"}),
        ("*{seq:0d}.csv", "a12.csv", {"seq": "12"}),
        ("{a}_{b}", "1_2_3", {"a": "1", "b": "2_3"}),
        ("pos_{region}*.csv", "pos_eu.csv", {"region": "eu"}),
        ("pos_{region}*.csv", "pos_eu_v2.csv", {"region": "eu"}),
        ("pos_{region}*.csv", "pos_eu-west.csv", {"region": "eu"}),
        ("pos_{region}*.csv", "pos_.csv", {"region": ""}),
        ("{day:%Y%m%d}_{region}*", "20240115_eu.v2", {"day": "2024-01-15", "region": "eu"}),
        ("pos_{day:%Y%m%d}.csv", "pos_2024011.csv", None),
        ("pos_{day:%Y%m%d}.csv", "pos_\N{ARABIC-INDIC DIGIT ONE}0240115.csv", None),
        ("{{day}}_{2}_*.csv", "{day}_{2}_x.csv", {}),
        ("{x y}_{}*", "{x y}_{}", {}),
    ],
)
def test_what_the_parts_of_a_name_say(
    pattern: str, name: str, values: dict[str, str] | None
) -> None:
    parsed = Pattern.parse(pattern)
    assert (parsed.match(name) is None) == (values is None)
    assert {part.name: part.value for part in parsed.parts_of(name)} == (values or {})


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("{a}{b}.csv", "Nothing tells where {a} ends and {b} begins"),
        ("*{a}.csv", "Nothing tells where * ends and {a} begins"),
        ("{a}_{a}.csv", "twice"),
        ("{day:%Y%m%d}_{day}.csv", "twice"),
        ("{day:%m%d}.csv", "has %m without %Y or %y"),
        ("{day:%Y%d}.csv", "has %d without %m or %b"),
        ("{day:%S}.csv", "has %S without %M"),
        ("{day:%Y%y}.csv", "says one thing twice"),
        ("{day:%Y%m%m}.csv", "says one thing twice"),
        ("{day:%Y%j%m}.csv", "says one thing twice"),
        ("{day:%A}.csv", "neither a date in digits nor a number"),
        ("{day:%Y%}.csv", "neither a date in digits nor a number"),
        ("{day:x}.csv", "neither a date in digits nor a number"),
        ("{day:}.csv", "neither a date in digits nor a number"),
        ("{n:d}.csv", "neither a date in digits nor a number"),
        ("{business-date:%Y}.csv", "has no name such as region"),
        ("{yyyy}.csv", "archive_layout"),
        ("{n:0d}{day:%Y%m%d}.csv", "No digit can stand behind {n:0d}"),
        ("{n:0d}7.csv", "No digit can stand behind {n:0d}"),
    ],
)
def test_parts_that_are_none(pattern: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(says)) as caught:
        Pattern.parse(pattern)
    assert caught.value.code is ErrorCode.MAPPING_BAD_PATTERN
    assert "{name:%Y%m%d}" in (caught.value.detail.hint or "")


@pytest.mark.parametrize(
    ("name", "misfit"),
    [
        ("pos_20240230_1.csv", Misfit("{day:%Y%m%d}", "20240230")),
        ("pos_2024-02-28_1.csv", Misfit("{day:%Y%m%d}", "")),
        ("pos_20240228_x.csv", Misfit("{seq:0d}", "")),
        ("pos_20240228_\u0662.csv", Misfit("{seq:0d}", "")),
        ("pos_2024-02-28_x.csv", Misfit("{day:%Y%m%d}", "")),
        ("pos_20240228_1.csv", None),
        ("pos.csv", None),
        (".pos_x_1.csv", None),
    ],
)
def test_a_name_that_lacks_what_its_pattern_wants(name: str, misfit: Misfit | None) -> None:
    assert Pattern.parse("pos_{day:%Y%m%d}_{seq:0d}.csv").misfit(name) == misfit


_FORMS = ("%Y%m%d", "%Y-%m-%d", "%d%m%Y", "%Y%j", "%d%b%Y", "%y%m%d", "%Y%m%d%H%M%S")


@given(st.datetimes(datetime(1969, 1, 1), datetime(2068, 12, 31)), st.sampled_from(_FORMS))
def test_a_date_is_read_as_it_is_written_and_in_every_other_form(when: datetime, form: str) -> None:
    when = when.replace(microsecond=0) if "%S" in form else datetime(*when.timetuple()[:3])
    text = when.strftime(form).rjust(len(when.strftime(form)), "0")
    part = Wildcard("day", form)
    assert part.takes(text)
    assert part.value(text) == when.strftime("%Y-%m-%d %H:%M:%S" if "%S" in form else "%Y-%m-%d")
    for other in map(Wildcard, itertools.repeat("day"), _FORMS):
        if part.says_the_same_as(other):
            assert other.value(part.rewritten(text, other)) == part.value(text)


@given(st.integers(0, 9999), st.integers(0, 99), st.integers(0, 99))
@example(2023, 2, 29)
@example(2024, 2, 29)
@example(0, 1, 1)
def test_a_date_that_does_not_exist_is_none(year: int, month: int, day: int) -> None:
    exists = year > 0 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
    value = Wildcard("day", "%Y%m%d").value(f"{year:04}{month:02}{day:02}")
    assert value == (f"{year:04}-{month:02}-{day:02}" if exists else None)


@given(st.integers(1970, 2060), st.integers(0, 999))
def test_a_day_of_the_year(year: int, number: int) -> None:
    there = 1 <= number <= 365 + calendar.isleap(year)
    first = datetime(year, 1, 1)
    expected = (first + timedelta(number - 1)).strftime("%Y-%m-%d") if there else None
    assert Wildcard("day", "%Y%j").value(f"{year}{number:03}") == expected


# Few letters, so that random patterns and names meet.
_PIECES = st.sampled_from(["*", "{a}", "{b}", "{y:%y}", "{n:0d}", "{m:02d}", "a", "B", ".tmp", "1"])
_LETTERS = ("a", "A", "b", "B", "1", ".tmp", "x")


def _legal(text: str, ignore_case: bool) -> Pattern | None:
    try:
        return Pattern.parse(text, ignore_case=ignore_case)
    except ConfigurationError:
        return None


PATTERNS = st.builds(
    _legal, st.lists(_PIECES, min_size=1, max_size=5).map("".join), st.booleans()
).filter(lambda pattern: pattern is not None)
NAMES = st.lists(st.sampled_from(_LETTERS), max_size=8).map("".join)


def as_regex(pattern: Pattern) -> re.Pattern[str]:
    """The same, for a search that goes back wherever it can."""
    shapes = {
        "": "(.*?)",
        "%y": "([0-9]{2})",
        "0d": "([0-9]+)(?![0-9])",
        "02d": "([0-9]{2,})(?![0-9])",
    }
    pieces = [re.escape(pattern.literals[0])]
    for one, literal in zip(pattern.wildcards, pattern.literals[1:], strict=True):
        pieces += [shapes[one.form], re.escape(literal)]
    return re.compile("".join(pieces), re.DOTALL | (re.IGNORECASE if pattern.ignore_case else 0))


@given(PATTERNS, NAMES)
def test_a_name_matches_as_an_expression_does_and_fill_is_its_inverse(
    pattern: Pattern, name: str
) -> None:
    texts = pattern.match(name)
    found = as_regex(pattern).fullmatch(name)
    assert (texts is not None) == (found is not None and not is_ignored(name))
    if texts is not None:
        filled = pattern.fill(texts)
        assert filled.lower() == name.lower() if pattern.ignore_case else filled == name
        assert all(one.takes(text) for one, text in zip(pattern.wildcards, texts, strict=True))


def _names(length: int) -> list[str]:
    return [
        "".join(name) for n in range(1, length + 1) for name in itertools.product("aAB1x", repeat=n)
    ]


_ALL_SHORT = _names(4)


@given(PATTERNS, PATTERNS)
def test_two_patterns_meet_exactly_if_there_is_a_common_name(one: Pattern, two: Pattern) -> None:
    example_name = one.intersect(two)
    if example_name is None:
        shared = [n for n in _ALL_SHORT if one.match(n) is not None and two.match(n) is not None]
        assert not shared
    else:
        assert one.match(example_name) is not None
        assert two.match(example_name) is not None
    assert (two.intersect(one) is None) == (example_name is None)


@given(PATTERNS, PATTERNS)
def test_a_pattern_that_covers_another_matches_all_its_names(
    wide: Pattern, narrow: Pattern
) -> None:
    if wide.covers(narrow):
        assert all(wide.match(n) is not None for n in _ALL_SHORT if narrow.match(n) is not None)
    if wide == narrow:
        assert wide.covers(narrow)


@pytest.mark.parametrize(
    ("one", "two", "meet"),
    [
        ("pos_{day:%Y%m%d}.csv", "pos_{day:%Y%m%d}_{region}.csv", False),
        ("pos_{day:%Y%m%d}*.csv", "pos_{day:%Y%m%d}_{region}.csv", True),
        ("pos_{day:%Y%m%d}.csv", "pos_{day:%Y%m}.csv", False),
        ("pos_{day:%Y%m%d}.csv", "pos_{day:%Y-%m-%d}.csv", False),
        ("pos_{day:%Y%m%d}.csv", "pos_{seq:0d}.csv", True),
        ("pos_{day:%Y%m%d}.csv", "pos_*.csv", True),
        ("pos_{day:%Y%m%d}.csv", "pos_x*.csv", False),
        ("{day:%d%b%Y}.csv", "{n:0d}.csv", False),
    ],
)
def test_patterns_that_can_and_cannot_match_one_name(one: str, two: str, meet: bool) -> None:
    assert (Pattern.parse(one).intersect(Pattern.parse(two)) is not None) is meet


def test_the_example_of_a_common_name_looks_like_one() -> None:
    one, two = Pattern.parse("pos_{day:%Y%m%d}*.csv"), Pattern.parse("pos_*_eu.csv")
    assert one.intersect(two) == "pos_20240115_eu.csv"


def test_case_is_ignored_in_literal_texts_and_kept_in_the_others() -> None:
    pattern = Pattern.parse("trades_{region}*.csv", ignore_case=True)
    assert pattern.match("TRADES_EU_1.CSV") == ("EU", "_1")
    named = Pattern.parse("stra\N{LATIN SMALL LETTER SHARP S}e_*.csv", ignore_case=True)
    assert named.match(
        "STRA\N{LATIN SMALL LETTER SHARP S}E_\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}.csv"
    )


@pytest.mark.parametrize(
    ("data", "go", "name", "go_name"),
    [
        (
            "t_{day:%Y%m%d}_{region}.csv",
            "{region}-{day:%Y-%m-%d}.go",
            "t_20240115_eu.csv",
            "eu-2024-01-15.go",
        ),
        ("t_{day:%Y%m%d}_*.csv", "t_{day:%Y%m%d}_*.go", "t_20240115_1.csv", "t_20240115_1.go"),
        ("t_{day:%d%b%y}.csv", "t_{day:%d%b%y}.go", "t_15JAN24.csv", "t_15JAN24.go"),
        ("t_{seq:0d}.csv", "t_{seq:03d}.go", "t_7.csv", "t_007.go"),
    ],
)
def test_a_go_files_name_follows_by_part(data: str, go: str, name: str, go_name: str) -> None:
    files, controls = Pattern.parse(data), Pattern.parse(go)
    assert controls.pairs_with(files)
    assert controls.counterpart(files, files.match(name) or ()) == go_name
    assert files.counterpart(controls, controls.match(go_name) or ()) == name


@pytest.mark.parametrize(
    ("data", "go"),
    [
        ("t_{day:%Y%m%d}.csv", "t_*.go"),
        ("t_{day:%Y%m%d}.csv", "t_{day:%Y%m}.go"),
        ("t_{day:%Y%m%d}.csv", "t_{day}.go"),
        ("t_{day:%Y%m%d}_{region}.csv", "t_{day:%Y%m%d}.go"),
        ("t_{region}.csv", "t_{area}.go"),
        ("t_*_{region}.csv", "t_{region}.go"),
    ],
)
def test_patterns_that_do_not_pair(data: str, go: str) -> None:
    assert not Pattern.parse(go).pairs_with(Pattern.parse(data))
    assert not Pattern.parse(data).pairs_with(Pattern.parse(go))


def test_the_parts_keep_the_text_of_the_name() -> None:
    assert Pattern.parse("{seq:0d}.csv").parts_of("007.csv") == (NamePart("seq", "007", "7"),)
