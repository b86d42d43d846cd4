"""A file system of open views, which is all that an engine sees of delivered files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Protocol

from fsspec.spec import AbstractFileSystem  # type: ignore[import-untyped]

from airflow_landing_loader.loading.reading.shared_view import SharedView

PROTOCOL = "landing"


class Readable(Protocol):
    """What the engine can be given to read."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def modified(self) -> datetime:
        """When it was modified."""
        ...

    def open(self) -> SharedView:
        """Open it for reading."""
        ...


class RecordsFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """The file system that the engine reads ``landing://<number>`` from."""

    protocol = PROTOCOL
    cachable = False

    def __init__(self) -> None:
        super().__init__()
        self.clear()

    def add(self, source: Readable) -> str:
        """Register what is to be read and return the path that the engine is given."""
        name = str(len(self._sources))
        self._sources[name] = source
        return f"{PROTOCOL}://{name}"

    def clear(self) -> None:
        """Forget all registered sources, and what went wrong with them."""
        self._sources: dict[str, Readable] = {}
        self.failure: Exception | None = None

    def open(self, path: str, mode: str = "rb", **_: Any) -> SharedView:
        """Open a registered path; ``mode`` must be reading."""
        if mode != "rb":
            raise OSError(f"{path} is read-only")
        with self.noting():
            view = self._source(path).open()
        view.noting = self.noting
        return view

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Remember what goes wrong in the block, as the engine does not hand it on."""
        try:
            yield
        except Exception as error:
            self.failure = error
            raise

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """Return name, size and type, as fsspec asks for them."""
        return {"name": path, "size": self._source(path).size, "type": "file"}

    def glob(self, path: str, **_: Any) -> list[str]:
        """Return the path itself: our names hold no pattern."""
        return [path]

    def exists(self, path: str, **_: Any) -> bool:
        """Whether the path is registered."""
        return self._key(path) in self._sources

    def modified(self, path: str) -> datetime:
        """Return the modification time."""
        return self._source(path).modified

    def _source(self, path: str) -> Readable:
        return self._sources[self._key(path)]

    def _key(self, path: str) -> str:
        return path.removeprefix(f"{PROTOCOL}://").strip("/")
