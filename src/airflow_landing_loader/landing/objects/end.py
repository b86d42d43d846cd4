"""A bucket prefix as one end of a move by copies."""

from __future__ import annotations

import hashlib
import io
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from io import BytesIO

from airflow_landing_loader.exceptions import ErrorCode, shown
from airflow_landing_loader.landing.ends import End
from airflow_landing_loader.landing.model import LandedFile
from airflow_landing_loader.landing.objects.store import (
    GoneError,
    StoredObject,
    TakenError,
    explained,
)
from airflow_landing_loader.landing.objects.zone import ObjectSource, ObjectZone
from airflow_landing_loader.landing.source import DeliveredBytes, changed, disappeared
from airflow_landing_loader.landing.transfer import FileToMove


@dataclass(frozen=True)
class ObjectEnd:
    """See :class:`~airflow_landing_loader.landing.ends.End`."""

    zone: ObjectZone

    @property
    def path(self) -> str:
        return self.zone.path

    def below(self, subfolder: str) -> ObjectEnd:
        return ObjectEnd(self.zone.below(subfolder))

    def taken(self, name: str) -> bool:
        return self.zone.find(name) is not None

    def find(self, name: str) -> LandedFile | None:
        return self.zone.stat(name)

    def source(self, file: LandedFile) -> ObjectSource:
        return self.zone.source(file)

    def is_copy_of(self, found: LandedFile, item: FileToMove) -> bool:
        stored = self.zone.find(found.name)
        return stored is not None and stored.origin == item.file.token

    def bring(self, name: str, item: FileToMove, source: End, *, tag: str) -> None:  # noqa: ARG002
        key, file = self.zone.key(name), item.file
        try:
            with self._writing(name):
                copied = isinstance(source, ObjectEnd) and self._copy(key, file, source)
                if not copied:
                    self._upload(key, item, source)
        except TakenError as error:
            raise FileExistsError(name) from error
        except GoneError as error:
            gone = source.find(file.name) is None
            raise (disappeared if gone else changed)(file.name) from error

    def discard(self, item: FileToMove, *, tag: str) -> None:  # noqa: ARG002
        with self._writing(item.file.name):
            self.zone.store.delete(self.zone.key(item.file.name), item.file.token)

    def write(self, name: str, content: bytes, *, replace: bool, tag: str) -> None:  # noqa: ARG002
        key = self.zone.key(name)
        with self._writing(name):
            if replace:
                self.zone.store.replace(key, content)
                return
            try:
                self.zone.store.create(key, BytesIO(content))
            except TakenError as error:
                raise FileExistsError(name) from error

    def read(self, name: str, limit: int) -> bytes | None:
        found = self.zone.stat(name)
        if found is None:
            return None
        with closing(self.zone.source(found).open()) as content:
            return content.read_at(limit, 0)

    def names(self) -> tuple[str, ...]:
        return tuple(entry.name for entry in self.zone.list())

    def remove(self, name: str) -> None:
        found = self.zone.find(name)
        if found is not None:
            with self._writing(name):
                self.zone.store.delete(found.key, found.token)

    def _copy(self, key: str, file: LandedFile, source: ObjectEnd) -> StoredObject | None:
        found = source.zone.find(file.name)
        if found is None or found.token != file.token:
            raise GoneError(file.name)
        return self.zone.store.copy(source.zone.store, found, key)

    def _upload(self, key: str, item: FileToMove, source: End) -> None:
        with closing(source.source(item.file).open()) as content:
            if content.token != item.file.token:
                raise changed(item.file.name)
            stream = _Stream(content)
            # The store's client compares what arrived with what it was given.
            made = self.zone.store.create(key, stream, origin=item.file.token)
            expected = item.sha256 or stream.sha256.hexdigest()
            if (made.size, stream.sha256.hexdigest()) != (item.file.size, expected):
                self.zone.store.delete(key, made.token)
                raise changed(item.file.name)

    def _writing(self, name: str) -> AbstractContextManager[None]:
        return explained(
            ErrorCode.ZONE_UNWRITABLE,
            f"{shown(name)} cannot be moved in {shown(self.path)}",
            file=name,
        )


class _Stream(io.RawIOBase):
    """Delivered bytes as a stream that is read once, and hashed on the way."""

    def __init__(self, content: DeliveredBytes) -> None:
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
