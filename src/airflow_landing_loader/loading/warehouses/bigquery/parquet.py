"""The file system through which the engine writes Parquet straight into the staging folder."""

from __future__ import annotations

from typing import Any

from fsspec.spec import AbstractFileSystem  # type: ignore[import-untyped]

from airflow_landing_loader.loading.warehouses.bigquery.folder import StagingFolder

PROTOCOL = "staging"


class WritingFileSystem(AbstractFileSystem):  # type: ignore[misc]
    """The file system that the engine writes ``staging://<name>`` to, straight into the bucket.

    :ivar written: names of the objects written since :meth:`begin`.
    :ivar failure: what the bucket answered to a write that failed.
    """

    protocol = PROTOCOL
    cachable = False

    def __init__(self, folder: StagingFolder) -> None:
        super().__init__()
        self._folder = folder
        self.begin()

    def begin(self) -> None:
        """Forget what was written so far."""
        self.written: list[str] = []
        self.failure: BaseException | None = None

    def open(self, path: str, mode: str = "rb", **_: Any) -> Any:
        """Open an object; ``mode`` must be writing."""
        if mode != "wb":
            raise OSError(f"{path} is write-only")
        name = path.removeprefix(f"{PROTOCOL}://").strip("/")
        self.written.append(name)
        return _Writer(self, self._folder.writer(name))

    def exists(self, _: str, **__: Any) -> bool:
        """Nothing is there before it is written."""
        return False

    def isdir(self, _: str) -> bool:
        """There are no folders."""
        return False

    def isfile(self, _: str) -> bool:
        """Nothing is there before it is written."""
        return False

    def mkdir(self, _: str, **__: Any) -> None:
        """There are no folders to be made."""

    def ls(self, _: str, **__: Any) -> list[Any]:
        """Nothing is there before it is written."""
        return []

    def glob(self, _: str, **__: Any) -> list[str]:
        """Nothing is there before it is written."""
        return []


class _Writer:
    """A writer that remembers what went wrong, as the engine does not hand it on."""

    def __init__(self, system: WritingFileSystem, raw: Any) -> None:
        self._system = system
        self._raw = raw

    def write(self, data: bytes) -> int:
        try:
            return int(self._raw.write(data))
        except BaseException as error:
            self._system.failure = error
            raise

    def close(self) -> None:
        try:
            self._raw.close()
        except BaseException as error:
            self._system.failure = error
            raise

    def flush(self) -> None:
        """Parts go when they are full; the service takes no smaller ones."""

    def tell(self) -> int:
        return int(self._raw.tell())
