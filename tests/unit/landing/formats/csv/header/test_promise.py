"""Names that a mapping gives by place are held against a header that is not read."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from fuzzing.memory import MemoryZone

NAMES = ["id", "bid", "ask", "filler"]


def refusal(content: str, **csv: object) -> TerminalError | None:
    """Why a file whose columns are named by their places is refused; ``None``: it is not."""
    zone = MemoryZone({"a.csv": content.encode()})
    rules = {"header": False, "columns": NAMES, **csv}
    mapping = TableMapping.model_validate({"pattern": "*", "table": "t", "csv": rules})
    try:
        inspect(zone.source(zone.file("a.csv")), mapping)
    except TerminalError as error:
        return error
    return None


@pytest.mark.parametrize(
    ("content", "csv", "line"),
    [
        ("id,ask,bid,\n2,201,200,\n", {"skip_rows": 1}, 1),
        ('\ufeff"ID";"Ask";" bid";x\n2;201;200;\n', {"skip_rows": 1, "delimiter": ";"}, 1),
        ("made by x\nbid,id,ask,\n200,2,201,\n", {"skip_rows": 2}, 2),
        ("id|ask|bid|\r\n--|---|---|\r\n2|201|200|\r\n", {"skip_rows": 2, "delimiter": "|"}, 1),
        ("ask,bid,id", {"skip_rows": 1}, 1),
        ("ask,bid\n2,201,200,\n", {"skip_rows": 1}, 1),
        ("id,new,bid,ask\n2,x,200,201\n", {"skip_rows": 1}, 1),
        ("ask,bid,id,filler\n201,200,2,\n", {}, 1),
        ("\nid,ask,bid,filler\n2,201,200,\n", {"repeated_header": "skip"}, 2),
        ("ID;Ask!;Bid %;Filler\n2;201;200;\n", {"skip_rows": 1, "delimiter": ";"}, 1),
        ("ask price,bid price\n201,200\n", {"columns": ["bid_price", "Ask-Price"]}, 1),
        ("Ask %,Bid %\n201,200\n", {"skip_rows": 1, "columns": ["Bid__", "Ask__"]}, 1),
    ],
)
def test_columns_in_another_order_are_refused(content: str, csv: dict[str, Any], line: int) -> None:
    error = refusal(content, **csv)
    assert error is not None
    assert (error.code, error.detail.line) == (ErrorCode.HEADER_NOT_AS_PROMISED, line)
    read_it = "csv.header: true" if line > csv.get("skip_rows", 0) - 1 else "in the order of line 1"
    assert read_it in (error.detail.hint or "")


@pytest.mark.parametrize(
    ("content", "csv"),
    [
        ("id,bid,ask,\n2,200,201,\n", {"skip_rows": 1}),
        ("no,geld,brief,\n2,200,201,\n", {"skip_rows": 1}),
        ("bid,ask,filler\n2,200,201,\n", {"skip_rows": 1}),
        ("Bid and ask\n\n2,200,201,\n", {"skip_rows": 2}),
        ("ask,,,\n2,200,201,\n", {"skip_rows": 1}),
        ('"never closed, bid, id\n2,200,201,\n', {"skip_rows": 1}),
        ("2,bid,ask,x\n", {}),
        ("ask,bid,id,filler\n201,200,2,\n", {"repeated_header": "load"}),
        ("2,200,201,\nask,bid,id,filler\n", {}),
        ("a_b,ab\n1,2\n", {"columns": ["ab", "a_c"]}),
        ("a b,ab\n1,2\n", {"columns": ["ab", "a_b"]}),  # their letters do not tell them apart
    ],
)
def test_what_says_nothing_of_places_is_passed_over(content: str, csv: dict[str, object]) -> None:
    assert refusal(content, **csv) is None


def test_under_reject_it_is_not_one_bad_row() -> None:
    zone = MemoryZone({"a.csv": b"ask,bid,id,filler\n201,200,2,\n201,200,3,\n"})
    rules = {"header": False, "columns": NAMES}
    keys = {"pattern": "*", "table": "t", "on_bad_row": "reject", "max_rejected": 0.9}
    mapping = TableMapping.model_validate({**keys, "csv": rules})
    with pytest.raises(TerminalError, match=r"header\.not_as_promised"):
        inspect(zone.source(zone.file("a.csv")), mapping)
