"""A right delivery, on which faults are made, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.generating.draft import Draft, Expected
from airflow_landing_loader.generating.packing import compression_for
from airflow_landing_loader.generating.records import record_of
from airflow_landing_loader.generating.totals import proofs_with_totals

SEVERAL = 2
"""Columns, where a fault needs more than one."""


@dataclass(frozen=True, slots=True)
class Faulty:
    """A delivery with a fault.

    :param kind: a word for it.
    """

    kind: str
    draft: Draft
    expected: Expected


@dataclass(frozen=True)
class Ground:
    """A right delivery, on which faults are made."""

    draft: Draft

    @property
    def mapping(self) -> TableMapping:
        return self.draft.mapping

    @property
    def is_packed(self) -> bool:
        return compression_for(self.mapping, self.draft.named.data) != "none"

    @property
    def ragged(self) -> ErrorCode:
        """What a record is refused by that has another number of fields than the first."""
        return ErrorCode.CSV_NO_DIALECT if self.mapping.csv.auto else ErrorCode.CSV_RAGGED

    @property
    def totalled(self) -> bool:
        """Whether totals are promised by anything."""
        return bool(proofs_with_totals(self.mapping))

    @property
    def rejects(self) -> bool:
        """Whether a record that is no good is set aside."""
        return self.mapping.on_bad_row == "reject"

    def promised(self, place: str) -> bool:
        """Whether the go file promises something: ``count``, ``size``, ``checksum``."""
        go = self.mapping.go_file
        if go is None:
            return False
        if place == "checksum":
            return go.format == "checksum" or go.checksum is not None
        return (go.count_place if place == "count" else go.size) is not None

    @property
    def counted(self) -> bool:
        """Whether a count is promised by anything."""
        mapping = self.mapping
        own = mapping.trailer or mapping.header_record or mapping.name_count
        return self.promised("count") or own is not None

    def failed(self, code: ErrorCode) -> Expected:
        """The file is refused."""
        return Expected(status="failed", code=code.value)

    def spoiled(self, code: ErrorCode) -> Expected:
        """What becomes of bytes that are not those of which the go file speaks."""
        return self.failed(ErrorCode.SIZE_WRONG if self.promised("size") else code)


def records_of(draft: Draft) -> list[str]:
    """The text of each record, without its line end."""
    return [record_of(row, draft.mapping.csv) for row in draft.rows]


Fault = Callable[[Ground], Faulty | None]
"""Makes one; ``None`` where the mapping cannot meet it."""
