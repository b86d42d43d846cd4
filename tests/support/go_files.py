"""A data file and its go file, read as a look reads them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.landing.control.go_file.reading import read_go_file
from airflow_landing_loader.landing.model import Delivery, GoFileContent
from airflow_landing_loader.storage.local.zone import LocalZone

DATA = "trades_20240115.csv"
GO = "trades_20240115.go"
PROPERTIES = {"format": "properties", "row_count_key": "record_count"}
CSV = {"format": "csv", "row_count_column": 2}


def delivery(
    folder: Path,
    content: bytes | str,
    *,
    pattern: str = "trades_*.csv",
    ending: str = ".csv",
    numbers: dict[str, Any] | None = None,
    **rules: Any,
) -> Delivery:
    """Write a data file and a go file of this content; the two as they are found.

    :param pattern: of the data file; the go file's is the same with another ending.
    :param ending: of the data file.
    :param numbers: the mapping's, if it has some.
    :param rules: what the mapping says of the go file beside its pattern, as :data:`PROPERTIES`.
    """
    raw = content.encode() if isinstance(content, str) else content
    name = DATA.replace(".csv", ending)
    (folder / name).write_text("a,b\n")
    (folder / GO).write_bytes(raw)
    zone = LocalZone(str(folder))
    data, go = zone.stat(name), zone.stat(GO)
    assert data is not None
    mapping = TableMapping.model_validate(
        {
            "pattern": pattern,
            "table": "t",
            "go_file": {"pattern": pattern.replace(ending, ".go"), **rules},
            **({"numbers": numbers} if numbers else {}),
            **({"sequence": {}} if "sequence_number" in rules else {}),
        }
    )
    return Delivery(mapping=mapping, data=data, go=go)


def read(folder: Path, content: bytes | str, **rules: Any) -> GoFileContent:
    """What a go file of this content says."""
    return read_go_file(LocalZone(str(folder)), delivery(folder, content, **rules))


def refusal(folder: Path, content: bytes | str, **rules: Any) -> TerminalError:
    """Why a go file of this content is refused; file, line and hint must be told."""
    with pytest.raises(TerminalError) as caught:
        read(folder, content, **rules)
    error = caught.value
    assert error.detail.file == GO
    assert error.detail.line is not None
    assert error.detail.hint
    return error
