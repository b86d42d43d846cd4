"""Types that a mapping may give a column: a closed list, and nothing that could be SQL."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from airflow_landing_loader.config.mapping.column_types import column_type
from airflow_landing_loader.loading.columns.literals import TEXT_TYPES, literal_form
from airflow_landing_loader.loading.warehouses.bigquery.values import reader_type, type_word


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("bigint", "BIGINT"),
        ("Decimal ( 018 ,4 )", "DECIMAL(18,4)"),
        ("DECIMAL(38,38)", "DECIMAL(38,38)"),
        ("timestamp", "TIMESTAMP"),
    ],
)
def test_types_are_spelled_in_one_way(text: str, type_: str) -> None:
    assert column_type(text) == type_


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("STRING", "'VARCHAR'"),
        ("int64", "'BIGINT'"),
        ("NUMERIC(10, 2)", "'DECIMAL(18, 4)'"),
        ("DECIMAL", "'DECIMAL(18, 4)'"),
        ("timestmp", "'TIMESTAMP'"),
        ("DECIMAL(0,0)", "'DECIMAL(18, 4)'"),
        ("DECIMAL(39,0)", "'DECIMAL(18, 4)'"),
        ("DECIMAL(2,3)", "DECIMAL(3,3)"),
    ],
)
def test_what_is_no_type_has_a_cure(text: str, meant: str) -> None:
    with pytest.raises(PydanticCustomError) as caught:
        column_type(text)
    assert meant in str((caught.value.context or {})["hint"])


@given(
    st.text(alphabet="BIGINTb\u0131gDECMAL(18, 4)\n;'\"\u2028", max_size=20) | st.text(max_size=30)
)
def test_only_the_list_passes(text: str) -> None:
    try:
        type_ = column_type(text)
    except PydanticCustomError:
        return
    assert re.fullmatch(r"[A-Z]+|DECIMAL\(\d{1,2},\d{1,2}\)", type_)
    assert column_type(type_) == type_
    assert type_ in TEXT_TYPES or literal_form(type_)


@given(st.integers(1, 38), st.integers(0, 38))
def test_every_decimal_is_itself_again_in_bigquery(digits: int, places: int) -> None:
    type_ = f"DECIMAL({digits}, {min(digits, places)})"
    assert reader_type(type_word(type_)) == type_
