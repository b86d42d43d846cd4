"""Patterns against an oracle of another kind: regular expressions and a search over all names."""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.patterns.ignored import is_ignored
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

# Few letters, so that random patterns and names meet; the letters of an ignored ending among them.
_LETTERS = st.sampled_from(["*", "*", "a", "b", ".", ".tmp", "t", "mp"])
_TEXTS = st.lists(_LETTERS, min_size=1, max_size=7).map("".join)
PATTERNS = _TEXTS.filter(lambda text: text != "..").map(Pattern.parse)
NAMES = st.lists(st.sampled_from(["a", "b", ".", ".tmp", "t", "mp", "\n", "x"]), max_size=10).map(
    "".join
)


def as_regex(pattern: Pattern) -> re.Pattern[str]:
    return re.compile("(.*?)".join(re.escape(part) for part in pattern.literals), re.DOTALL)


@pytest.mark.parametrize(
    ("pattern", "name", "stars"),
    [
        ("trades_*.csv", "trades_20240115.csv", ("20240115",)),
        ("trades_*.csv", "trades_.csv", ("",)),
        ("trades_*.csv", "Trades_1.csv", None),
        ("trades_*.csv", "trades_1.csv.gz", None),
        ("trades_*.csv", "old_trades_1.csv", None),
        ("trades.csv", "trades.csv", ()),
        ("a*b*c", "a1b2b3c", ("1", "2b3")),
        ("**.csv", "x.csv", ("", "x")),
        ("*", "anything at all", ("anything at all",)),
        ("ab*ba", "aba", None),
        ("x_*.csv", "x_\n.csv", ("\n",)),
        ("x_*.csv", "x_\udcff.csv", ("\udcff",)),
        ("x_*.csv", "x_1.csv\n", None),
        ("x_*.csv", "sub/x_1.csv", None),
        ("x_*", "x_a/b", None),
        ("a[1]_?{2}.*", "a[1]_?{2}.csv", ("csv",)),
        ("a[1]_*.csv", "a1_x.csv", None),
        ("a?.csv", "ab.csv", None),
        ("*.csv", ".hidden.csv", None),
        ("*", "x.csv.tmp", None),
        ("*", "x.part", None),
        ("*", "x.filepart", None),
        ("*", "x.gstmp", None),
        ("*", "x.TMP", ("x.TMP",)),
        ("*", "", None),
    ],
)
def test_match(pattern: str, name: str, stars: tuple[str, ...] | None) -> None:
    assert Pattern.parse(pattern).match(name) == stars


@given(PATTERNS, NAMES)
@example(Pattern.parse("a*b*b"), "aabab")
def test_match_is_the_shortest_first_split_and_fill_is_its_inverse(
    pattern: Pattern, name: str
) -> None:
    found = as_regex(pattern).fullmatch(name)
    expected = found.groups() if found and not is_ignored(name) else None
    assert pattern.match(name) == expected
    if expected is not None:
        assert pattern.fill(expected) == name


@given(PATTERNS, st.data())
def test_filled_names_match(pattern: Pattern, data: st.DataObject) -> None:
    stars = [data.draw(NAMES) for _ in range(pattern.star_count)]
    name = pattern.fill(stars)
    assert (pattern.match(name) is None) == is_ignored(name)


@pytest.mark.parametrize("stars", [(), ("a", "b")])
def test_fill_wants_one_text_for_each_star(stars: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="1 wildcards"):
        Pattern.parse("x_*").fill(stars)


