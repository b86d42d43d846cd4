# A store needs to be told less than a disk.
# ruff: noqa: ARG002
"""A bucket prefix as one end of a move: files come by copies that the store verifies."""

from __future__ import annotations

import hashlib
import io
import time
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from io import BytesIO

from airflow_landing_loader.exceptions import ErrorCode, shown
from airflow_landing_loader.storage.content import OpenContent, changed, disappeared
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.names import WORK_FOLDER, subfolder_parts
from airflow_landing_loader.storage.objects.store import (
    GoneError,
    StoredObject,
    TakenError,
    explained,
)
from airflow_landing_loader.storage.objects.zone import ObjectZone
from airflow_landing_loader.storage.zone import require_plain_name


@dataclass(frozen=True)
class ObjectFolder(ObjectZone):
    """See :class:`~airflow_landing_loader.storage.folder.Folder`."""

    def below(self, subfolder: str, *, make: bool = False) -> ObjectFolder:
        folder = "/".join(subfolder_parts(subfolder))
        return ObjectFolder(self.store, self.key(folder)) if folder else self

    def is_at(self, folder: str) -> bool:
        return folder == self.path

    def work_folder(self, *, make: bool = False) -> ObjectFolder:
        return ObjectFolder(self.store, self.key(WORK_FOLDER))

    def lock(self, source: Folder) -> None:
        pass  # none is needed

    def name_of(self, path: str) -> str | None:
        name = path.removeprefix(f"{self.path}/")
        return None if "/" in name else name

    def taken(self, name: str) -> bool:
        return self.stored(name) is not None

    def find(self, name: str) -> LandedFile | None:
        return self.stat(name)

    def is_one_file(self, name: str, other: Folder, other_name: str) -> bool:
        return False

    def is_copy_of(self, found: LandedFile, item: FileToMove) -> bool:
        stored = self.stored(found.name)
        return stored is not None and stored.origin == item.file.token

    def staged(self, item: FileToMove, source: Folder, *, tag: str) -> AbstractContextManager[None]:
        return nullcontext()

    def take(self, name: str, item: FileToMove, source: Folder) -> bool:
        del name, item, source  # no store renames
        return False

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
        key, file = self.key(name), item.file
        try:
            with self._writing(name):
                copied = isinstance(source, ObjectFolder) and self._copy(key, file, source)
                if not copied:
                    self._upload(key, item, source)
        except TakenError as error:
            raise FileExistsError(name) from error
        except GoneError as error:
            gone = source.find(file.name) is None
            raise (disappeared if gone else changed)(file.name) from error
        return True

    def let_stand_for(self, name: str, item: FileToMove) -> None:
        pass  # what an object was copied from is written when it is made

    def renewed(self, file: LandedFile) -> LandedFile:
        return replace(file, mtime_ns=time.time_ns())  # whatever is copied is new where it arrives

    def discard(self, item: FileToMove, *, tag: str) -> None:
        require_plain_name(item.file.name)
        with self._writing(item.file.name):
            self.store.delete(self.key(item.file.name), item.file.token)

    def give_back(self, name: str, *, tag: str) -> None:
        pass  # nothing is ever hidden

    def tidy(self, name: str, *, tag: str) -> None:
        pass  # an object is there as a whole or not at all

    def write(
        self, name: str, content: bytes, *, replace: bool, tag: str, durable: bool = True
    ) -> None:
        key, store = self.key(name), self.store
        try:
            with self._writing(name):
                if replace:
                    store.replace(key, content)
                else:
                    store.create(key, BytesIO(content))
        except TakenError as error:
            raise FileExistsError(name) from error

    def read(self, name: str, limit: int) -> bytes | None:
        found = self.stat(name)
        if found is None:
            return None
        with closing(self.source(found).open()) as content:
            return content.read_at(limit, 0)

    def names(self) -> tuple[str, ...]:
        return tuple(self.list().names)

    def remove(self, name: str) -> None:
        found = self.stored(name)
        if found is not None:
            with self._writing(name):
                self.store.delete(found.key, found.token)

    def _copy(self, key: str, file: LandedFile, source: ObjectFolder) -> StoredObject | None:
        found = source.stored(file.name)
        if found is None or found.token != file.token:
            raise GoneError(file.name)
        return self.store.copy(source.store, found, key)

    def _upload(self, key: str, item: FileToMove, source: Folder) -> None:
        with closing(source.source(item.file).open()) as content:
            stream = _Stream(content)
            # The store's client compares what arrived with what it was given.
            made = self.store.create(key, stream, origin=item.file.token)
            expected = item.sha256 or stream.sha256.hexdigest()
            if (made.size, stream.sha256.hexdigest()) != (item.file.size, expected):
                self.store.delete(key, made.token)
                raise changed(item.file.name)

    def _writing(self, name: str) -> AbstractContextManager[None]:
        return explained(
            ErrorCode.ZONE_UNWRITABLE,
            f"{shown(name)} cannot be moved in {shown(self.path)}",
            file=name,
        )


class _Stream(io.RawIOBase):
    """Delivered bytes as a stream that is read once, and hashed on the way."""

    def __init__(self, content: OpenContent) -> None:
        super().__init__()
        self.sha256 = hashlib.sha256()
        self._content = content
        self._position = 0
        self._hashed = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._content.size}
        self._position = base[whence] + offset
        return self._position

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        piece = self._content.read_at(len(buffer), self._position)
        buffer[: len(piece)] = piece
        # The client goes back after a lost answer: each byte counts once.
        self.sha256.update(piece[max(0, self._hashed - self._position) :])
        self._position += len(piece)
        self._hashed = max(self._hashed, self._position)
        return len(piece)
