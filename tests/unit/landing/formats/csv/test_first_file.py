"""Which first files make no table; and that ordinary ones do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from tests.support.hostile import dialects

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.formats.csv.first_file import require_plain
from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.pipeline.validation import validate
from airflow_landing_loader.storage.content import FileContent
from fuzzing.memory import MemoryZone


def doubt(content: str, **csv: Any) -> str | None:
    """Why a file makes no table, ``None`` if it does."""
    zone = MemoryZone({"a_1.csv": content.encode()})
    rules = {"pattern": "a_*.csv", "table": "t", "csv": csv}
    mapping = TableMapping.model_validate(rules)
    validated = validate(zone, Delivery(mapping=mapping, data=zone.file("a_1.csv")), now=1e12)
    error = refused(zone.source(validated.delivery.data), validated)
    assert error is None or error.code is ErrorCode.CSV_DOUBTFUL_FIRST_FILE
    assert error is None or "csv: {columns: [...]}" in (error.detail.hint or "")
    return None if error is None else error.detail.message


def refused(source: FileContent, validated: Validated) -> LandingError | None:
    try:
        require_plain(source, validated)
    except LandingError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("content", "csv", "why"),
    [
        ("id;amount;ccy\n1;25;EUR\n2;30;USD\n", {}, "';'"),
        ("id;amount;ccy\n", {}, "';'"),
        ("id\tname\n1\ta\n", {}, "tabs"),
        ("id|name\n1|a\n", {}, "'|'"),
        ("id,name\n1,a\n", {"delimiter": ";"}, "','"),
        ("id;name, first;x\n1;b, c;2\n", {}, "';'"),
        ("id  amount  ccy\n1   25   EUR\n2   3   USD\n", {}, "blanks"),
        ("1,25,EUR\n2,30,USD\n", {}, "values"),
        ("A1,2024-01-15,x\nA2,2024-01-16,y\n", {}, "values"),
        ("id,amount|1,25|2,30", {}, "separate records"),
        ("id,amount~a,b~c,d", {}, "separate records"),
        ("id,amount\\n1,25\\n", {}, "separate records"),
        ("id,amount@1,25@2,30@", {}, "separate records"),
        ("id,amount,ccy!1,25,EUR!2,30,USD", {}, "separate records"),
        ("id,name^x,Ann^y,Bob", {}, "separate records"),
        ("id§1§2§3", {}, "separate records"),
        ("\x89\x84kak\x95\x25ñkò\x25\n", {}, "control characters"),
        ("id,na\x1bme\n1,2\n3,4\n", {}, "control characters"),
        ("id,amount\x1e1,25\x1e", {}, "separate records"),
        ("id,amount\u20281,25\u2028", {}, "separate records"),
        ("'id','name'\n'1','a'\n", {}, "quotes"),
        ("# made by x\nid\n1\n2\n", {}, "comment"),
        ("# made by x,today\nid,name\n1,a\n2,b\n3,c\n", {}, "comment"),
        ("<html>\n<body>\n", {}, "HTML"),
        ("sep=|\n", {}, "Excel"),
    ],
)
def test_a_doubtful_first_file_makes_no_table(content: str, csv: dict[str, Any], why: str) -> None:
    found = doubt(content, **csv)
    assert found is not None
    assert why in found


@pytest.mark.parametrize(
    ("content", "csv"),
    [
        ("id,amount,ccy\n1,25,EUR\n", {}),
        ("id,amount,ccy\n", {}),
        ("id\n1\n2\n", {}),
        ("id\n", {}),
        ("name\na; b\nc\n", {}),
        ("id,Price ($),Fee ($)\n", {}),
        ("id,Amount $EUR,Fee $EUR\n", {}),
        ("Price @ open,Price @ close\n", {}),
        ('id,"ask\nprice"\n1,2\n', {}),
        ("Account Number\n1\n22\n", {}),
        ("name,city\nAda,Rome\nBob,Oslo\n", {}),
        ("country,2019,2020,2021\nIT,1,2,3\n", {}),
        ("id,2024-01,2024-02,2024-03\n1,2,3,4\n", {}),
        ("id,time\n1,12:30\n2,13:45\n", {}),
        ("id,note\n1,a;b\n2,c;d\n", {}),
        ('id,note\n1,"a;b|c"\n', {}),
        ("#chrom,pos\n1,2\n", {}),
        ("Yield %,Price (EUR),#\n1,2,3\n", {}),
        ("id;price\n1;2,5\n2;3,5\n", {"delimiter": ";"}),
        ("Year-to-date P&L,T+1,1Y,30D\n1,2,3,4\n", {}),
        ("key,a.b,c/d\n1,2,3\n", {}),
    ],
)
def test_an_ordinary_first_file_makes_its_table(content: str, csv: dict[str, Any]) -> None:
    assert doubt(content, **csv) is None


def test_what_was_promised_or_detected_is_not_asked_again() -> None:
    assert doubt("1;2\n", header=False, columns=["line"]) is None
    assert doubt("id;amount\n1;2\n2;3\n", auto=True) is None


def doubted(make: Callable[[Random], dialects.Sent], seeds: range) -> tuple[int, list[str]]:
    """How many generated files are read, and why some of them would make no table."""
    read, reasons = 0, []
    for seed in seeds:
        sent = make(Random(seed))
        zone = MemoryZone({sent.name: sent.content})
        mapping = TableMapping.model_validate({"pattern": "*", "table": "t", **sent.keys})
        try:
            validated = validate(
                zone, Delivery(mapping=mapping, data=zone.file(sent.name)), now=1e12
            )
        except LandingError:
            continue
        read += 1
        written = replace(validated, detected=None)
        error = refused(zone.source(validated.delivery.data), written)
        if error is not None:
            reasons.append(f"{seed}: {error.detail.message}")
    return read, reasons


def test_hardly_any_ordinary_table_is_doubted() -> None:
    read, reasons = doubted(dialects.ordinary_table, range(400))
    assert read > 300
    assert len(reasons) <= read // 100, reasons


def test_a_header_that_most_records_do_not_fit_makes_no_table() -> None:
    zone = MemoryZone({"a_1.csv": b"Trades report\nTotal\nid,a\n1,2\n3,4\n5,6\n"})
    rules = {"pattern": "a_*.csv", "table": "t", "on_bad_row": "reject", "max_rejected": 0.9}
    mapping = TableMapping.model_validate(rules)
    validated = validate(zone, Delivery(mapping=mapping, data=zone.file("a_1.csv")), now=1e12)
    error = refused(zone.source(validated.delivery.data), validated)
    assert error is not None
    assert "csv.skip_rows" in error.detail.message
