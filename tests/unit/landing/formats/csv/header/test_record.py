from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.header.record import column_names, split

RFC = Dialect.of(CsvDialect())


def texts(record: str, dialect: Dialect) -> tuple[str, ...]:
    return tuple(field.text for field in split(record, dialect))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("", ("",)),
        ("a", ("a",)),
        (",", ("", "")),
        ("a,", ("a", "")),
        ('"a","b,""c"""', ("a", 'b,"c"')),
        ('"",x', ("", "x")),
        ('"a\r\nb",""', ("a\r\nb", "")),
        (" a , b ", (" a ", " b ")),
        ("é,€", ("é", "€")),
    ],
)
def test_fields(record: str, expected: tuple[str, ...]) -> None:
    assert texts(record, RFC) == expected


def test_fields_of_other_dialects() -> None:
    assert texts('a"b\\,"c"', Dialect(b",", None, None)) == ('a"b\\', '"c"')
    escaped = Dialect.of(CsvDialect(escape="\\"))
    assert texts('"a\\"b\\\\",\\c', escaped) == ('a"b\\', "\\c")
    assert texts("a|||b||", Dialect(b"||", None, None)) == ("a", "|b", "")


@given(st.lists(st.text(), min_size=1), st.sampled_from((CsvDialect(), CsvDialect(escape="\\"))))
def test_written_fields_come_back(fields: list[str], csv: CsvDialect) -> None:
    escape = csv.escape or '"'
    escaped = [f.replace(escape, escape * 2).replace('"', escape + '"') for f in fields]
    if escape == '"':
        escaped = [f.replace('"', '""') for f in fields]
    record = ",".join(f'"{f}"' for f in escaped)
    assert texts(record, Dialect.of(csv)) == tuple(fields)


def test_names_are_trimmed_and_composed() -> None:
    assert column_names(' id ,"  Cafe\u0301",\u00a0', RFC) == ("id", "Caf\u00e9", "")
