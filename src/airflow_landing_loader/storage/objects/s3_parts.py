"""Objects of S3 that are written in parts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError


class PartsUpload:
    """A new object in the making; nobody sees it before it is complete.

    :param client: the official client.
    :param place: bucket, key and upload id.
    """

    def __init__(self, client: Any, place: Mapping[str, str]) -> None:
        self.etag = ""
        self._client = client
        self._place = place
        self._parts: list[dict[str, Any]] = []

    def put(self, body: bytes) -> None:
        """Write the next part; the server compares the checksum of what arrived."""
        checksum = sha256(body)
        answer = self._client.upload_part(
            **self._place, PartNumber=self._next, Body=body, ChecksumSHA256=checksum
        )
        self._add(answer, ChecksumSHA256=checksum)

    def copy(self, original: Mapping[str, Any], start: int, size: int) -> None:
        """Copy the next part from another object, ``size`` bytes from ``start`` on."""
        answer = self._client.upload_part_copy(
            **self._place,
            **original,
            PartNumber=self._next,
            CopySourceRange=f"bytes={start}-{start + size - 1}",
        )
        self._add(answer["CopyPartResult"])

    def complete(self) -> None:
        """Let the object appear, if the key is free."""
        answer = self._client.complete_multipart_upload(
            **self._place, MultipartUpload={"Parts": self._parts}, IfNoneMatch="*"
        )
        self.etag = answer["ETag"]

    def abort(self) -> None:
        """Give up what has been written; parts that are left over would cost money."""
        with suppress(BotoCoreError, ClientError):
            self._client.abort_multipart_upload(**self._place)

    @property
    def _next(self) -> int:
        return len(self._parts) + 1

    def _add(self, answer: Mapping[str, Any], **more: str) -> None:
        self._parts.append({"PartNumber": self._next, "ETag": answer["ETag"], **more})


@contextmanager
def in_parts(client: Any, bucket: str, key: str, **arguments: Any) -> Iterator[PartsUpload]:
    """An object that appears at the end of the block, if its key is free then; else not at all.

    :param arguments: of the request that begins it.
    """
    began = client.create_multipart_upload(Bucket=bucket, Key=key, **arguments)
    upload = PartsUpload(client, {"Bucket": bucket, "Key": key, "UploadId": began["UploadId"]})
    try:
        yield upload
        upload.complete()
    except BaseException:
        upload.abort()
        raise


def sha256(body: bytes) -> str:
    """The checksum in the form of the protocol."""
    return base64.b64encode(hashlib.sha256(body).digest()).decode()
