"""A local folder as one end of a move: files come by rename, or by a verified copy."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from airflow_landing_loader.storage.content import disappeared, readable
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import transfer
from airflow_landing_loader.storage.local.directories import Writing, folder_of, make_folder
from airflow_landing_loader.storage.local.lock import exclusive
from airflow_landing_loader.storage.local.names import temporary_path
from airflow_landing_loader.storage.local.transfer import AcrossDevicesError
from airflow_landing_loader.storage.local.zone import LocalSource, LocalZone
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.names import WORK_FOLDER
from airflow_landing_loader.storage.zone import refusal, require_plain_name

# Of what movers write down. Readable by the group, unlike what most umasks give to everyone: it may
# quote a cell.
_MODE = 0o640


@dataclass(frozen=True)
class LocalFolder(LocalZone):
    """See :class:`~airflow_landing_loader.storage.folder.Folder`."""

    def below(self, subfolder: str, *, make: bool = False) -> LocalFolder:
        if not make:
            return LocalFolder(folder_of(self.path, subfolder)) if subfolder else self
        self.require()
        if not subfolder:
            return self
        with self._writing(None):
            return LocalFolder(make_folder(self.path, subfolder))

    def is_at(self, folder: str) -> bool:
        try:
            return Path(folder).samefile(self.path)
        except (OSError, ValueError):
            return False

    def work_folder(self, *, make: bool = False) -> LocalFolder | None:
        work = f"{self.path}/{WORK_FOLDER}"
        with self._writing(None):
            if make:
                local_files.make_work_folder(self.path)
            elif not local_files.exists(work):
                self.require()
                return None
            local_files.require_no_link(work)
        return LocalFolder(work)

    def lock(self, source: Folder) -> AbstractContextManager[LocalFolder] | None:
        return self._exclusive() if isinstance(source, LocalFolder) else None

    def name_of(self, path: str) -> str | None:
        if "/" not in path:
            return path
        meant = Path(os.path.abspath(path))  # noqa: PTH100 (a link must not be followed)
        here = str(meant.parent) == self.path
        return meant.name if here or self.is_at(str(meant.parent)) else None

    def taken(self, name: str) -> bool:
        return local_files.exists(f"{self.path}/{name}")

    def find(self, name: str) -> LandedFile | None:
        try:
            return local_files.look_up(f"{self.path}/{name}")
        except OSError as error:
            raise refusal(self._untold(name, error)) from error

    def source(self, file: LandedFile) -> LocalSource:
        return LocalSource(replace(file, path=f"{self.path}/{file.name}"))

    def is_one_file(self, name: str, other: Folder, other_name: str) -> bool:
        if not isinstance(other, LocalFolder):
            return False
        with self._writing(name):
            return local_files.same_inode(f"{self.path}/{name}", f"{other.path}/{other_name}")

    def is_copy_of(self, found: LandedFile, item: FileToMove) -> bool:
        return found.token == item.file.token or found.mtime_ns == item.file.mtime_ns

    @contextmanager
    def staged(self, item: FileToMove, source: Folder, *, tag: str) -> Iterator[str]:
        with self._writing(item.file.name), self._copied(item, source, tag) as copy:
            yield copy

    def take(self, name: str, item: FileToMove, source: Folder) -> bool:
        if not isinstance(source, LocalFolder):
            return False
        with self._writing(name):
            return transfer.take(source._here(item), f"{self.path}/{name}")

    def bring(
        self,
        name: str,
        item: FileToMove,
        source: Folder,
        *,
        tag: str,
        keep: bool = False,
        staged: str | None = None,
        at_once: bool = False,
    ) -> bool:
        path = f"{self.path}/{name}"
        with self._writing(name):
            if staged is not None:
                transfer.publish(staged, path)
                return True
            if isinstance(source, LocalFolder) and not keep:
                try:
                    transfer.place(source._here(item), path)
                    return False
                except AcrossDevicesError:
                    if at_once:
                        raise
            with self._copied(item, source, tag) as copy:
                transfer.publish(copy, path)
        return True

    def let_stand_for(self, name: str, item: FileToMove) -> None:
        with self._writing(name):
            transfer.let_stand_for(item, f"{self.path}/{name}")

    def renewed(self, file: LandedFile) -> LandedFile:
        with self._writing(file.name):
            os.utime(f"{self.path}/{file.name}", follow_symlinks=False)
        found = self.stat(file.name)
        if found is None:
            raise disappeared(file.name)
        return found

    def discard(self, item: FileToMove, *, tag: str) -> None:
        name = item.file.name
        require_plain_name(name)
        with self._writing(name):
            transfer.discard(self._here(item), tag=tag)

    def give_back(self, name: str, *, tag: str) -> None:
        hidden, path = temporary_path(self.path, name, tag), f"{self.path}/{name}"
        if local_files.exists(hidden) and not local_files.exists(path):
            with suppress(FileExistsError), self._writing(name):
                local_files.rename_no_replace(hidden, path)

    def tidy(self, name: str, *, tag: str) -> None:
        with self._writing(name):
            transfer.remove_dead_copy(name, self.path, tag=tag)

    def write(
        self, name: str, content: bytes, *, replace: bool, tag: str, durable: bool = True
    ) -> None:
        path = f"{self.path}/{name}"
        with self._writing(name):
            local_files.write_whole(
                path, content, mode=_MODE, tag=tag, replace=replace, durable=durable
            )

    def read(self, name: str, limit: int) -> bytes | None:
        if self.find(name) is None:
            return None
        with (
            local_files.open_regular(f"{self.path}/{name}", name=name) as content,
            readable(name),
        ):
            return content.read(limit)

    def names(self) -> tuple[str, ...]:
        with self._writing(None):
            return tuple(sorted(path.name for path in Path(self.path).iterdir()))

    def remove(self, name: str) -> None:
        with self._writing(name):
            local_files.remove_if_there(f"{self.path}/{name}")

    def _here(self, item: FileToMove) -> FileToMove:
        """The same arrival, by its name in this folder whatever path it has."""
        path = f"{self.path}/{item.file.name}"
        return item if item.file.path == path else replace(item, file=replace(item.file, path=path))

    def _copied(self, item: FileToMove, source: Folder, tag: str) -> AbstractContextManager[str]:
        if isinstance(source, LocalFolder):
            return transfer.staged_copy(source._here(item), self.path, tag=tag)
        return transfer.fetched_copy(item, source.source(item.file), self.path, tag=tag)

    @contextmanager
    def _exclusive(self) -> Iterator[LocalFolder]:
        with self._writing(None), exclusive(self.path) as work:
            yield LocalFolder(work)

    def _writing(self, name: str | None) -> AbstractContextManager[None]:
        return Writing(self.path, name)
