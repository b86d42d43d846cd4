"""Staging objects: a folder of the staging bucket that belongs to one loader and dataset."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Any

from google.api_core.exceptions import NotFound, PreconditionFailed

from airflow_landing_loader.clients import GoogleClients
from airflow_landing_loader.loading.warehouses.bigquery.errors import GOOGLE_ERRORS, translate

_CHUNK = 8 * 1024 * 1024
_MOST_BYTES = 256 * 1024 * 1024  # of a manifest, which anybody may have put there
_WORKERS = 8  # requests at a time; the client's pool has ten connections


class StagingFolder:
    """Objects below one prefix; every object is created once and never written over.

    Not by the store of zones: that knows objects by generation, which is another request where a
    name is enough, writes none piece by piece, and its errors are a zone's, not the warehouse's.

    :param prefix: ends in a slash.
    """

    def __init__(self, clients: GoogleClients, bucket: str, prefix: str) -> None:
        self._clients = clients
        self._bucket_name = bucket
        self._prefix = prefix
        self._opened: Any = None
        self._opening = threading.Lock()

    def uri(self, name: str) -> str:
        """Return the ``gs://`` URI of an object."""
        return f"gs://{self._bucket_name}/{self._prefix}{name}"

    def writer(self, name: str) -> Any:
        """Open an object for writing; it appears when the writer is closed."""
        return self._blob(name).open("wb", chunk_size=_CHUNK, if_generation_match=0)

    def name(self, uri: str) -> str:
        """Return the name of an object by its URI."""
        return uri.removeprefix(self.uri(""))

    def create(self, name: str, content: bytes) -> bool:
        """Create an object; ``False`` if there is one of this name already.

        :raises LandingError: see :func:`~errors.translate`.
        """
        try:
            self._blob(name).upload_from_string(content, if_generation_match=0)
        except PreconditionFailed:
            return False
        except GOOGLE_ERRORS as error:
            raise translate(error) from error
        return True

    def read(self, name: str) -> bytes | None:
        """Return an object's bytes, ``None`` if it is not there any more."""
        try:
            content: bytes = self._blob(name).download_as_bytes(end=_MOST_BYTES - 1)
        except NotFound:
            return None
        except GOOGLE_ERRORS as error:
            raise translate(error) from error
        return content

    def remove_if(self, name: str, content: bytes) -> None:
        """Remove an object if it holds this content."""
        blob = self._blob(name)
        try:
            with suppress(NotFound, PreconditionFailed):
                blob.reload()
                if blob.download_as_bytes(if_generation_match=blob.generation) == content:
                    blob.delete(if_generation_match=blob.generation)
        except GOOGLE_ERRORS as error:
            raise translate(error) from error

    def names(self, prefix: str) -> list[tuple[str, datetime]]:
        """Return the objects below a prefix with the times of their writing, in name order."""
        try:
            found = self._client().list_blobs(self._bucket_name, prefix=self._prefix + prefix)
            return [(blob.name.removeprefix(self._prefix), blob.updated) for blob in found]
        except GOOGLE_ERRORS as error:
            raise translate(error) from error

    def remove(self, names: Sequence[str]) -> None:
        """Remove objects, several at a time; those that are gone already do not matter."""
        if names:
            with ThreadPoolExecutor(min(_WORKERS, len(names))) as pool:
                list(pool.map(self._remove, names))

    def _remove(self, name: str) -> None:
        try:
            with suppress(NotFound):
                self._blob(name).delete()
        except GOOGLE_ERRORS as error:
            raise translate(error) from error

    def _client(self) -> Any:
        with self._opening:
            if self._opened is None:
                self._opened = self._clients.storage()
        return self._opened

    def _blob(self, name: str) -> Any:
        return self._client().bucket(self._bucket_name).blob(self._prefix + name)
