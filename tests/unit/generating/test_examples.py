"""A line that an expression finds is made, or it is said that none could be."""

from __future__ import annotations

import pytest

from airflow_landing_loader.config.mapping.expressions import compiled
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.generating.examples import example


@pytest.mark.parametrize(
    "expression",
    [
        "END",
        "^-",
        "^[-,;|]+$",
        r"^\((?P<count>\d+)\s+of [a-z]+\)",
        r"^(?i:total|sum):? *(?P<count>\d{1,9})\b",
        r"^[^0-9]{3}(?P<count>[0-9]+)\W\S\D$",
        r"^(HDR|H)[|;](?P<count>\d+).*$",
        r"(?P<count>\d+) rows?",
        r"^T(?P<count>\d+)[|](?:sum|total)=(?P<sum>[-0-9,]*)$",
    ],
)
def test_a_line_is_found_by_its_expression(expression: str) -> None:
    groups = {"count": "1234"} if "<count>" in expression else {}
    groups |= {"sum": "-5,00"} if "<sum>" in expression else {}
    line = example(expression, groups)
    found = compiled(expression).search(line.encode())
    assert found is not None
    assert {name: found.group(name.encode()).decode() for name in groups} == groups


@pytest.mark.parametrize(
    ("expression", "groups"),
    [
        (r"\pL+", {}),
        ("a$b", {}),
        (r"^(?P<count>\d)$", {"count": "12"}),
        (r"(?P<count>\d+)(?P<sum>\d+)", {"count": "12", "sum": "34"}),
    ],
)
def test_where_none_can_be_made_it_is_said(expression: str, groups: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        example(expression, groups)
    assert caught.value.code is ErrorCode.GENERATE_NO_EXAMPLE
