"""A load's file in the archive, found again."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_landing_loader.clients import Clients
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import LandedFile
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.landing.zones import open_zone
from airflow_landing_loader.loading.model import Load
from airflow_landing_loader.loading.names import storable
from airflow_landing_loader.loading.warehouse import CommittedLoad


@dataclass(frozen=True, kw_only=True)
class Folder:
    """The folder of the archive that a load's file was put into.

    :param name: the file's name there, as ``load_metadata`` has it.
    """

    zone: Zone
    name: str

    def find(self) -> LandedFile | None:
        """The file as it lies there now; ``None`` if it does not.

        :raises TransientError: ``ZONE_UNAVAILABLE``.
        """
        found = self.zone.stat(self.name)
        if found is not None or "\\x" not in self.name:
            return found
        # Bytes that are not UTF-8 were written down as escapes.
        for entry in self.zone.list():
            if isinstance(entry, LandedFile) and storable(entry.name) == self.name:
                return entry
        return None


def folder_of(load: Load, clients: Clients) -> Folder:
    """Return where a load's file was archived."""
    path, _, name = load.archive_uri.rpartition("/")
    return Folder(zone=open_zone(path, clients), name=name)


def missing(load: Load, name: str) -> TerminalError:
    """The error for a file that is not where it was archived."""
    return TerminalError(
        ErrorCode.ARCHIVE_MISSING,
        f"{storable(name)} of load {load.load_id} is not in the archive any more "
        f"({load.archive_uri})",
        hint="bring it back to that place from a backup, or correct archive_uri in load_metadata",
        file=load.filename,
    )


def changed(load: Load, name: str) -> TerminalError:
    """The error for a file that is not the one that was archived."""
    return TerminalError(
        ErrorCode.ARCHIVE_CHANGED,
        f"{storable(name)} in the archive is not the file that load {load.load_id} has loaded: "
        "its content has another hash",
        hint="bring the right one back from a backup; load_metadata has its sha256",
        file=load.filename,
    )


def known(found: CommittedLoad | None, load_id: str) -> CommittedLoad:
    """Return a load that is there.

    :raises TerminalError: ``LOAD_UNKNOWN``.
    """
    if found is None:
        raise TerminalError(
            ErrorCode.LOAD_UNKNOWN,
            f"there is no load {load_id}",
            hint="`landing-loader status --json` lists loads with their ids; give the whole id",
        )
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
        hint="load_deliveries says when; name a load whose rows are there",
        file=load.filename,
    )
