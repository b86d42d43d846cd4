"""A load's file in the archive, found again."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from airflow_landing_loader.clients import Clients
from airflow_landing_loader.exceptions import ErrorCode, LandingError, TerminalError
from airflow_landing_loader.loading.columns.drift import TableColumn
from airflow_landing_loader.loading.columns.literals import TEXT_TYPES
from airflow_landing_loader.loading.columns.own import load_id_of, load_ids_lost
from airflow_landing_loader.loading.model import Load
from airflow_landing_loader.loading.warehouses.base import CommittedLoad
from airflow_landing_loader.maintenance.chosen import unknown_load
from airflow_landing_loader.safe_text import delivered, shown
from airflow_landing_loader.settings import is_object_uri
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.opening import open_zone
from airflow_landing_loader.storage.zone import Zone

_TYPES_OF_IDS = frozenset({*TEXT_TYPES, "UUID"})


@dataclass(frozen=True, kw_only=True)
class ArchivedPlace:
    """The place in the archive that a load's file was put into.

    :param name: the file's name there.
    """

    zone: Zone
    name: str

    def find(self) -> LandedFile | None:
        """The file as it lies there now; ``None`` if it does not.

        :raises TransientError: ``ZONE_UNAVAILABLE``.
        """
        return self.zone.stat(self.name)


@dataclass(frozen=True, kw_only=True)
class Resized:
    """A load whose archived file has not the size that was loaded, and the size that it has."""

    load: Load
    size: int


def table_with_rows(found: CommittedLoad) -> tuple[TableColumn, ...] | None:
    """Return the columns of a load's table, by which its rows can be told from others; ``None``:
    it is gone.

    :raises TerminalError: ``LOAD_TABLE_UNFIT``: it is a view, or nothing in it tells them.
    """
    load, table = found.load, found.table
    if table is None:
        return None
    column, file = load_id_of(table), delivered(load.filename)
    if column is None:
        raise load_ids_lost(load.table_name, file=file)
    if column.type.upper() not in _TYPES_OF_IDS:
        raise TerminalError(
            ErrorCode.LOAD_TABLE_UNFIT,
            f"column {column.name} of {load.table_name} has type {column.type}, and holds no ids "
            "of loads: nothing tells which rows are of which load",
            hint="Put the column back with its values, from a backup; or drop the table and let "
            "its files load again.",
            file=file,
            column=column.name,
        )
    return table


def resized(loads: Sequence[Load]) -> tuple[Resized, ...]:
    """Those whose file on a local disk has grown or shrunk since it was loaded.

    A sender that paused for longer than a file has to rest may write on there; no object grows. A
    file that is gone may have been moved by its owner; `verify` asks for it.
    """
    found = []
    for load in loads:
        folder, _, name = delivered(load.archive_uri).rpartition("/")
        if not folder or is_object_uri(folder):
            continue
        with suppress(LandingError):
            file = LocalZone(folder).stat(name)
            if file is not None and file.size != load.size_bytes:
                found.append(Resized(load=load, size=file.size))
    return tuple(found)


def archived_place(load: Load, clients: Clients) -> ArchivedPlace:
    """Return where a load's file was archived.

    :raises TerminalError: ``ARCHIVE_MISSING``, it never was.
    """
    if not load.archive_uri:
        raise TerminalError(
            ErrorCode.ARCHIVE_MISSING,
            f"the file of load {load.load_id} was replaced by its sender before it could be "
            "archived",
            hint="Its rows are in the table; ask the sender for the file itself.",
            file=delivered(load.filename),
        )
    path, _, name = delivered(load.archive_uri).rpartition("/")
    return ArchivedPlace(zone=open_zone(path, clients), name=name)


def missing(load: Load, name: str) -> TerminalError:
    """The error for a file that is not where it was archived."""
    return TerminalError(
        ErrorCode.ARCHIVE_MISSING,
        f"{shown(name)} of load {load.load_id} is not in the archive any more ({load.archive_uri})",
        hint="Bring it back to that place from a backup, or correct archive_uri in load_metadata.",
        file=delivered(load.filename),
    )


def changed(load: Load, name: str) -> TerminalError:
    """The error for a file that is not the one that was archived."""
    return TerminalError(
        ErrorCode.ARCHIVE_CHANGED,
        f"{shown(name)} in the archive is not the file that load {load.load_id} has loaded: "
        "its content has another hash",
        hint="Bring the right one back from a backup; load_metadata has its sha256.",
        file=delivered(load.filename),
    )


def known(found: CommittedLoad | None, load_id: str) -> CommittedLoad:
    """Return a load that is there.

    :raises TerminalError: ``LOAD_UNKNOWN``.
    """
    if found is None:
        raise unknown_load(load_id)
    return found


def removed(found: CommittedLoad) -> TerminalError:
    """The error for a load whose rows are out of the table."""
    why = {
        "superseded": "a restatement with on_redelivery: replace has taken them out",
        "unloaded": "`landing-loader unload` has taken them out",
    }.get(found.outcome, "they were taken out")
    load = found.load
    return TerminalError(
        ErrorCode.LOAD_REMOVED,
        f"the rows of load {load.load_id} are not in {load.table_name} any more: {why}",
        hint="`load_deliveries` says when; name a load whose rows are there.",
        file=delivered(load.filename),
    )
