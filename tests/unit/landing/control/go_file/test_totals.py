"""Totals in go files of all forms, written as the sender writes numbers."""

from __future__ import annotations

import codecs
from pathlib import Path
from typing import Any

import pytest
from tests.support.go_files import DATA, read, refusal

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.model import Total

GERMAN = {"decimal": ",", "group": ".", "negative": "trailing_minus"}


def totals(folder: Path, content: bytes | str, **rules: Any) -> list[tuple[str, str, str | None]]:
    found = read(folder, content, **rules).totals
    return [(total.column, total.kind, total.value) for total in found]


@pytest.mark.parametrize(
    ("form", "place", "content"),
    [
        ("properties", "sum", "sum = 1234.50\n"),
        ("csv", 2, f"{DATA},1234.50\n"),
        ("csv", "sum", "file,sum\nx,1234.500\n"),
        ("json", "$.sum", '{"sum": 1234.50}'),
        ("json", "$.sum", '{"sum": "1234.50"}'),
        ("json", "$.files[*].sum", f'{{"files": {{"{DATA}": {{"sum": 1234.5}}, "b.csv": {{}}}}}}'),
    ],
)
def test_a_sum_alone_is_a_proof(tmp_path: Path, form: str, place: Any, content: str) -> None:
    rules = {"format": form, "totals": {"amount": place}}
    assert totals(tmp_path, content, **rules) == [("amount", "sum", "1234.5")]


def test_all_kinds_of_several_columns(tmp_path: Path) -> None:
    kinds = ("sum", "min", "max", "distinct", "hash_total")
    places = {f"{kind}_at": number for number, kind in enumerate(kinds, start=1)}
    found = read(
        tmp_path,
        "-1.50,-2,,7,0012\n",
        format="csv",
        totals={"a": {**places, "width": 4}, "b": 4},
    )
    assert found.totals == (
        Total(column="a", kind="sum", value="-1.5"),
        Total(column="a", kind="min", value="-2"),
        Total(column="a", kind="max", value=None),
        Total(column="a", kind="distinct", value="7"),
        Total(column="a", kind="hash_total", value="12", width=4),
        Total(column="b", kind="sum", value="7"),
    )


@pytest.mark.parametrize("digits", ["9" * 400 + "." + "1" * 400, "0.1", "-12345678901234567890"])
def test_numbers_of_json_keep_all_their_digits(tmp_path: Path, digits: str) -> None:
    rules = {"format": "json", "totals": {"n": "$.n"}}
    assert totals(tmp_path, f'{{"n": {digits}}}', **rules) == [("n", "sum", digits)]


def test_a_number_of_json_has_its_own_form(tmp_path: Path) -> None:
    rules: dict[str, Any] = {"format": "json", "totals": {"n": "$.n"}, "numbers": GERMAN}
    assert totals(tmp_path, '{"n": -1.5}', **rules) == [("n", "sum", "-1.5")]
    assert totals(tmp_path, '{"n": "1.234,5-"}', **rules) == [("n", "sum", "-1234.5")]
    assert refusal(tmp_path, '{"n": "1234.5"}', **rules).code is ErrorCode.GO_FILE_BAD_TOTAL


@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig", "cp037", "windows-1252"])
def test_go_files_in_other_encodings(tmp_path: Path, encoding: str) -> None:
    content = "sum=1.234,50\n".encode(encoding)
    assert encoding != "utf-16" or content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    rules = {"format": "properties", "encoding": encoding, "totals": {"n": "sum"}}
    assert totals(tmp_path, content, numbers=GERMAN, **rules) == [("n", "sum", "1234.5")]


@pytest.mark.parametrize(
    "text", ["1e3", "true", '""', '"x"', '"1,5"', '" "', "1E2", '"NaN"', f'"{"1" * 1001}"']
)
def test_what_is_no_total(tmp_path: Path, text: str) -> None:
    rules = {"format": "json", "totals": {"n": "$.n"}}
    error = refusal(tmp_path, f'{{\n"n": {text}}}', **rules)
    assert (error.code, error.detail.line) == (ErrorCode.GO_FILE_BAD_TOTAL, 2)
    assert "The sum of the column 'n'" in error.detail.message


@pytest.mark.parametrize("content", ["{}", '{"n": null}', '{"n": [1]}'])
def test_what_is_not_there(tmp_path: Path, content: str) -> None:
    rules = {"format": "json", "totals": {"n": {"min_at": "$.n"}}}
    assert refusal(tmp_path, content, **rules).code is ErrorCode.GO_FILE_NO_KEY


def test_totals_that_contradict_each_other(tmp_path: Path) -> None:
    rules = {"format": "properties", "totals": {"n": "sum"}}
    assert refusal(tmp_path, "sum=1\nsum=2\n", **rules).code is ErrorCode.GO_FILE_BAD_TOTAL
