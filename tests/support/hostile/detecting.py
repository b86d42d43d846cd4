"""Files in memory, and their inspection as the validation does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.formats.csv.detection.detect import with_dialect
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from airflow_landing_loader.landing.model import Inspection


@dataclass(frozen=True)
class Held:
    """A delivered file in memory: a source, and its open bytes."""

    name: str
    content: bytes
    token: str = ""

    @property
    def size(self) -> int:
        return len(self.content)

    def open(self) -> Held:
        return self

    def read_at(self, size: int, position: int) -> bytes:
        return self.content[position : position + size]

    def close(self) -> None:
        pass


def inspected(source: Held, **keys: Any) -> tuple[TableMapping, Inspection]:
    """The mapping with the dialect of a file, and what the file holds.

    :raises TerminalError: it is refused.
    """
    written = TableMapping.model_validate({"pattern": "a_*", "table": "raw_a", **keys})
    mapping = with_dialect(source, written)
    assert not mapping.csv.auto
    return mapping, inspect(source, mapping)
