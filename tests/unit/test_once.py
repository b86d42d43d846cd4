"""What is kept of a frozen value is what would be worked out for it, whatever was asked before."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.header.repeated import HeaderFinder, finder_of
from airflow_landing_loader.once import once, once_with

KEYS = st.fixed_dictionaries(
    {},
    optional={
        "delimiter": st.sampled_from([",", ";", "\t", "||"]),
        "quote": st.sampled_from(["'", ""]),
        "comments": st.just("#"),
        "mixed_line_ends": st.booleans(),
        "repeated_header": st.sampled_from(["refuse", "skip", "load"]),
    },
)
NAMES = st.lists(st.sampled_from(["id", "Name", "né", ""]), max_size=3, unique=True)


class Value:
    """Equal to each other, which must not make them one."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Value)

    def __hash__(self) -> int:
        return 0


@given(st.lists(st.tuples(KEYS, NAMES), max_size=20))
def test_kept_answers_are_the_plain_ones(asked: list[tuple[dict[str, object], list[str]]]) -> None:
    dialects = [(CsvDialect.model_validate(keys), tuple(names)) for keys, names in asked]
    for csv, names in dialects * 2:
        plain: Dialect = Dialect.of.__wrapped__(csv)  # type: ignore[attr-defined]
        assert Dialect.of(csv) == plain
        assert _state(finder_of(csv, names)) == _state(HeaderFinder(names, csv))


def _text(value: Value) -> str:
    return value.text


def _joined(value: Value, more: int) -> str:
    return f"{value.text}{more}"


def _state(finder: HeaderFinder) -> dict[str, object]:
    """All that it goes by, masks as bytes; a function stands for itself."""
    return {name: repr(value) for name, value in vars(finder).items()}


@given(st.lists(st.integers(0, 600), max_size=800))
def test_each_value_has_its_own_answer_even_if_others_are_equal_to_it(order: list[int]) -> None:
    values = [Value(str(number)) for number in range(601)]
    text_of, joined = once(_text), once_with(_joined)
    for number in order:
        assert text_of(values[number]) == str(number)
        assert joined(values[number], number % 3) == f"{number}{number % 3}"


def test_it_is_asked_once() -> None:
    asked: list[str] = []

    def note(value: Value) -> None:
        asked.append(value.text)

    text_of = once(note)
    one, other = Value("a"), Value("b")
    for value in (one, other, one, one):
        text_of(value)
    assert asked == ["a", "b"]


def test_what_it_raises_is_not_kept() -> None:
    tries: list[int] = []

    @once
    def fails_first(value: Value) -> str:
        tries.append(1)
        if len(tries) == 1:
            raise OSError("not now")
        return value.text

    value = Value("a")
    with pytest.raises(OSError, match="not now"):
        fails_first(value)
    assert fails_first(value) == "a"


def test_it_keeps_few_values() -> None:
    asked: list[str] = []

    def note(value: Value, more: str) -> None:
        asked.append(value.text + more)

    joined = once_with(note)
    value = Value("a")
    for number in (*range(1000), 0):
        joined(value, str(number))
    assert len(asked) == 1001