def test_a_go_files_name_follows_from_its_data_files() -> None:
    stars = Pattern.parse("*_trades_*.csv").match("eu_trades_trades_1.csv")
    assert stars == ("eu", "trades_1")
    assert Pattern.parse("*.*.go").fill(stars) == "eu.trades_1.go"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("/data/x_*.csv", "absolute"),
        ("/", "absolute"),
        ("..", "out of the landing zone"),
        ("../x_*.csv", "out of the landing zone"),
        ("a/../x.csv", "out of the landing zone"),
        ("sub/x_*.csv", "slash"),
        ("x\0", "NUL"),
        ("x" * 256, "256 characters"),
    ],
)
def test_bad_patterns(text: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as error:
        Pattern.parse(text)
    assert error.value.code is ErrorCode.MAPPING_BAD_PATTERN
    assert error.value.detail.hint


def test_a_pattern_is_a_small_value() -> None:
    pattern = Pattern.parse("eod_*_x_*.csv")
    assert (pattern.star_count, pattern.literal_prefix, pattern.literal_suffix) == (
        2,
        "eod_",
        ".csv",
    )
    assert pickle.loads(pickle.dumps(pattern)) == pattern
    assert Pattern.parse("eod_*_x_*.csv") is pattern
    with pytest.raises(AttributeError):
        pattern.text = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("one", "two", "meet"),
    [
        ("trades_*.csv", "trades_*.csv", True),
        ("trades_*.csv", "*.csv", True),
        ("trades_*.csv", "trades_2*.csv", True),
        ("trades_*.csv", "trades_*.csv.gz", False),
        ("trades_*.csv", "positions_*.csv", False),
        ("trades_*.csv", "trades_1.csv", True),
        ("trades_1.csv", "trades_1.csv", True),
        ("trades_1.csv", "trades_2.csv", False),
        ("ab*", "*bc", True),
        ("a*b", "a*c*b", True),
        ("*a*", "*b*", True),
        ("*", "*.tmp", False),
        ("x.tmp", "x*", False),
        (".x*", "*", False),
        (".x", ".x", False),
        ("*.t", "*mp", False),
        ("a*.t*mp", "a*", True),
        ("*", "*", True),
    ],
)
def test_intersect(one: str, two: str, meet: bool) -> None:
    for first, second in ((one, two), (two, one)):
        name = Pattern.parse(first).intersect(Pattern.parse(second))
        assert (name is not None) == meet
        if name is not None:
            assert Pattern.parse(first).match(name) is not None
            assert Pattern.parse(second).match(name) is not None


def test_the_example_looks_like_a_file_name() -> None:
    assert Pattern.parse("*.csv").intersect(Pattern.parse("trades_*.csv")) == "trades_1.csv"


def _steps(pattern: str, positions: frozenset[int]) -> frozenset[int]:
    """Positions reachable without a character: past a star that stands for nothing."""
    reached = set(positions)
    for position in sorted(positions):
        while position < len(pattern) and pattern[position] == "*":
            position += 1
            reached.add(position)
    return frozenset(reached)


def _after(pattern: str, positions: frozenset[int], char: str) -> frozenset[int]:
    moved = {
        position if pattern[position] == "*" else position + 1
        for position in positions
        if position < len(pattern) and pattern[position] in ("*", char)
    }
    return _steps(pattern, frozenset(moved))


def _shared_names_exist(one: str, two: str) -> bool:
    """Search of all names, letter by letter; the last four letters tell an ignored ending."""
    todo = [("", _steps(one, frozenset([0])), _steps(two, frozenset([0])))]
    seen = set(todo)
    while todo:
        tail, in_one, in_two = todo.pop()
        if tail and len(one) in in_one and len(two) in in_two and not tail.endswith(".tmp"):
            return True
        for char in ".tmpabx":
            if not tail and char == ".":
                continue
            state = ((tail + char)[-4:], _after(one, in_one, char), _after(two, in_two, char))
            if state[1] and state[2] and state not in seen:
                seen.add(state)
                todo.append(state)
    return False


@given(PATTERNS, PATTERNS)
def test_intersect_is_exact(one: Pattern, two: Pattern) -> None:
    name = one.intersect(two)
    assert (name is not None) == _shared_names_exist(one.text, two.text)
    for example_name in one.examples(two):
        assert one.match(example_name) is not None
        assert two.match(example_name) is not None


@given(PATTERNS, PATTERNS, st.data())
def test_a_pattern_that_covers_another_matches_all_its_names(
    wide: Pattern, narrow: Pattern, data: st.DataObject
) -> None:
    stars = [data.draw(NAMES) for _ in range(narrow.star_count)]
    name = narrow.fill(stars)
    assume(not is_ignored(name))
    if wide.covers(narrow):
        assert wide.match(name) is not None


@given(PATTERNS, PATTERNS)
def test_a_pattern_that_does_not_cover_another_misses_one_of_its_names(
    wide: Pattern, narrow: Pattern
) -> None:
    if not wide.covers(narrow):
        # A letter that is in no pattern can only be taken up by a star.
        name = narrow.fill(["\u2603"] * narrow.star_count)
        assert narrow.match(name) is not None
        assert wide.match(name) is None


@given(PATTERNS)
def test_matches_nothing_means_no_name_at_all(pattern: Pattern) -> None:
    assert pattern.matches_nothing == (not _shared_names_exist(pattern.text, pattern.text))


def _pairs(count: int) -> Iterator[tuple[Pattern, Pattern]]:
    patterns = [Pattern.parse(f"feed_{i}_*_{i % 7}.csv") for i in range(count)]
    for i, one in enumerate(patterns):
        for two in patterns[:i]:
            yield one, two


def test_patterns_of_one_family_do_not_meet() -> None:
    assert not [pair for pair in _pairs(60) if pair[0].intersect(pair[1]) is not None]
