from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import CsvDialect, Trailer
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.control.numbers import NumberForm
from airflow_landing_loader.landing.control.trailer import (
    LastRecord,
    has_tag,
    no_record,
    read_trailer,
)
from airflow_landing_loader.landing.formats.csv.counter import beginnings
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.model import TrailerContent

COLUMNS = 4


def read(
    *fields: str, ended: bool = True, ragged: bool = False, **trailer: object
) -> TrailerContent:
    rules = Trailer.model_validate({"row_count_column": 1, **trailer})
    last = LastRecord(fields=fields, ended=ended, file="t.csv", line=9)
    return read_trailer(last, rules, COLUMNS, NumberForm(), ragged=ragged)


def refused(*fields: str, ended: bool = True, ragged: bool = False, **trailer: object) -> ErrorCode:
    with pytest.raises(TerminalError) as caught:
        read(*fields, ended=ended, ragged=ragged, **trailer)
    assert (caught.value.detail.file, caught.value.detail.line) == ("t.csv", 9)
    return caught.value.code


def test_the_tag_is_not_counted() -> None:
    expected = TrailerContent(expected_records=2, tag="TRAILER", line=9)
    assert read("TRAILER", "2", "EOF") == expected
    assert read("TRAILER", "x", "2", row_count_column=2) == expected
    assert read("TRAILER", "2", tag="TRAILER") == expected


def test_without_a_tag_counting_begins_at_the_first_field() -> None:
    assert read("2", tag=False) == TrailerContent(expected_records=2, tag=None, line=9)
    assert read("x", " 007 ", tag=False, row_count_column=2).expected_records == 7


def test_a_trailer_may_have_as_many_fields_as_the_data_if_its_tag_is_known() -> None:
    assert read("T", "3", "", "", tag="T").expected_records == 3
    assert read("TRAILER", "3", "", "").expected_records == 3
    assert refused("T", "3", "", "") is ErrorCode.TRAILER_MISSING
    assert refused("3", "", "", "", tag=False) is ErrorCode.TRAILER_MISSING


def test_the_beginning_of_a_data_record_is_no_trailer() -> None:
    assert refused("R", "3", ended=False) is ErrorCode.TRAILER_MISSING
    assert refused("3", ended=False, tag=False) is ErrorCode.TRAILER_MISSING
    assert read("R", "3", "", "", "", ended=False).expected_records == 3
    assert read("TRAILER", "3", ended=False).expected_records == 3
    assert read("T", "3", ended=False, tag="T").expected_records == 3


def test_where_data_may_have_any_number_of_fields_only_the_tag_counts() -> None:
    assert refused("R", "3", ragged=True) is ErrorCode.TRAILER_MISSING
    assert refused("R", "3", "", "", "", ragged=True) is ErrorCode.TRAILER_MISSING
    assert read("TRAILER", "3", ragged=True).expected_records == 3
    assert read("T", "3", ragged=True, tag="T").expected_records == 3


def test_the_cure_for_a_trailer_that_may_be_data_is_its_tag() -> None:
    with pytest.raises(TerminalError, match="tag: TRAILER"):
        read("T", "3", "", "")
    with pytest.raises(TerminalError, match="go file"):
        read("3", "", "", "", tag=False)


@pytest.mark.parametrize("tag", [None, False])
def test_a_last_record_like_data_means_that_the_trailer_is_missing(tag: object) -> None:
    assert refused("a", "b", "c", "d", tag=tag) is ErrorCode.TRAILER_MISSING
    assert refused("1", "2", "3", "4", tag=tag, row_count_column=5) is ErrorCode.TRAILER_MISSING
    assert refused("a", "b", "c", "d", tag="T") is ErrorCode.TRAILER_MISSING


def test_a_tag_must_match_exactly() -> None:
    for first in ("t", " T", "T ", "TRAILER", "X", ""):
        assert refused(first, "1", tag="T") is ErrorCode.TRAILER_WRONG_TAG


