"""A local folder as one end of a move by copies."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from airflow_landing_loader.landing import local_files, transfer
from airflow_landing_loader.landing.ends import End
from airflow_landing_loader.landing.local_folders import make_folder, unwritable
from airflow_landing_loader.landing.local_zone import LocalSource
from airflow_landing_loader.landing.model import LandedFile
from airflow_landing_loader.landing.transfer import FileToMove

_MODE = 0o640


@dataclass(frozen=True)
class LocalEnd:
    """See :class:`~airflow_landing_loader.landing.ends.End`."""

    path: str

    def below(self, subfolder: str) -> LocalEnd:
        with self._writing(None):
            return LocalEnd(make_folder(self.path, subfolder))

    def make_work_folder(self) -> None:
        """Make the hidden folder of the notes."""
        with self._writing(None):
            work = Path(self.path, local_files.WORK_FOLDER)
            work.mkdir(exist_ok=True)
            local_files.require_no_link(str(work))

    def taken(self, name: str) -> bool:
        return local_files.exists(f"{self.path}/{name}")

    def find(self, name: str) -> LandedFile | None:
        return local_files.look_up(f"{self.path}/{name}")

    def source(self, file: LandedFile) -> LocalSource:
        return LocalSource(f"{self.path}/{file.name}")

    def is_copy_of(self, found: LandedFile, item: FileToMove) -> bool:
        return found.mtime_ns == item.file.mtime_ns

    def bring(self, name: str, item: FileToMove, source: End, *, tag: str) -> None:
        with (
            self._writing(name),
            transfer.fetched_copy(item, source.source(item.file), self.path, tag=tag) as copy,
        ):
            local_files.rename_no_replace(copy, f"{self.path}/{name}")
            local_files.sync_folder(self.path)

    def discard(self, item: FileToMove, *, tag: str) -> None:
        with self._writing(item.file.name):
            transfer.discard(item, tag=tag)

    def write(self, name: str, content: bytes, *, replace: bool, tag: str) -> None:
        with self._writing(name):
            path = f"{self.path}/{name}"
            local_files.write_whole(path, content, mode=_MODE, tag=tag, replace=replace)

    def read(self, name: str, limit: int) -> bytes | None:
        if self.find(name) is None:
            return None
        with local_files.open_regular(f"{self.path}/{name}", name=name) as content:
            return content.read(limit)

    def names(self) -> tuple[str, ...]:
        return tuple(sorted(path.name for path in Path(self.path).iterdir()))

    def remove(self, name: str) -> None:
        with self._writing(name):
            Path(self.path, name).unlink(missing_ok=True)

    @contextmanager
    def _writing(self, name: str | None) -> Iterator[None]:
        taken: FileExistsError | None = None
        with unwritable(self.path, name):
            try:
                yield
            except FileExistsError as error:
                taken = error  # no refusal: another name is tried
        if taken is not None:
            raise taken
