"""A batch, written down before anything of it is submitted.

For warehouses that do not write rows and books in one transaction of a connection of ours; what
becomes of it stands in :mod:`~airflow_landing_loader.loading.warehouses.recovery`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any, ClassVar

from pydantic import ConfigDict, TypeAdapter

from airflow_landing_loader.codec import received, sendable
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.landing.model import Delivery, files_of
from airflow_landing_loader.loading.ledger.tables import (
    LOAD_COLUMNS,
    LOAD_DELIVERIES,
    LOAD_EVENTS,
    LOAD_METADATA,
    LOAD_QUALITY,
    LOAD_TOTALS,
    OwnTable,
    plain,
)
from airflow_landing_loader.storage.content import changed, disappeared
from airflow_landing_loader.storage.zone import Zone

# Values of our own tables as JSON has them.
_KINDS: dict[str, type | tuple[type, ...]] = {
    "VARCHAR": str,
    "BIGINT": int,
    "DOUBLE": (int, float),
    "TIMESTAMP": str,
    "VARCHAR[]": list,
}

Row = tuple[Any, ...]

# A manifest comes back from a bucket, where others may write: what goes into SQL without quotes.
_ID = re.compile(r"[0-9a-f]{1,64}")
_TYPE = re.compile(r"[A-Z][A-Z0-9]*(<[A-Z0-9<>(), ]*>)?(\([0-9]+(, [0-9]+)?\))?")


@dataclass(frozen=True)
class StagedFile:
    """A delivered file as it was when it was staged."""

    name: str
    size: int
    token: str


@dataclass(frozen=True, kw_only=True)
class Part:
    """What of one table is in the batch.

    :param columns: (name, type) of the table's columns, staged as ``c0``, ``c1``, ...; where
        ``direct``, under their own names.
    :param row_number: whether ``_row_number`` is written.
    :param direct: its rows go into the table itself, before its books.
    :param uris: staged objects.
    :param row_count: rows in them, all together.
    """

    table: str
    columns: tuple[tuple[str, str], ...]
    row_number: bool
    direct: bool
    uris: tuple[str, ...]
    row_count: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """All that is needed to bring a staged batch to its end, by whoever finds it.

    :param id: hexadecimal; also part of the names of what is made for it.
    :param parts: one for each table.
    :param files: data and go files.
    :param loads: rows of ``load_metadata``; their sequence counts from 0.
    :param load_columns: rows of ``load_columns``.
    :param load_totals: rows of ``load_totals``; an earlier release wrote none.
    :param deliveries: rows of ``load_deliveries``.
    :param load_quality: rows of that table; an earlier release has written none.
    :param events: rows of ``load_events``; none where nobody wants any.
    :param replaces: (table, load whose rows go).
    :param basis: the newest load that was known when it was decided what these loads are.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")

    id: str
    parts: tuple[Part, ...]
    files: tuple[StagedFile, ...]
    loads: tuple[Row, ...]
    load_columns: tuple[Row, ...]
    deliveries: tuple[Row, ...]
    replaces: tuple[tuple[str, str], ...]
    basis: int
    load_totals: tuple[Row, ...] = ()
    load_quality: tuple[Row, ...] = ()
    events: tuple[Row, ...] = ()

    @property
    def load_ids(self) -> list[str]:
        """The loads of the batch."""
        return [row[0] for row in self.loads]

    @property
    def tables(self) -> frozenset[str]:
        """The tables that it loads into."""
        return frozenset(part.table for part in self.parts)

    @property
    def takes_columns(self) -> bool:
        """Whether columns that belonged to nobody belong to names of the batch now."""
        owner = LOAD_COLUMNS.column_names.index("owner")
        return any(row[owner] is not None for row in self.load_columns)

    @property
    def direct(self) -> bool:
        """Whether rows go straight into the table, before their metadata."""
        return any(part.direct for part in self.parts)

    def require_files(self, landing: Zone) -> None:
        """Make sure that the files are still the ones that were staged.

        :raises TransientError: ``LANDING_DISAPPEARED`` or ``LANDING_CHANGED``.
        """
        for file in self.files:
            found = landing.stat(file.name)
            if found is None:
                raise disappeared(file.name)
            if (found.token, found.size) != (file.token, file.size):
                raise changed(file.name)

    def to_json(self) -> bytes:
        """Return it as JSON; names that are not UTF-8 come back as they were."""
        return json.dumps(asdict(self), default=plain).encode("ascii")

    @classmethod
    def from_json(cls, content: bytes) -> Manifest:
        """Read what :meth:`to_json` wrote.

        :raises TransientError: ``WAREHOUSE_UNAVAILABLE``, it is something else, or holds what would
            become part of a statement and is no name or type.
        """
        try:
            # Names need not be UTF-8, which is all that pydantic takes.
            manifest: Manifest = received(_adapter().validate_python(sendable(json.loads(content))))
        except (ValueError, RecursionError) as error:
            raise _not_ours() from error
        if not manifest._is_sound():
            raise _not_ours()
        return manifest

    def _is_sound(self) -> bool:
        types = (type_ for part in self.parts for _, type_ in part.columns)
        return (
            _ID.fullmatch(self.id) is not None
            and bool(self.parts)
            and all(_TYPE.fullmatch(type_) for type_ in types)
            and _are_rows_of(LOAD_METADATA, self.loads)
            and _are_rows_of(LOAD_COLUMNS, self.load_columns)
            and _are_rows_of(LOAD_TOTALS, self.load_totals)
            and _are_rows_of(LOAD_DELIVERIES, self.deliveries)
            and _are_rows_of(LOAD_QUALITY, self.load_quality)
            and _are_rows_of(LOAD_EVENTS, self.events)
        )


def staged_files(deliveries: Sequence[Delivery]) -> tuple[StagedFile, ...]:
    """Return the files of deliveries as a manifest keeps them, each once."""
    return tuple(
        dict.fromkeys(
            StagedFile(file.name, file.size, file.token)
            for delivery in deliveries
            for file in files_of(delivery)
        )
    )


def manifest_name(manifest_id: str) -> str:
    """Return where a manifest is written in the staging folder."""
    return f"manifests/{manifest_id}.json"


def claim_name(table: str) -> str:
    """Return where a batch says in the staging folder that it alone loads a table."""
    return f"claims/{table}"


def _not_ours() -> TransientError:
    return TransientError(
        ErrorCode.WAREHOUSE_UNAVAILABLE,
        "a manifest in the staging folder is not one that a loader wrote",
        hint="See who may write to the staging bucket, and remove the object below manifests/.",
    )


@cache
def _adapter() -> TypeAdapter[Manifest]:
    return TypeAdapter(Manifest)


def _are_rows_of(table: OwnTable, rows: tuple[Row, ...]) -> bool:
    kinds = [_KINDS[type_] for _, type_ in table.columns]
    return all(
        len(row) == len(kinds)
        and all(
            value is None or isinstance(value, kind) for value, kind in zip(row, kinds, strict=True)
        )
        for row in rows
    )
