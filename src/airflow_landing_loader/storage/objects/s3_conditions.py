"""Which conditions of a request a server of the S3 protocol keeps.

Many servers ignore a condition that they do not know, and would overwrite or delete what must stay.
AWS documents that it keeps all of them; any other server has to show it on an object of ours,
before the first request that relies on one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from botocore.exceptions import ClientError

from airflow_landing_loader.storage.names import WORK_FOLDER
from airflow_landing_loader.storage.objects.s3_parts import in_parts
from airflow_landing_loader.storage.objects.store import StoreError

GONE, CONDITION, UNKNOWN = 404, 412, 501
_AWS = (".amazonaws.com", ".amazonaws.com.cn")
_OTHER = '"00000000000000000000000000000000"'


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """What the server keeps beyond that without which nothing is written.

    :param copies: the conditions of copies; else bytes are copied through this machine.
    """

    copies: bool = True


_shown: dict[tuple[str, str], Conditions] = {}


def refused(error: ClientError, *statuses: int) -> bool:
    """Whether the server has answered one of these; a bucket that is not there is none of them."""
    answer = error.response
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return status in statuses and answer.get("Error", {}).get("Code") != "NoSuchBucket"


def conditions_of(client: Any, bucket: str, folder: str) -> Conditions:
    """What the server of a bucket keeps; once shown, it is known for the life of the process.

    :param folder: where an object of ours may lie, ending in ``/``; empty for the top of the
        bucket.
    :raises StoreError: the server ignores a condition without which objects would be lost.
    """
    server = client.meta.endpoint_url
    if (urlsplit(server).hostname or "").endswith(_AWS):
        return Conditions()
    if (server, bucket) not in _shown:
        _shown[server, bucket] = _prove(client, bucket, folder)
    return _shown[server, bucket]


def _prove(client: Any, bucket: str, folder: str) -> Conditions:
    """Try the conditions on an object of ours, which is gone afterwards."""
    zone = folder.partition(f"{WORK_FOLDER}/")[0]  # a note of a move may be what is written first
    key = f"{zone}{WORK_FOLDER}/conditions-{uuid4().hex}"
    place = {"Bucket": bucket, "Key": key}
    copy = {**place, "CopySource": place, "MetadataDirective": "REPLACE"}

    def complete() -> None:
        with in_parts(client, bucket, key) as upload:
            upload.put(b"again")

    def copy_part() -> None:
        with _begun(client, place) as upload:
            client.upload_part_copy(
                **upload, PartNumber=1, CopySource=place, CopySourceIfMatch=_OTHER
            )

    client.put_object(**place, Body=b"once", IfNoneMatch="*")
    try:
        needed = {
            "If-None-Match of PutObject": lambda: client.put_object(
                **place, Body=b"twice", IfNoneMatch="*"
            ),
            "If-None-Match of CompleteMultipartUpload": complete,
            "If-Match of DeleteObject": lambda: client.delete_object(**place, IfMatch=_OTHER),
        }
        ignored = [name for name, request in needed.items() if not _keeps(request)]
        if ignored:
            raise StoreError(
                f"the server ignores {' and '.join(ignored)}, so that objects could be lost",
                "Use a release of it that keeps them, or another server; docs/object-stores.md "
                "says which conditions are needed.",
            )
        copies = (
            lambda: client.copy_object(**copy, IfNoneMatch="*"),
            lambda: client.copy_object(**copy, CopySourceIfMatch=_OTHER),
            copy_part,
        )
        return Conditions(copies=all(_keeps(request) for request in copies))
    finally:
        client.delete_object(**place)


@contextmanager
def _begun(client: Any, place: dict[str, str]) -> Iterator[dict[str, str]]:
    upload = {**place, "UploadId": client.create_multipart_upload(**place)["UploadId"]}
    try:
        yield upload
    finally:
        client.abort_multipart_upload(**upload)


def _keeps(request: Callable[[], object]) -> bool:
    """Whether a request is refused whose condition does not hold."""
    try:
        request()
    except ClientError as error:
        if refused(error, CONDITION):
            return True
        if not refused(error, UNKNOWN):
            raise
    return False
