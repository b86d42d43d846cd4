"""Azure Blob Storage by the official client; a container is the bucket.

A blob gets another ETag with each write, which does for it what a generation does elsewhere. Every
write has a condition, so that it happens once however often it is tried.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from azure.core import MatchConditions
from azure.core.credentials import AzureSasCredential
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
)
from azure.storage.blob import BlobBlock, BlobProperties, ContentSettings
from requests.exceptions import Timeout as RequestTimeout
from urllib3.exceptions import TimeoutError as PoolTimeout

from airflow_landing_loader.clients import AzureClients
from airflow_landing_loader.storage.objects.bucket import Bucket
from airflow_landing_loader.storage.objects.store import (
    GoneError,
    ObjectStore,
    StoredObject,
    StoreError,
    TakenError,
    copied_badly,
    translating,
)
from airflow_landing_loader.storage.objects.streams import Stream, part_bytes, piece, size_of
from airflow_landing_loader.trouble import (
    NETWORK,
    TIMEOUT,
    Trouble,
    retry_after,
    trouble_of_answer,
)

_ORIGIN = "landing_loader_origin"  # a name may have no hyphen here
_FOLDER = "hdi_isfolder"
_PAGE = 1000
_QUOTE = '"'
_GONE, _CONFLICT, _CONDITION = 404, 409, 412
_DENIED = (401, 403)
_NO_CONTAINER, _LEASED, _NO_BLOCKS = "ContainerNotFound", "LeaseIdMissing", "InvalidBlockList"

# Azure refuses the first, takes a backslash for a slash, and drops a dot at an end.
_UNFIT = re.compile(r"[\x00-\x1f\x7f\\]|\.(?=/|\Z)")

BLOCK_BYTES = 16 * 1024 * 1024
"""Bytes of one request when an object is written; a larger object is written in blocks."""

_translated = translating((AzureError,), lambda error: _store_error(error))


class AzureStore(Bucket):
    """One container, as an :class:`ObjectStore`.

    :param container: its name.
    :param clients: where the client comes from; asked when the first request is made.
    """

    # An append blob, and a file of a hierarchical namespace, can be listed while it grows.
    settles = True

    def __init__(self, container: str, clients: AzureClients) -> None:
        super().__init__("az", container, clients.azure)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        found = self._container().walk_blobs(
            name_starts_with=prefix, include=["metadata"], delimiter="/", results_per_page=_PAGE
        )
        pages = found.by_page()
        while (page := self._next_page(pages)) is not None:
            for entry in page:
                if isinstance(entry, BlobProperties) and not _is_folder(entry):
                    yield _stored(entry)

    @_translated
    def require(self, prefix: str) -> None:
        listed = self._container().list_blobs(name_starts_with=prefix, results_per_page=1)
        next(listed.by_page(), None)

    @_translated
    def look_up(self, key: str) -> StoredObject | None:
        found = self._properties(key)
        if found is not None and found.copy.status == "pending":
            raise _unfinished_copy()
        return None if found is None else _stored(found)

    @_translated
    def read(self, key: str, token: str, start: int, size: int) -> bytes:
        try:
            # Not decompressed: an object that says it is gzip would come as something else.
            content: bytes = (
                self._blob(key)
                .download_blob(offset=start, length=size, decompress=False, **_if_match(token))
                .readall()
            )
        except HttpResponseError as error:
            if _refused(error, _GONE, _CONDITION):
                raise GoneError(key) from error
            raise
        return content

    @_translated
    def create(self, key: str, content: Stream, *, origin: str | None = None) -> StoredObject:
        metadata = {} if origin is None else {_ORIGIN: origin}
        size = size_of(content)
        try:
            if size > BLOCK_BYTES:
                return self._put_blocks(key, content, metadata, size)
            return self._put(key, piece(content, size), metadata)
        except HttpResponseError as error:
            # Who completes an object first takes away the blocks of the others.
            lost = _refused(error, _CONFLICT, _CONDITION) or _code(error) == _NO_BLOCKS
            if lost and self._properties(key) is not None:
                raise TakenError(key) from error
            raise

    @_translated
    def replace(self, key: str, content: bytes) -> None:
        self._blob(key).upload_blob(content, overwrite=True, validate_content=True)

    @_translated
    def copy(self, source: ObjectStore, found: StoredObject, key: str) -> StoredObject | None:
        if not isinstance(source, AzureStore):
            return None
        try:
            begun = self._blob(key).start_copy_from_url(
                _signed_url(source._blob(found.key)),
                metadata={_ORIGIN: found.token},
                source_etag=_etag(found.token),
                source_match_condition=MatchConditions.IfNotModified,
                match_condition=MatchConditions.IfMissing,
            )
        except HttpResponseError as error:
            if not _refused(error, _GONE, _CONFLICT, _CONDITION):
                raise
            if self._properties(key) is not None:
                raise TakenError(key) from error
            if source.look_up(found.key) == found:
                raise
            raise GoneError(found.key) from error
        return self._copied(key, found, begun)

    @_translated
    def delete(self, key: str, token: str) -> bool:
        try:
            self._blob(key).delete_blob(**_if_match(token))
        except HttpResponseError as error:
            if _refused(error, _GONE, _CONDITION):
                return False
            raise
        return True

    def _container(self) -> Any:
        return self._client().get_container_client(self._name)

    def _blob(self, key: str) -> Any:
        if _UNFIT.search(key):
            raise StoreError(
                "Azure cannot keep an object of this name",
                "Give it a name without backslashes, control characters and a dot at its end.",
            )
        return self._client().get_blob_client(self._name, key)

    @_translated
    def _next_page(self, pages: Iterator[Any]) -> Any:
        return next(pages, None)

    def _properties(self, key: str) -> Any:
        """What the store says of a key, ``None`` if it has no object."""
        try:
            return self._blob(key).get_blob_properties()
        except HttpResponseError as error:
            if _refused(error, _GONE):
                return None
            raise

    def _put(self, key: str, body: bytes, metadata: Mapping[str, str]) -> StoredObject:
        answer = self._blob(key).upload_blob(
            body, overwrite=False, validate_content=True, metadata=metadata
        )
        return _made(key, len(body), answer, _md5(body), metadata)

    def _put_blocks(
        self, key: str, content: Stream, metadata: Mapping[str, str], expected: int
    ) -> StoredObject:
        blob, upload = self._blob(key), uuid4().hex
        blocks: list[BlobBlock] = []
        size, step, whole = 0, part_bytes(expected, BLOCK_BYTES), _md5()
        while body := piece(content, step):
            # Of this upload alone, and of one length, as the store wants them.
            block = f"{upload}-{len(blocks):06}"
            blob.stage_block(block, body, validate_content=True)
            blocks.append(BlobBlock(block_id=block))
            whole.update(body)
            size += len(body)
        answer = blob.commit_block_list(
            blocks,
            metadata=metadata,
            content_settings=ContentSettings(content_md5=bytearray(whole.digest())),
            match_condition=MatchConditions.IfMissing,
        )
        return _made(key, size, answer, whole, metadata)

    def _copied(self, key: str, found: StoredObject, begun: Mapping[str, Any]) -> StoredObject:
        """The copy that was begun, once it is what its source is."""
        made = self._properties(key)
        if made is None or made.copy.id != begun["copy_id"]:
            # Somebody has taken it away already, which is a good end.
            return StoredObject(
                key=key, size=found.size, updated_ns=0, token=begun["etag"].strip(_QUOTE)
            )
        if made.copy.status == "pending":
            raise _unfinished_copy()
        copy = _stored(made)
        if copy.origin is None or copy.size != found.size or _differ(copy, found):
            self.delete(key, copy.token)
            raise copied_badly()
        return copy


def _signed_url(blob: Any) -> str:
    """Where the store itself finds an object of ours."""
    if isinstance(blob.credential, AzureSasCredential):
        # Any other kind of credential is in the URL already, or counts for the whole account.
        return f"{blob.url}?{blob.credential.signature.lstrip('?')}"
    return str(blob.url)


def _is_folder(blob: BlobProperties) -> bool:
    """Whether it stands for a folder of a hierarchical namespace."""
    return str((blob.metadata or {}).get(_FOLDER, "")).lower() == "true"


def _stored(blob: BlobProperties) -> StoredObject:
    """An object as a listing or a request for it alone describes it."""
    md5 = blob.content_settings.content_md5
    # What a copy that failed has left is no copy.
    failed = blob.copy.status not in (None, "success")
    return StoredObject(
        key=blob.name,
        size=blob.size,
        updated_ns=int(blob.last_modified.timestamp()) * 1_000_000_000,
        token=blob.etag.strip(_QUOTE),
        checksum=None if md5 is None else bytes(md5).hex(),
        origin=None if failed else (blob.metadata or {}).get(_ORIGIN),
    )


def _made(
    key: str, size: int, answer: Mapping[str, Any], md5: Any, metadata: Mapping[str, str]
) -> StoredObject:
    """What has just been written."""
    return StoredObject(
        key=key,
        size=size,
        updated_ns=int(answer["last_modified"].timestamp()) * 1_000_000_000,
        token=answer["etag"].strip(_QUOTE),
        checksum=md5.hexdigest(),
        origin=metadata.get(_ORIGIN),
    )


def _md5(body: bytes = b"") -> Any:
    # The only checksum of a whole object that the store keeps.
    return hashlib.md5(body, usedforsecurity=False)


def _differ(one: StoredObject, other: StoredObject) -> bool:
    """Whether two objects have checksums, and other ones."""
    return None not in (one.checksum, other.checksum) and one.checksum != other.checksum


def _etag(token: str) -> str:
    return f'"{token}"'


def _if_match(token: str) -> dict[str, Any]:
    return {"etag": _etag(token), "match_condition": MatchConditions.IfNotModified}


def _code(error: HttpResponseError) -> str:
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code))


def _refused(error: HttpResponseError, *statuses: int) -> bool:
    """Whether the store has answered one of these because of the object as it is."""
    return error.status_code in statuses and _code(error) not in (_NO_CONTAINER, _LEASED)


def _unfinished_copy() -> StoreError:
    return StoreError(
        "the store has not finished copying the object", "It is looked at again; nothing is lost."
    )


def _store_error(error: Exception) -> StoreError:
    if not isinstance(error, HttpResponseError) or error.status_code is None:
        if isinstance(error, ClientAuthenticationError):
            return StoreError(
                "there are no Azure credentials that it takes",
                "Run `az login`, set AZURE_STORAGE_CONNECTION_STRING, or give the machine a "
                "managed identity; in Airflow, name a connection with [landing_loader] "
                "azure_conn_id.",
            )
        return StoreError(
            f"the answer is {type(error).__name__}",
            "It is tried again; nothing is lost.",
            _trouble_of_client(error),
        )
    code = _code(error)
    if code == _NO_CONTAINER:
        return StoreError("there is no such container", "Create it, or correct the zone's path.")
    if error.status_code in _DENIED:
        return StoreError(
            f"access is denied ({code})",
            "Give the loader's identity the role Storage Blob Data Contributor on the container.",
        )
    if code == _LEASED:
        return StoreError(
            "somebody holds a lease on the object",
            "It is tried again; break the lease if nobody is at work with it.",
        )
    return StoreError(
        f"the store's answer is {code}",
        "It is tried again; nothing is lost.",
        _trouble_of_answer(code, error),
    )


def _trouble_of_client(error: Exception) -> Trouble | None:
    # Its own names of what takes too long are newer than the oldest client that we take.
    inner = getattr(error, "inner_exception", None)
    if isinstance(inner, RequestTimeout | PoolTimeout | TimeoutError):
        return TIMEOUT
    return NETWORK if isinstance(error, ServiceRequestError | ServiceResponseError) else None


def _trouble_of_answer(code: str, error: HttpResponseError) -> Trouble | None:
    headers = getattr(error.response, "headers", None) or {}
    if code == "ServerBusy":
        return Trouble(kind="rate_limit", retry_after=retry_after(headers))
    if code == "OperationTimedOut":
        return TIMEOUT
    if isinstance(error, IncompleteReadError):
        return NETWORK
    return trouble_of_answer(error.status_code, headers)
