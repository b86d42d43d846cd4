"""Data files of a few bytes, inspected from the disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorDetail, TerminalError
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from airflow_landing_loader.landing.model import Inspection
from tests.support.hostile.delivered import source_at


def mapping(*, csv: dict[str, Any] | None = None, **keys: Any) -> TableMapping:
    """A mapping with these keys.

    :param csv: the dialect; what the mapping has by default, if there is none.
    """
    return TableMapping.model_validate(
        {"pattern": "*.csv", "table": "t", **keys, **({"csv": csv} if csv else {})}
    )


class Landing:
    """A landing folder in which a test puts files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, data: bytes, name: str = "t.csv") -> str:
        """Write a file, and return its path."""
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def inspect(self, data: bytes, name: str = "t.csv", **keys: Any) -> Inspection:
        """What is found in a file, by a mapping with these keys."""
        return inspect(source_at(self.put(data, name)), mapping(**keys))

    def refused(self, data: bytes, name: str = "t.csv", **keys: Any) -> ErrorDetail:
        """Why a file is refused, which must be told in whole sentences with a hint."""
        with pytest.raises(TerminalError) as caught:
            self.inspect(data, name, **keys)
        detail = caught.value.detail
        assert detail.file == name
        assert detail.hint
        assert detail.message.endswith(".")
        return detail

    def code(self, data: bytes, name: str = "t.csv", **keys: Any) -> tuple[str, int | None]:
        """Code and line of what a file is refused for."""
        detail = self.refused(data, name, **keys)
        return detail.code, detail.line
