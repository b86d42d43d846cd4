"""The folder that a move leads to, seen together with the place that it comes from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.moves.sidecar import Sidecar, find_sidecar, is_same_delivery
from airflow_landing_loader.storage.content import sha256_of
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.model import FileToMove, LandedFile


class SpotState(Enum):
    """Who has a name."""

    FREE = 1
    OWN = 2  # holds this file's content already
    OTHER = 3


@dataclass(frozen=True)
class Target:
    """Two folders, and what was read of their files.

    :param source: where the files lie.
    :param folder: where they go.
    """

    source: Folder
    folder: Folder
    # Each arrival is hashed once: what was hashed while waiting for a zone's lock is not hashed
    # again while others wait for it.
    _digests: dict[tuple[str, LandedFile], str] = field(default_factory=dict, compare=False)

    @property
    def path(self) -> str:
        """Where the folder lies."""
        return self.folder.path

    def in_place(self, item: FileToMove) -> bool:
        """Whether the source name still holds this arrival.

        A second hard link is allowed: it is what a move by link and unlink leaves behind when it
        dies.
        """
        found = self.source.find(item.file.name)
        return found is not None and found.is_same_arrival(item.file)

    def replaced(self, item: FileToMove) -> bool:
        """Whether the source name holds anything, asked when it is not this arrival."""
        return self.source.taken(item.file.name)

    def state(self, item: FileToMove, name: str, *, in_place: bool) -> SpotState:
        """Who has a name here.

        :param in_place: whether the source can still be read. If not, its digest decides, and
            without one whether a move has made the file from it.
        :raises LandingError: one of the two cannot be read.
        """
        if not self.folder.taken(name):
            return SpotState.FREE
        found = self.folder.find(name)
        if found is None or found.size != item.file.size:
            return SpotState.OTHER
        if item.sha256 is None and not in_place:
            same = self.folder.is_copy_of(found, item)
        elif in_place and self.folder.is_one_file(name, self.source, item.file.name):
            same = True
        else:
            # Not by a store's checksum: two contents of one checksum can be made on purpose.
            same = self._digest(self.folder, found) == (
                item.sha256 or self._digest(self.source, item.file)
            )
        return SpotState.OWN if same else SpotState.OTHER

    def sidecar_state(self, name: str, sidecar: Sidecar, *, same_arrival: bool) -> SpotState:
        """Who has the name of a sidecar here.

        :param same_arrival: ``False``: one of another arrival under the same names is ours too.
        """
        if not self.folder.taken(name):
            return SpotState.FREE
        try:
            found = find_sidecar(self.folder, name)
        except LandingError as error:
            if isinstance(error.__cause__, PermissionError):
                return SpotState.OTHER  # whatever it is, it is nobody's who may not read it
            raise
        ours = found is not None and is_same_delivery(found, sidecar, same_arrival=same_arrival)
        return SpotState.OWN if ours else SpotState.OTHER

    def _digest(self, folder: Folder, file: LandedFile) -> str:
        key = (folder.path, file)
        if key not in self._digests:
            self._digests[key] = sha256_of(folder.source(file.wherever()))
        return self._digests[key]
