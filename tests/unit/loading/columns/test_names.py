from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.loading.columns.names import (
    OWN_COLUMNS,
    FileColumn,
    _file_columns,
    file_columns,
)


def columns(*raw: str, rename: dict[str, str] | None = None) -> tuple[FileColumn, ...]:
    return file_columns([clean_name(name) for name in raw], rename, file="f.csv", line=1)


def names(*raw: str) -> tuple[str, ...]:
    return tuple(column.column for column in columns(*raw))


def refused(*raw: str) -> TerminalError:
    with pytest.raises(TerminalError) as caught:
        names(*raw)
    return caught.value


def test_what_bigquery_does_not_allow_becomes_an_underscore() -> None:
    assert names(" trade id ", "a.b-c", "2024", "Side", "Yield %", "🚀") == (
        "trade_id",
        "a_b_c",
        "_2024",
        "Side",
        "Yield__",
        "_",
    )


def test_letters_marks_and_numbers_of_all_scripts_stay() -> None:
    raw = ("größe", "Дата", "取引日", "كمية", "תאריך", "मूल्य", "ราคา", "数量②", "가격")
    assert names(*raw) == raw


def test_names_that_bigquery_keeps_for_itself_get_an_underscore() -> None:
    raw = (
        "_PARTITIONTIME",
        "_table_x",
        "_FILE_NAME",
        "_Row_Timestamp",
        "__ROOT__",
        "_COLIDENTIFIER",
    )
    assert names(*raw) == tuple(f"_{name}" for name in raw)


def test_only_our_own_names_are_refused() -> None:
    raw = ("_id", "_sdc_batched_at", "__x", "_", "select", "order", "rowid", "c0", "load_id")
    assert names(*raw) == raw
    for own in (*OWN_COLUMNS, "_LOAD_ID", "€load_id", " -extra"):
        assert refused(own).code is ErrorCode.HEADER_RESERVED_NAME


def test_what_cannot_be_seen_at_the_edges_is_no_part_of_a_name() -> None:
    assert names("\ufeffid", " \u200b\ufeff name\u2060\u200f ", "\xada\u200bb\xad") == (
        "id",
        "name",
        "a_b",
    )
    assert refused("\u200b\ufeff").code is ErrorCode.HEADER_EMPTY_NAME


def test_composed_and_decomposed_letters_are_one_name() -> None:
    assert refused("caf\u00e9", "cafe\u0301").code is ErrorCode.HEADER_DUPLICATE_NAME


def test_a_name_of_the_mapping_stands_beside_the_senders() -> None:
    found = columns(
        "_load_id",
        "",
        "Yield $",
        "b",
        rename={"": "filler", "YIELD $": "usd", "_load_id": "their id"},
    )
    assert found == (
        FileColumn("_load_id", "their id", "their_id", renamed=True),
        FileColumn("", "filler", "filler", renamed=True),
        FileColumn("Yield $", "usd", "usd", renamed=True),
        FileColumn("b", "b", "b"),
    )


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (("a", "  "), ErrorCode.HEADER_EMPTY_NAME),
        (("Price", "price"), ErrorCode.HEADER_DUPLICATE_NAME),
        (("strasse", "Stra\u00dfe"), ErrorCode.HEADER_DUPLICATE_NAME),
        (("k", "\N{KELVIN SIGN}"), ErrorCode.HEADER_DUPLICATE_NAME),
        (("a b", "a-b"), ErrorCode.HEADER_NAME_COLLISION),
        (("€load_id",), ErrorCode.HEADER_RESERVED_NAME),
        (("a" * 301,), ErrorCode.HEADER_NAME_TOO_LONG),
    ],
)
def test_refused_names_say_where_and_that_they_can_be_renamed(
    raw: tuple[str, ...], code: ErrorCode
) -> None:
    error = refused(*raw)
    assert error.code is code
    assert (error.detail.file, error.detail.line) == ("f.csv", 1)
    assert "csv.rename" in (error.detail.hint or "")


@pytest.mark.parametrize("header", [("a", "b"), ("B", "a")])
def test_a_new_name_that_is_in_use_is_told_as_such(header: tuple[str, str]) -> None:
    with pytest.raises(TerminalError) as caught:
        columns(*header, rename={"a": "b"})
    assert caught.value.code is ErrorCode.HEADER_DUPLICATE_NAME
    assert "csv.rename" in caught.value.detail.message
    assert "csv.columns" not in (caught.value.detail.hint or "")


@given(st.lists(st.text(min_size=1, max_size=20), min_size=1, max_size=8))
def test_what_is_accepted_is_legal_and_unique(raw: list[str]) -> None:
    try:
        result = names(*raw)
    except TerminalError:
        return
    assert len({same(n) for n in result}) == len(raw)
    for name in result:
        assert all(c == "_" or unicodedata.category(c)[0] in "LMN" for c in name)
        assert name[0] == "_" or name[0].isalpha()
        assert unicodedata.is_normalized("NFC", name)
        assert name.casefold() not in OWN_COLUMNS
    # A name that is one stays as it is.
    assert names(*result) == result


RENAMES = st.dictionaries(st.sampled_from("ab"), st.sampled_from(("a", "b", "c", "A")), max_size=2)
HEADERS = st.lists(st.tuples(st.lists(st.sampled_from("abc"), max_size=3), RENAMES), max_size=40)


@given(HEADERS)
def test_columns_that_are_remembered_are_those_that_naming_anew_gives(
    headers: list[tuple[list[str], dict[str, str]]],
) -> None:
    def named(work: Callable[[], object]) -> object:
        try:
            return work()
        except TerminalError as error:
            return error.code, error.detail.message

    for some, rename in headers:
        plain = partial(_file_columns.__wrapped__, tuple(some), tuple(rename.items()), ())
        assert named(partial(file_columns, some, rename, file="f.csv")) == named(plain)
