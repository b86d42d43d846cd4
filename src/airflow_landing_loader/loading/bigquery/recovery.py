"""What other loaders have begun: finished first; and what dead ones left: removed."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from datetime import UTC, datetime, timedelta

from airflow_landing_loader.exceptions import ConfigurationError, LandingError, TerminalError
from airflow_landing_loader.loading.bigquery.commit import Committer
from airflow_landing_loader.loading.bigquery.folder import StagingFolder
from airflow_landing_loader.loading.bigquery.manifest import Manifest
from airflow_landing_loader.loading.model import OpenBatch

log = logging.getLogger(__name__)

_LEFTOVER = timedelta(days=7)
"""Staged objects of no open batch go when they are older. No batch can come to need them: what was
staged longer ago than a day never gets a manifest."""


class Recovery:
    """Looks through the staging folder before a batch is formed."""

    def __init__(self, committer: Committer, folder: StagingFolder) -> None:
        self._committer = committer
        self._folder = folder

    def finish_open(self, tables: Collection[str]) -> frozenset[str]:
        """Finish the open batches of some tables; those of others are their own loaders' to finish.

        One that cannot be finished now does not keep others from being loaded.

        :return: the loads that BigQuery refuses as part of their batch.
        :raises LandingError: the staging bucket cannot be used, or BigQuery as a whole.
        :raises StillRunningError: see :class:`~jobs.Jobs`.
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

        :raises LandingError: the staging bucket cannot be used.
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
            if content is not None:  # else its loader has finished it
                yield Manifest.from_json(content), written

    def _finish(self, manifest: Manifest) -> frozenset[str]:
        try:
            self._committer.finish(manifest)
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
