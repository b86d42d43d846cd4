"""A batch, written down before anything of it is submitted."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.source import changed, disappeared
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.loading.bigquery.values import plain

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
    :param direct: the load job writes into the table itself.
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

    :param id: hexadecimal; also in the names of its objects, staging tables and jobs.
    :param parts: one for each table; if one is ``direct``, it is the only one.
    :param files: data and go files.
    :param loads: rows of ``load_metadata``; their sequence counts from 0.
    :param load_columns: rows of ``load_columns``.
    :param deliveries: rows of ``load_deliveries``.
    :param replaces: (table, load whose rows go).
    :param basis: the newest load that was known when it was decided what these loads are.
    """

    id: str
    parts: tuple[Part, ...]
    files: tuple[StagedFile, ...]
    loads: tuple[Row, ...]
    load_columns: tuple[Row, ...]
    deliveries: tuple[Row, ...]
    replaces: tuple[tuple[str, str], ...]
    basis: int

    @property
    def load_ids(self) -> list[str]:
        """The loads of the batch."""
        return [row[0] for row in self.loads]

    @property
    def tables(self) -> frozenset[str]:
        """The tables that it loads into."""
        return frozenset(part.table for part in self.parts)

    @property
    def direct(self) -> bool:
        """Whether rows go straight into the table, before their metadata."""
        return self.parts[0].direct

    def stage(self, index: int) -> str:
        """Name of a part's staging table, in the default dataset."""
        return f"_landing_stage_{self.id}_{index}"

    def job_name(self, step: str) -> str:
        """Name of one of its jobs; the attempt comes behind it."""
        return f"landing_loader_{self.id}_{step}"

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
            manifest = cls._read(json.loads(content))
            types = [type_ for part in manifest.parts for _, type_ in part.columns]
            fits = _ID.fullmatch(manifest.id) and all(_TYPE.fullmatch(type_) for type_ in types)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise _not_ours() from error
        if not fits:
            raise _not_ours()
        return manifest

    @classmethod
    def _read(cls, fields: dict[str, Any]) -> Manifest:
        for name in ("loads", "load_columns", "deliveries", "replaces"):
            fields[name] = tuple(tuple(row) for row in fields[name])
        fields["files"] = tuple(StagedFile(**file) for file in fields["files"])
        fields["parts"] = tuple(_part(part) for part in fields["parts"])
        return cls(**fields)


def staged_files(deliveries: Sequence[Delivery]) -> tuple[StagedFile, ...]:
    """Return the files of deliveries as a manifest keeps them."""
    return tuple(
        StagedFile(file.name, file.size, file.token)
        for delivery in deliveries
        for file in (delivery.data, delivery.go)
        if file is not None
    )


def _not_ours() -> TransientError:
    return TransientError(
        ErrorCode.WAREHOUSE_UNAVAILABLE,
        "a manifest in the staging folder is not one that a loader wrote",
        hint="see who may write to the staging bucket, and remove the object below manifests/",
    )


def _part(fields: dict[str, Any]) -> Part:
    columns = tuple((name, type_) for name, type_ in fields["columns"])
    return Part(**{**fields, "columns": columns, "uris": tuple(fields["uris"])})
