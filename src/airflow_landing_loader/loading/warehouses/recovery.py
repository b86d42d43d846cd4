"""From a manifest to its end, whoever comes to it.

The way of every warehouse that does not write rows and books in one transaction of a connection of
ours. A batch is staged, its manifest written, and only then anything of it submitted. From there on
any loader can bring it to its end: what others have begun is finished before a batch is formed, and
what dead ones left is removed.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
    shown,
)
from airflow_landing_loader.loading.model import OpenBatch
from airflow_landing_loader.loading.warehouses.manifest import Manifest, claim_name

log = logging.getLogger(__name__)

_LEFTOVER = timedelta(days=7)
"""Staged objects of no open batch go when they are older. No batch can come to need them: what was
staged longer ago than a day never gets a manifest."""


OUTDATED = "landing_loader: another load came between"
MISCOUNTED = "landing_loader: staged rows are not the rows counted"
"""Said by a warehouse, somewhere in an error's value, of a batch that was decided on what has
changed since; both mean that it is decided anew."""


class StagingFolder(Protocol):
    """Where objects of one loader are staged; each is created once and never written over."""

    def uri(self, name: str) -> str:
        """Where an object lies, for people."""
        ...

    def name(self, uri: str) -> str:
        """The name of an object by its URI."""
        ...

    def create(self, name: str, content: bytes) -> bool:
        """Create an object; ``False`` if there is one of this name already."""
        ...

    def read(self, name: str) -> bytes | None:
        """An object's bytes, ``None`` if it is not there any more."""
        ...

    def names(self, prefix: str) -> list[tuple[str, datetime]]:
        """The objects below a prefix with the times of their writing, in name order."""
        ...

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects; those that are gone already do not matter."""
        ...


class Steps(Protocol):
    """What a warehouse does with a batch. Each step may have been taken by somebody else before, or
    be taken by several at once: it is done once, or its result is taken."""

    def load(self, manifest: Manifest) -> None:
        """Bring the rows to where :meth:`commit` finds them."""
        ...

    def commit(self, manifest: Manifest) -> None:
        """Let rows and books stand."""
        ...

    def clean(self, manifest: Manifest) -> None:
        """Remove what was staged, claims and, last, the manifest."""
        ...


def finish(steps: Steps, manifest: Manifest) -> None:
    """Load and commit a batch, or take the result of whoever did, and clean up.

    What can never be committed is given up: nothing of it stays.

    :raises LandingError: nothing of it is committed; if transient, and the manifest is still there,
        it is finished later.
    :raises StillRunningError: the warehouse works on it.
    """
    try:
        steps.load(manifest)
        steps.commit(manifest)
    except LandingError as error:
        if ends_here(error):
            steps.clean(manifest)
        raise _explained(error) from error
    steps.clean(manifest)


def claim(folder: StagingFolder, manifest: Manifest, table: str) -> None:
    """Become the only batch of a table whose rows go in before their books.

    A claim is made after its manifest and removed before it, so that one without a manifest never
    stays behind.

    :raises TransientError: another batch has the table.
    """
    name = claim_name(table)
    if folder.create(name, manifest.id.encode()):
        return
    holder = folder.read(name)
    if holder is None or holder.decode() != manifest.id:
        raise TransientError(
            ErrorCode.WAREHOUSE_LOCKED,
            f"another batch for {table} is open",
            hint="Wait for its end; the next load of the table finishes it if nobody does.",
            value=OUTDATED,
        )


def ends_here(error: LandingError) -> bool:
    """Whether the batch can never be committed as it is: surely not once its files are others."""
    if isinstance(error, ConfigurationError):
        return False
    gone = (ErrorCode.LANDING_CHANGED, ErrorCode.LANDING_DISAPPEARED)
    return isinstance(error, TerminalError) or error.code in gone or _is_overtaken(error)


def _is_overtaken(error: LandingError) -> bool:
    value = error.detail.value or ""
    return OUTDATED in value or MISCOUNTED in value


def _explained(error: LandingError) -> LandingError:
    if _is_overtaken(error):
        return TransientError(
            ErrorCode.WAREHOUSE_UNAVAILABLE,
            "another loader worked on the same files at the same time",
            hint="Nothing of this batch was committed; it is tried again.",
        )
    return error


class Recovery:
    """Looks through the staging folder before a batch is formed."""

    def __init__(self, steps: Steps, folder: StagingFolder) -> None:
        self._steps = steps
        self._folder = folder

    def finish_open(self, tables: Collection[str]) -> frozenset[str]:
        """Finish the open batches of some tables; those of others are their own loaders' to finish.

        One that cannot be finished now does not keep others from being loaded.

        :return: the loads that the warehouse refuses as part of their batch.
        :raises LandingError: the staging folder cannot be used, or the warehouse as a whole.
        :raises StillRunningError: the warehouse works on one.
        """
        refused: set[str] = set()
        staged: set[str] = set()
        for manifest, _ in self._open():
            staged |= {self._folder.name(uri) for part in manifest.parts for uri in part.uris}
            if not manifest.tables.isdisjoint(tables):
                refused |= self._finish(manifest)
        self._remove_leftovers(staged)
        return frozenset(refused)

    def open_batches(self) -> tuple[OpenBatch, ...]:
        """Return what is open, oldest first.

        :raises LandingError: the staging folder cannot be used.
        """
        found = (
            OpenBatch(
                tables=tuple(sorted(manifest.tables)),
                files=tuple(file.name for file in manifest.files),
                since=since.astimezone(UTC).replace(tzinfo=None),
                rows_first=manifest.direct,
            )
            for manifest, since in self._open()
        )
        return tuple(sorted(found, key=lambda batch: batch.since))

    def _open(self) -> Iterator[tuple[Manifest, datetime]]:
        for name, written in self._folder.names("manifests/"):
            content = self._folder.read(name)
            if content is None:
                continue  # its loader has finished it
            try:
                manifest = Manifest.from_json(content)
            except LandingError as error:
                # Left where it is for a person to see: it must not keep other tables waiting.
                log.warning("%s is passed over: %s", shown(self._folder.uri(name)), error)
            else:
                yield manifest, written

    def _finish(self, manifest: Manifest) -> frozenset[str]:
        try:
            finish(self._steps, manifest)
        except ConfigurationError:
            raise
        except LandingError as error:
            terminal = isinstance(error, TerminalError)
            what = "is given up" if terminal else "could not be finished"
            log.warning(
                "an open batch of %s %s: %s",
                ", ".join(sorted(manifest.tables)),
                what,
                error.detail.text(),
            )
            return frozenset(manifest.load_ids if terminal else ())
        return frozenset()

    def _remove_leftovers(self, of_open_batches: Collection[str]) -> None:
        before = datetime.now(UTC) - _LEFTOVER
        found = self._folder.names("parts/")
        old = [name for name, written in found if written < before]
        self._folder.remove([name for name in old if name not in of_open_batches])
