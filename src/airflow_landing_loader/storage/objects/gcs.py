"""Google Cloud Storage by the official client.

Every write has a generation precondition, so that it happens once however often it is tried, and
the client may repeat it by itself after a lost answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO, RawIOBase
from typing import IO, Any

from google.api_core.exceptions import (
    Forbidden,
    GoogleAPICallError,
    NotFound,
    PreconditionFailed,
    RetryError,
    Unauthorized,
)
from google.auth.exceptions import GoogleAuthError
from google.cloud.exceptions import GoogleCloudError
from requests.exceptions import RequestException

from airflow_landing_loader.clients import GoogleClients
from airflow_landing_loader.storage.objects.bucket import Bucket
from airflow_landing_loader.storage.objects.google_trouble import trouble_of_google
from airflow_landing_loader.storage.objects.store import (
    GoneError,
    ObjectStore,
    StoredObject,
    StoreError,
    TakenError,
    copied_badly,
    translating,
)

try:
    from google.cloud.storage.exceptions import (
        DataCorruption,
        InvalidResponse,
    )
except ImportError:  # before google-cloud-storage 3.0
    from google.resumable_media.common import DataCorruption, InvalidResponse

_ORIGIN = "landing-loader-origin"
_PAGE = 1000

_translated = translating(
    (
        *(GoogleAPICallError, GoogleCloudError, GoogleAuthError, RetryError),
        *(RequestException, ConnectionError, TimeoutError, DataCorruption, InvalidResponse),
    ),
    lambda error: _store_error(error),
)


class GcsStore(Bucket):
    """One bucket, as an :class:`ObjectStore`.

    :param bucket: its name.
    :param clients: where the client comes from; asked when the first request is made.
    """

    def __init__(self, bucket: str, clients: GoogleClients) -> None:
        super().__init__("gs", bucket, clients.storage)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        found = self._client().list_blobs(
            self._name,
            prefix=prefix,
            delimiter="/",
            page_size=_PAGE,
            fields="items(name,size,updated,generation,crc32c,metadata),nextPageToken",
        )
        pages = iter(found.pages)
        while (page := self._next_page(pages)) is not None:
            yield from (_stored(blob) for blob in page)

    @_translated
    def require(self, prefix: str) -> None:
        next(iter(self._client().list_blobs(self._name, prefix=prefix, max_results=1)), None)

    @_translated
    def look_up(self, key: str) -> StoredObject | None:
        blob = self._bucket().get_blob(key)
        return None if blob is None else _stored(blob)

    @_translated
    def read(self, key: str, token: str, start: int, size: int) -> bytes:
        blob = self._bucket().blob(key, generation=int(token))
        try:
            # Raw: an object that says it is gzip would come decompressed.
            content: bytes = blob.download_as_bytes(
                start=start, end=start + size - 1, raw_download=True, checksum=None
            )
        except NotFound as error:
            raise GoneError(key) from error
        return content

    @_translated
    def create(
        self, key: str, content: IO[bytes] | RawIOBase, *, origin: str | None = None
    ) -> StoredObject:
        blob = self._bucket().blob(key)
        if origin is not None:
            blob.metadata = {_ORIGIN: origin}
        try:
            blob.upload_from_file(content, if_generation_match=0, checksum="crc32c")
        except PreconditionFailed as error:
            raise TakenError(key) from error
        return _stored(blob)

    @_translated
    def replace(self, key: str, content: bytes) -> None:
        self._bucket().blob(key).upload_from_file(BytesIO(content), checksum="crc32c")

    @_translated
    def copy(self, source: ObjectStore, found: StoredObject, key: str) -> StoredObject | None:
        if not isinstance(source, GcsStore):
            return None
        original = source._bucket().blob(found.key, generation=int(found.token))
        copy = self._bucket().blob(key)
        copy.metadata = {_ORIGIN: found.token}
        part = None
        try:
            while True:
                part, _, _ = copy.rewrite(
                    original,
                    token=part,
                    if_generation_match=0,
                    if_source_generation_match=int(found.token),
                )
                if part is None:
                    break
        except NotFound as error:
            raise GoneError(found.key) from error
        except PreconditionFailed as error:
            if self.look_up(key) is not None:
                raise TakenError(key) from error
            raise GoneError(found.key) from error
        made = _stored(copy)
        if (made.size, made.checksum) != (found.size, found.checksum):
            self.delete(key, made.token)
            raise copied_badly()
        return made

    @_translated
    def delete(self, key: str, token: str) -> bool:
        try:
            self._bucket().blob(key).delete(if_generation_match=int(token))
        except (NotFound, PreconditionFailed):
            return False
        return True

    def _bucket(self) -> Any:
        return self._client().bucket(self._name)

    @_translated
    def _next_page(self, pages: Iterator[Any]) -> Any:
        return next(pages, None)


def _stored(blob: Any) -> StoredObject:
    updated = blob.updated
    return StoredObject(
        key=blob.name,
        size=int(blob.size),
        updated_ns=int(updated.timestamp() * 1_000_000) * 1000,
        token=str(blob.generation),
        checksum=blob.crc32c,
        origin=(blob.metadata or {}).get(_ORIGIN),
    )


def _store_error(error: Exception) -> StoreError:
    if isinstance(error, NotFound):
        return StoreError("there is no such bucket", "Create it, or correct the zone's path.")
    trouble = trouble_of_google(error)
    if trouble is None and isinstance(error, Forbidden | Unauthorized | GoogleAuthError):
        return StoreError(
            "Google denies access",
            "Give the loader's account the role roles/storage.objectUser on the bucket (object "
            "viewer, creator and deleter).",
        )
    return StoreError(
        f"Google's answer is {type(error).__name__}",
        "It is tried again; nothing is lost.",
        trouble,
    )