def test_too_few_fields_mean_a_cut() -> None:
    assert refused("T") is ErrorCode.TRAILER_CUT
    assert refused("T", tag="T") is ErrorCode.TRAILER_CUT
    assert refused("TRAI", tag="TRAILER") is ErrorCode.TRAILER_CUT
    assert refused("T", "1", row_count_column=2) is ErrorCode.TRAILER_CUT
    assert refused("T", "", tag="T", ended=False) is ErrorCode.TRAILER_CUT
    assert refused("T", "", tag="T", ended=True) is ErrorCode.TRAILER_BAD_COUNT
    assert refused("1", tag=False, row_count_column=2) is ErrorCode.TRAILER_CUT
    assert refused("T", "b", "c", "d", tag="T", row_count_column=4) is ErrorCode.TRAILER_CUT


@pytest.mark.parametrize(
    "count",
    [
        "",
        " ",
        "-1",
        "+1",
        "1.0",
        "1e3",
        "1_000",
        "1,000",
        "0x1",
        "one",
        "١",  # noqa: RUF001
        "²",
        "1 2",
        "nan",
        "\xa01",
        "\f1",
    ],
)
def test_a_count_is_plain_digits(count: str) -> None:
    assert refused("T", count) is ErrorCode.TRAILER_BAD_COUNT
    assert refused("T", count, "", "", tag="T") is ErrorCode.TRAILER_BAD_COUNT


def test_a_count_has_a_largest_value() -> None:
    assert read("T", str(2**63 - 1)).expected_records == 2**63 - 1
    assert read("T", "0" * 10_000 + "5").expected_records == 5
    assert refused("T", str(2**63)) is ErrorCode.TRAILER_BAD_COUNT
    assert refused("T", "9" * 10_000) is ErrorCode.TRAILER_BAD_COUNT


def test_what_a_person_may_not_see_is_kept_apart() -> None:
    with pytest.raises(TerminalError) as caught:
        read("T", "secret")
    assert "secret" not in str(caught.value)
    assert caught.value.detail.value == "secret"


@pytest.mark.parametrize(
    ("tag", "csv", "texts"),
    [
        ("T", {}, (b"T,", b'"T",')),
        (None, {}, (b"TRAILER,", b'"TRAILER",')),
        (False, {}, ()),
        ("T", {"quote": ""}, (b"T,",)),
        ("a,b", {"delimiter": ","}, (b'"a,b",',)),
        ('a"b', {}, (b'a"b,', b'"a""b",')),
        ('a\\"', {"escape": "\\"}, (b'a\\",', b'"a\\\\\\"",')),
    ],
)
def test_how_a_record_with_the_tag_begins(
    tag: object, csv: dict[str, str], texts: tuple[bytes, ...]
) -> None:
    trailer = Trailer.model_validate({"row_count_column": 1, "tag": tag})
    dialect = Dialect.of(CsvDialect.model_validate(csv))
    assert beginnings(trailer, dialect) == texts


def test_has_tag() -> None:
    assert has_tag(("T", "1"), Trailer(row_count_column=1, tag="T"))
    assert not has_tag(("T", "1"), Trailer(row_count_column=1))
    assert not has_tag(("U",), Trailer(row_count_column=1, tag="T"))


def test_no_record() -> None:
    error = no_record("t.csv", 3)
    assert (error.code, error.detail.line) == (ErrorCode.TRAILER_MISSING, 3)


@given(st.lists(st.text(), min_size=1, max_size=6), st.integers(1, 6), st.sampled_from(("T", None)))
def test_any_record_is_a_trailer_or_explained(
    fields: list[str], column: int, tag: str | None
) -> None:
    try:
        found = read(*fields, row_count_column=column, tag=tag)
    except TerminalError as error:
        assert error.detail.code.startswith("trailer.")  # noqa: PT017
    else:
        assert found.expected_records == int(fields[column])
        assert found.tag == fields[0]
