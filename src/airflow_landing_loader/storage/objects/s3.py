"""AWS S3, and servers that speak its protocol, by the official client.

S3 has no generations. An object is known by its ETag, which stands for its content, and by the
second in which it was written, which tells two arrivals of equal content apart. Every write has a
condition, so that it happens once however often it is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    HTTPClientError,
    IncompleteReadError,
    NoCredentialsError,
    ReadTimeoutError,
    ResponseStreamingError,
)
from botocore.exceptions import ConnectionError as ConnectionFailed
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from airflow_landing_loader.clients import AwsClients
from airflow_landing_loader.storage.objects.bucket import Bucket
from airflow_landing_loader.storage.objects.s3_conditions import (
    CONDITION,
    GONE,
    Conditions,
    conditions_of,
    refused,
)
from airflow_landing_loader.storage.objects.s3_parts import in_parts, sha256
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

_ORIGIN = "landing-loader-origin"
_PAGE = 1000
_QUOTE = '"'
_DENIED = (401, 403)
_THROTTLED = ("SlowDown", "Throttling", "ThrottlingException", "RequestLimitExceeded")
_CHECKSUMS = ("CRC64NVME", "CRC32C", "CRC32", "SHA256", "SHA1")

PART_BYTES = 16 * 1024 * 1024
"""Bytes of one request when an object is written; a larger object is written in parts."""

LARGEST_COPY = 5 * 1024**3
"""Bytes of the largest object that S3 copies by one request."""

COPY_PART_BYTES = 1024**3
"""Bytes that one request copies of a larger object."""

_translated = translating((ClientError, BotoCoreError), lambda error: _store_error(error))
_again_if_it_breaks_off = Retrying(
    retry=retry_if_exception_type(StoreError),
    stop=stop_after_attempt(3),
    wait=wait_exponential(multiplier=0.5, max=2),
    reraise=True,
)


class S3Store(Bucket):
    """One bucket, as an :class:`ObjectStore`.

    :param bucket: its name.
    :param clients: where the client comes from; asked when the first request is made.
    """

    def __init__(self, bucket: str, clients: AwsClients) -> None:
        super().__init__("s3", bucket, clients.s3)

    def list(self, prefix: str) -> Iterator[StoredObject]:
        found = self._client().get_paginator("list_objects_v2")
        pages = iter(
            found.paginate(
                Bucket=self._name,
                Prefix=prefix,
                Delimiter="/",
                PaginationConfig={"PageSize": _PAGE},
            )
        )
        while (page := self._next_page(pages)) is not None:
            yield from (_stored(entry["Key"], entry) for entry in page.get("Contents", ()))

    @_translated
    def require(self, prefix: str) -> None:
        self._client().list_objects_v2(Bucket=self._name, Prefix=prefix, MaxKeys=1)

    @_translated
    def look_up(self, key: str) -> StoredObject | None:
        try:
            head = self._client().head_object(Bucket=self._name, Key=key, ChecksumMode="ENABLED")
        except ClientError as error:
            if refused(error, GONE):
                return None
            raise
        return _stored(key, head)

    @_translated
    def read(self, key: str, token: str, start: int, size: int) -> bytes:
        # The client tries its requests again by itself, but no answer that breaks off.
        return _again_if_it_breaks_off(self._read, key, token, start, size)

    def _read(self, key: str, token: str, start: int, size: int) -> bytes:
        try:
            answer = self._client().get_object(
                Bucket=self._name,
                Key=key,
                IfMatch=_etag(token),
                Range=f"bytes={start}-{start + size - 1}",
            )
        except ClientError as error:
            if refused(error, GONE, CONDITION):
                raise GoneError(key) from error
            raise
        # As a context it would be what lies below it, with errors that are not the client's.
        with closing(answer["Body"]) as body:
            # Equal content that came again is another arrival.
            if _token(answer["ETag"], _seconds(answer)) != token:
                raise GoneError(key)
            try:
                content: bytes = body.read()
            except (ReadTimeoutError, ResponseStreamingError, IncompleteReadError) as error:
                raise StoreError(
                    "the store's answer breaks off", "It is tried again; nothing is lost.", NETWORK
                ) from error
        return content

    @_translated
    def create(self, key: str, content: Stream, *, origin: str | None = None) -> StoredObject:
        self._conditions(key)
        metadata = {} if origin is None else {_ORIGIN: origin}
        size = size_of(content)
        try:
            if size > PART_BYTES:
                etag, size = self._put_parts(key, content, metadata, size)
            else:
                body = piece(content, size)
                etag, size = self._put(key, body, metadata), len(body)
        except ClientError as error:
            if refused(error, CONDITION):
                raise TakenError(key) from error
            raise
        return self._made(key, etag, size)

    @_translated
    def replace(self, key: str, content: bytes) -> None:
        self._client().put_object(
            Bucket=self._name, Key=key, Body=content, ChecksumSHA256=sha256(content)
        )

    @_translated
    def copy(self, source: ObjectStore, found: StoredObject, key: str) -> StoredObject | None:
        if not isinstance(source, S3Store) or not self._conditions(key).copies:
            return None
        original = {
            "CopySource": {"Bucket": source._name, "Key": found.key},
            "CopySourceIfMatch": _etag(found.token),
        }
        try:
            etag = self._copy(key, original, {_ORIGIN: found.token}, found.size)
        except ClientError as error:
            if refused(error, GONE):
                raise GoneError(found.key) from error
            if not refused(error, CONDITION):
                raise
            if self.look_up(key) is not None:
                raise TakenError(key) from error
            raise GoneError(found.key) from error
        made = self._made(key, etag, found.size)
        if made.size != found.size or _differ(made.checksum, found.checksum):
            self.delete(key, made.token)
            raise copied_badly()
        return made

    @_translated
    def delete(self, key: str, token: str) -> bool:
        self._conditions(key)
        # The condition of the request knows content only: equal content that came again shows here.
        found = self.look_up(key)
        if found is None or found.token != token:
            return False
        try:
            self._client().delete_object(Bucket=self._name, Key=key, IfMatch=_etag(token))
        except ClientError as error:
            if refused(error, GONE, CONDITION):
                return False
            raise
        return True

    def _conditions(self, key: str) -> Conditions:
        """What the server keeps of the protocol, asked before the first write that relies on it."""
        return conditions_of(self._client(), self._name, key[: key.rfind("/") + 1])

    @_translated
    def _next_page(self, pages: Iterator[Any]) -> Any:
        return next(pages, None)

    def _made(self, key: str, etag: str, size: int) -> StoredObject:
        """What has just been written, with the time that only the store knows."""
        found = self.look_up(key)
        if found is not None and _etag(found.token) == etag:
            return found
        # Somebody has taken it away already, which is a good end; no object has this token.
        return StoredObject(key=key, size=size, updated_ns=0, token=_token(etag, 0))

    def _put(self, key: str, body: bytes, metadata: Mapping[str, str]) -> str:
        answer = self._client().put_object(
            Bucket=self._name,
            Key=key,
            Body=body,
            ChecksumSHA256=sha256(body),
            Metadata=metadata,
            IfNoneMatch="*",
        )
        return str(answer["ETag"])

    def _put_parts(
        self, key: str, content: Stream, metadata: Mapping[str, str], expected: int
    ) -> tuple[str, int]:
        size, step = 0, part_bytes(expected, PART_BYTES)
        arguments = {"Metadata": metadata, "ChecksumAlgorithm": "SHA256"}
        with in_parts(self._client(), self._name, key, **arguments) as upload:
            while body := piece(content, step):
                upload.put(body)
                size += len(body)
        return upload.etag, size

    def _copy(
        self, key: str, original: Mapping[str, Any], metadata: Mapping[str, str], size: int
    ) -> str:
        client = self._client()
        if size <= LARGEST_COPY:
            answer = client.copy_object(
                Bucket=self._name,
                Key=key,
                **original,
                IfNoneMatch="*",
                Metadata=metadata,
                MetadataDirective="REPLACE",
                # Tags stay behind: to copy them would need two more permissions.
                TaggingDirective="REPLACE",
            )
            return str(answer["CopyObjectResult"]["ETag"])
        step = part_bytes(size, COPY_PART_BYTES)
        with in_parts(client, self._name, key, Metadata=metadata) as upload:
            for start in range(0, size, step):
                upload.copy(original, start, min(step, size - start))
        return upload.etag


def _stored(key: str, answer: Mapping[str, Any]) -> StoredObject:
    """An object as a listing or a request for it alone describes it."""
    seconds = _seconds(answer)
    return StoredObject(
        key=key,
        size=answer["Size"] if "Size" in answer else answer["ContentLength"],
        updated_ns=seconds * 1_000_000_000,
        token=_token(answer["ETag"], seconds),
        checksum=_checksum(answer),
        origin=answer.get("Metadata", {}).get(_ORIGIN),
    )


def _seconds(answer: Mapping[str, Any]) -> int:
    # Whole ones: some servers know more of them in a listing than in an answer's header.
    return int(answer["LastModified"].timestamp())


def _token(etag: str, seconds: int) -> str:
    return f"{etag.strip(_QUOTE)}@{seconds}"


def _etag(token: str) -> str:
    return f'"{token.rpartition("@")[0]}"'


def _checksum(answer: Mapping[str, Any]) -> str | None:
    """The checksum of the whole content, after its kind; that of parts has a ``-`` in it."""
    for kind in _CHECKSUMS:
        value = answer.get(f"Checksum{kind}", "-")
        if "-" not in value:
            return f"{kind} {value}"
    return None


def _differ(one: str | None, other: str | None) -> bool:
    """Whether two checksums of one kind are of different contents."""
    if one is None or other is None or one.split()[0] != other.split()[0]:
        return False
    return one != other


def _store_error(error: Exception) -> StoreError:
    if isinstance(error, NoCredentialsError | CredentialRetrievalError):
        return StoreError(
            "there are no AWS credentials",
            "Run `aws configure` or `aws sso login`, set AWS_PROFILE, or give the machine a role; "
            "in Airflow, name a connection with [landing_loader] aws_conn_id.",
        )
    if not isinstance(error, ClientError):
        return StoreError(
            f"the answer is {type(error).__name__}",
            "It is tried again; nothing is lost.",
            _trouble_of_client(error),
        )
    code = error.response.get("Error", {}).get("Code", "unknown")
    if code == "NoSuchBucket":
        return StoreError("there is no such bucket", "Create it, or correct the zone's path.")
    if refused(error, *_DENIED):
        return StoreError(
            f"access is denied ({code})",
            "Give the loader s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject, "
            "s3:DeleteObject and s3:AbortMultipartUpload on its objects.",
        )
    return StoreError(
        f"the store's answer is {code}",
        "It is tried again; nothing is lost.",
        _trouble_of_answer(code, error.response.get("ResponseMetadata", {})),
    )


def _trouble_of_client(error: Exception) -> Trouble | None:
    if isinstance(error, ConnectTimeoutError | ReadTimeoutError):
        return TIMEOUT
    return NETWORK if isinstance(error, HTTPClientError | ConnectionFailed) else None


def _trouble_of_answer(code: str, answer: Mapping[str, Any]) -> Trouble | None:
    headers = answer.get("HTTPHeaders", {})
    if code in _THROTTLED:
        return Trouble(kind="rate_limit", retry_after=retry_after(headers))
    if code == "RequestTimeout":
        return TIMEOUT
    return trouble_of_answer(answer.get("HTTPStatusCode"), headers)
