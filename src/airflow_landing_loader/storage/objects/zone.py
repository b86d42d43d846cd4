"""A zone that is a bucket prefix, and the bytes of the objects in it."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_landing_loader.exceptions import ErrorCode, shown
from airflow_landing_loader.storage.content import changed, disappeared
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.objects.store import (
    GoneError,
    ObjectStore,
    StoredObject,
    explained,
)
from airflow_landing_loader.storage.zone import Listing, require_plain_name

CHUNK_BYTES = 8 * 1024 * 1024
"""Bytes of one request when an object is read."""


@dataclass(frozen=True)
class ObjectZone:
    """A :class:`~airflow_landing_loader.storage.zone.Zone` in an object store.

    Only direct children of the prefix are files: what has a further ``/`` in its name lies deeper,
    and what ends in ``/`` is a folder that a tool has drawn.

    :param store: the bucket.
    :param prefix: ``folder/folder``, without slashes around it; empty for the whole bucket.
    """

    store: ObjectStore
    prefix: str

    links = False

    @property
    def settles(self) -> bool:
        return self.store.settles

    @property
    def path(self) -> str:
        return f"{self.store.uri}/{self.prefix}" if self.prefix else self.store.uri

    def list(self, prefix: str = "") -> Listing[StoredObject]:
        with explained(ErrorCode.ZONE_UNAVAILABLE, f"The zone {shown(self.path)} cannot be read"):
            found = {self._name(stored): stored for stored in self.store.list(self.key(prefix))}
        found.pop("", None)  # the prefix itself, which a tool has drawn
        return Listing({name: found[name] for name in sorted(found)}, lambda _: True, self.file_of)

    def stat(self, name: str) -> LandedFile | None:
        found = self.stored(name)
        return None if found is None else self.file_of(found)

    def stored(self, name: str) -> StoredObject | None:
        """The object of a direct child, as :meth:`stat`."""
        require_plain_name(name)
        with explained(ErrorCode.ZONE_UNAVAILABLE, f"The zone {shown(self.path)} cannot be read"):
            return self.store.look_up(self.key(name))

    def require(self) -> None:
        with explained(ErrorCode.ZONE_UNAVAILABLE, f"The zone {shown(self.path)} cannot be read"):
            self.store.require(self.key(""))

    def is_being_written(self, name: str) -> bool:  # noqa: ARG002
        return False  # no store tells

    def source(self, file: LandedFile) -> ObjectSource:
        return ObjectSource(self.store, self.key(file.name), file)

    def key(self, name: str) -> str:
        """The key of a direct child."""
        return f"{self.prefix}/{name}" if self.prefix else name

    def _name(self, stored: StoredObject) -> str:
        return stored.key.removeprefix(self.key(""))

    def file_of(self, stored: StoredObject) -> LandedFile:
        """A direct child as a value."""
        name = self._name(stored)
        return LandedFile(
            name=name,
            path=f"{self.path}/{name}",
            size=stored.size,
            mtime_ns=stored.updated_ns,
            token=stored.token,
        )


@dataclass(frozen=True)
class ObjectSource:
    """The :class:`~airflow_landing_loader.storage.content.FileContent` of one generation of one
    object."""

    store: ObjectStore
    key: str
    file: LandedFile

    @property
    def name(self) -> str:
        """Its file name."""
        return self.file.name

    def open(self) -> ObjectBytes:
        found = _look_up(self)
        if found is None:
            raise disappeared(self.name)
        if (found.token, found.size) != (self.file.token, self.file.size):
            raise changed(self.name)
        return ObjectBytes(self)


class ObjectBytes:
    """The :class:`~airflow_landing_loader.storage.content.OpenContent` of an object; it is read in
    large pieces, one of which is kept."""

    def __init__(self, source: ObjectSource) -> None:
        self._source = source
        self.size = source.file.size
        self._chunk = b""
        self._chunk_at = 0

    def read_at(self, size: int, position: int) -> bytes:
        end = min(position + size, self.size)
        parts = []
        while position < end:
            if not 0 <= position - self._chunk_at < len(self._chunk):
                self._chunk, self._chunk_at = self._fetch(position), position
            start = position - self._chunk_at
            parts.append(self._chunk[start : start + end - position])
            position += len(parts[-1])
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """Forget the piece that is kept."""
        self._chunk = b""

    def _fetch(self, position: int) -> bytes:
        source = self._source
        with explained(
            ErrorCode.LANDING_UNREADABLE, f"{shown(source.name)} cannot be read", file=source.name
        ):
            try:
                wanted = min(CHUNK_BYTES, self.size - position)
                chunk = source.store.read(source.key, source.file.token, position, wanted)
            except GoneError as error:
                found = source.store.look_up(source.key)
                raise (disappeared if found is None else changed)(source.name) from error
        if not chunk:
            raise changed(source.name)
        return chunk


def _look_up(source: ObjectSource) -> StoredObject | None:
    with explained(
        ErrorCode.LANDING_UNREADABLE, f"{shown(source.name)} cannot be read", file=source.name
    ):
        return source.store.look_up(source.key)
