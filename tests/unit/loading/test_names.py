from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.loading.names import OWN_COLUMNS, column_names, storable


def names(*raw: str) -> tuple[str, ...]:
    return column_names(raw, file="f.csv", line=1)


def refused(*raw: str) -> TerminalError:
    with pytest.raises(TerminalError) as caught:
        names(*raw)
    return caught.value


def test_what_bigquery_does_not_allow_becomes_an_underscore() -> None:
    assert names(" trade id ", "größe", "a.b-c", "2024", "Side") == (
        "trade_id",
        "gr__e",
        "a_b_c",
        "_2024",
        "Side",
    )


def test_composed_and_decomposed_letters_are_one_name() -> None:
    assert refused("caf\u00e9", "cafe\u0301").code is ErrorCode.HEADER_DUPLICATE_NAME


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (("a", "  "), ErrorCode.HEADER_EMPTY_NAME),
        (("Price", "price"), ErrorCode.HEADER_DUPLICATE_NAME),
        (("strasse", "Stra\u00dfe"), ErrorCode.HEADER_DUPLICATE_NAME),
        (("k", "\N{KELVIN SIGN}"), ErrorCode.HEADER_DUPLICATE_NAME),
        (("a b", "a-b"), ErrorCode.HEADER_NAME_COLLISION),
        (("_x",), ErrorCode.HEADER_RESERVED_NAME),
        (("€load_id",), ErrorCode.HEADER_RESERVED_NAME),
        (("a" * 301,), ErrorCode.HEADER_NAME_TOO_LONG),
    ],
)
def test_refused_names_say_where(raw: tuple[str, ...], code: ErrorCode) -> None:
    error = refused(*raw)
    assert error.code is code
    assert (error.detail.file, error.detail.line) == ("f.csv", 1)
    assert error.detail.hint


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=8))
def test_what_is_accepted_is_legal_and_unique(raw: list[str]) -> None:
    try:
        result = names(*raw)
    except TerminalError:
        return
    assert len({n.casefold() for n in result}) == len(raw)
    for name in result:
        assert name.isascii()
        assert name.isidentifier()
        assert name.casefold() not in OWN_COLUMNS
    assert names(*[n for n in result if not n.startswith("_")] or ["a"])


def test_undecodable_file_names_can_be_stored() -> None:
    assert storable("a\udcff.csv") == "a\\xff.csv"
    assert storable("ok é\n.csv") == "ok é\n.csv"
