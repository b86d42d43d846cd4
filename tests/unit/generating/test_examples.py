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
    ],
)
def test_a_line_is_found_by_its_expression(expression: str) -> None:
    count = 1234 if "count" in expression else None
    line = example(expression, count)
    found = compiled(expression).search(line.encode())
    assert found is not None
    assert count is None or found.group(b"count") == b"1234"


@pytest.mark.parametrize(
    ("expression", "count"), [(r"\pL+", None), ("a$b", None), (r"^(?P<count>\d)$", 12)]
)
def test_where_none_can_be_made_it_is_said(expression: str, count: int | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        example(expression, count)
    assert caught.value.code is ErrorCode.GENERATE_NO_EXAMPLE
