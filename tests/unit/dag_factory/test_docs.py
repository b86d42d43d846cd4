"""The page of a DAG, which explains its mapping."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from airflow.sdk import DAG
    from tests.support.zones import Zones


def test_the_page_of_a_dag_explains_its_mapping(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    (zones.tables / "a.yaml").write_text(
        """
p`x_*.csv:
  table: raw_p
  go_file: {pattern: p`x_*.ctl, format: csv, row_count_column: 2, status_column: 3}
  on_bad_row: reject
  on_redelivery: replace
  csv: {delimiter: ";", header: false, columns: [a, b]}
  exclude: [p`x_test_*.csv]
"""
    )
    page = str(build()["landing__raw_p"].doc_md)
    for text in ("`` p`x_*.ctl ``", "column `2`", "`SUCCESS`", "`load_rejects`", "replaces"):
        assert text.replace("`` ", "``").replace(" ``", "``") in page
    assert "`a`, `b`" in page
    assert "`';'`" in page


def test_the_page_names_control_totals(zones: Zones, build: Callable[..., dict[str, DAG]]) -> None:
    (zones.tables / "a.yaml").write_text(
        """
x_*.csv:
  table: raw_x
  go_file: {pattern: x_*.go, format: json, totals: {amount: $.sum}}
  trailer: {row_count_column: 1, totals: {account: {hash_total_at: 2, width: 10}}}
  numbers: {decimal: ",", group: ".", negative: parentheses}
"""
    )
    page = str(build()["landing__raw_x"].doc_md)
    for text in (
        "The sum of the column `amount` must be the one in `$.sum` of the go file.",
        "hash total of the column `account`, its last 10 digits, must be the one in `2` of the",
        "`,` before the fraction, groups of three digits parted by `'.'`, and less than zero as",
    ):
        assert text in page


@pytest.mark.parametrize(
    ("tag", "said"),
    [
        ("", "which begins with `TRAILER` or has a number of fields that no other record has,"),
        (", tag: END", "which begins with `END`,"),
        (", tag: false", "which has a number of fields that no other record has,"),
    ],
)
def test_the_page_says_what_tells_a_trailer_from_data(
    zones: Zones, build: Callable[..., dict[str, DAG]], tag: str, said: str
) -> None:
    mapping = f"a_*.csv: {{table: raw_a, trailer: {{row_count_column: 1{tag}}}}}\n"
    (zones.tables / "a.yaml").write_text(mapping)
    assert said in str(build()["landing__raw_a"].doc_md)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ("format: presence", "That the go file is there is all it says."),
        ("format: checksum", "The go file holds a checksum of the file as it was delivered."),
        (
            "format: json, size: $.n, business_date: $.day, status: $.s",
            "The go file's path `$.n` holds the number of bytes of the file as it was delivered. "
            "The go file's path `$.day` holds the business date. Its status, in `$.s`, must be "
            "`SUCCESS`.",
        ),
        (
            "format: properties, row_count: n, checksum: md5",
            "The go file's key `n` holds the number of records. The go file's key `md5` holds a "
            "checksum of the file as it was delivered.",
        ),
    ],
)
def test_the_page_says_what_a_go_file_says(
    zones: Zones, build: Callable[..., dict[str, DAG]], keys: str, said: str
) -> None:
    mapping = f"a_*.csv: {{table: raw_a, go_file: {{pattern: a_*.go, {keys}}}}}\n"
    (zones.tables / "a.yaml").write_text(mapping)
    page = str(build()["landing__raw_a"].doc_md)
    assert said.replace(" ", "") in page.replace("\n- ", "").replace("\n", "").replace(" ", "")


def test_the_page_says_that_the_dialect_is_detected(
    zones: Zones, build: Callable[..., dict[str, DAG]]
) -> None:
    (zones.tables / "a.yaml").write_text("a_*.csv: {table: raw_a, csv: auto}\n")
    page = str(build()["landing__raw_a"].doc_md)
    assert "The dialect is detected for each file" in page
    assert "Written as CSV" not in page
