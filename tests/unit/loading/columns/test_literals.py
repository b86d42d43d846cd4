from __future__ import annotations

import duckdb
import pytest

from airflow_landing_loader.loading.columns.literals import literal_form

CASES = {
    "INTEGER": (["0", "-12", "+7", "007"], ["12.7", "1e3", "1_000", " 1", "abc", "99999999999"]),
    "UTINYINT": (["255"], ["256", "-1"]),
    "DECIMAL(10,2)": (["1.5", "-0.05", ".5", "3.", "12345678"], ["1.555", "1e2", "123456789"]),
    "DECIMAL(5,0)": (["12345"], ["1.0", "123456"]),
    "DOUBLE": (["1.5e-3", "-2", ".5"], ["nan", "inf", "1,5", "0x1F"]),
    "BOOLEAN": (["true", "FALSE"], ["1", "yes", "t", ""]),
    "DATE": (["2024-02-29"], ["2023-02-29", "29.02.2024", "2024-2-9", "2024-01-01 00:00:00"]),
    "TIME": (["23:59:59.123456"], ["24:00:01", "9:00:00", "12:00"]),
    "TIMESTAMP": (
        ["2024-01-01 12:00:00", "2024-01-01T12:00:00.5"],
        ["2024-01-01", "2024-01-01 12:00:00.1234567", "2024-01-01 12:00:00+01:00"],
    ),
    "TIMESTAMP WITH TIME ZONE": (
        ["2024-01-01 12:00:00Z", "2024-01-01T12:00:00+05:30"],
        ["2024-01-01 12:00:00", "2024-01-01 12:00:00 Europe/Rome"],
    ),
    "UUID": (["6f0d1c9e-5b1e-5c43-9d55-0a4f1b1f7a10"], ["6f0d1c9e5b1e5c439d550a4f1b1f7a10"]),
}


@pytest.mark.parametrize("column_type", CASES)
def test_only_the_documented_form_is_taken(column_type: str) -> None:
    form = literal_form(column_type)
    assert form is not None
    good, bad = CASES[column_type]
    for value in good + bad:
        row = duckdb.execute(
            f"SELECT regexp_full_match($1, $2) AND TRY_CAST($1 AS {column_type}) IS NOT NULL",
            [value, form.pattern],
        ).fetchone()
        assert row == (value in good,), value


@pytest.mark.parametrize("column_type", ["INTEGER[]", "STRUCT(a INTEGER)", "BLOB", "INTERVAL"])
def test_other_types_cannot_be_loaded(column_type: str) -> None:
    assert literal_form(column_type) is None
