"""Expressions of mappings over lines that are made to take for ever."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from pydantic import ValidationError
from tests.support.hostile.delivered import source_at

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.inspection import inspect


@pytest.mark.parametrize("match", ["^(a+)+$", "(a|a)*b$", "(.*)(.*)(.*)(.*)[^a]$", "^(a|aa)+$"])
@pytest.mark.parametrize("key", ["data_start", "data_end", "skip_lines"])
def test_a_hostile_line_takes_no_time(tmp_path: Path, match: str, key: str) -> None:
    """With Python's own engine none of them ends within a lifetime."""
    (tmp_path / "t.csv").write_bytes(b"a" * 500_000 + b"!\n" + b"a" * 500_000 + b"!a\n")
    csv = {key: {"match": match}}
    mapping = TableMapping.model_validate({"pattern": "*", "table": "t", "csv": csv})
    with suppress(TerminalError):  # what is found differs; that it comes back is what matters
        inspect(source_at(tmp_path / "t.csv"), mapping)


@pytest.mark.parametrize(
    "match", [r"(a)\1", "(?=a)", "(?<!a)b", "(a", "a{1001}", "((a{100}){100}){100}", r"\A", "(?m)$"]
)
def test_what_cannot_be_run_so_is_refused(match: str) -> None:
    csv = {"data_end": {"match": match}}
    with pytest.raises(ValidationError) as caught:
        TableMapping.model_validate({"pattern": "*", "table": "t", "csv": csv})
    assert [error["type"] for error in caught.value.errors()] == [ErrorCode.MAPPING_BAD_VALUE]
