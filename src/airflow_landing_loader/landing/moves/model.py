"""What every move begins with and ends in, wherever it leads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.storage.model import FileToMove
from airflow_landing_loader.storage.zone import Zone


@dataclass(frozen=True, kw_only=True)
class Moved:
    """Where a delivery's files lie now.

    :param paths: absolute paths in the order of the files given: data file, go file.
    :param sidecar: absolute path of the sidecar, in a failed zone.
    :param suffix: what their names have more than the delivered ones, ``""`` or ``"~1a2b3c4d"``.
    """

    paths: tuple[str, ...]
    sidecar: str | None
    suffix: str

    @property
    def data(self) -> str:
        """Absolute path of the data file."""
        return self.paths[0]

    @property
    def go(self) -> str | None:
        """Absolute path of the go file, if there is one."""
        return self.paths[1] if len(self.paths) > 1 else None


@dataclass(frozen=True, kw_only=True)
class Finished:
    """What became of a move that a dead process had begun.

    :param names: the delivered names.
    :param moved: where they are now; ``None`` if it could not be finished.
    :param error: why not.
    """

    names: tuple[str, ...]
    moved: Moved | None = None
    error: ErrorDetail | None = None


def files_of(
    delivery: Delivery, *, data_sha256: str | None = None, go_sha256: str | None = None
) -> tuple[FileToMove, ...]:
    """What a move needs to know of a delivery's files, data file first; of one whose go file names
    several, the data file alone.

    :param data_sha256: from the inspection, if it came so far.
    :param go_sha256: from the go file's content, if it was read.
    """
    data = FileToMove(file=delivery.data, sha256=data_sha256)
    if delivery.go is None or delivery.members:
        return (data,)
    return data, FileToMove(file=delivery.go, sha256=go_sha256)


def lying_in(zone: Zone, files: Sequence[FileToMove]) -> tuple[FileToMove, ...]:
    """The same arrivals where they lie in another zone."""
    paths = (f"{zone.path}/{item.file.name}" for item in files)
    return tuple(
        replace(item, file=replace(item.file, path=path))
        for item, path in zip(files, paths, strict=True)
    )
