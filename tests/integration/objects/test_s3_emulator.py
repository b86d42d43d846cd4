"""What our emulator of S3 adds to the one it starts: without it the other tests prove nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.emulators.buckets import S3Bucket

OTHER = '"00000000000000000000000000000000"'


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The server refuses, by this code."""
    with pytest.raises(ClientError) as caught:
        yield
    assert caught.value.response["Error"]["Code"] == code


@pytest.fixture
def call(s3_bucket: S3Bucket) -> Callable[..., Any]:
    """Make a request about the object `a`, which is there."""
    s3_bucket.put("a", "1")

    def make(operation: str, **arguments: Any) -> Any:
        place = {"Bucket": s3_bucket.name, "Key": "a"}
        return getattr(s3_bucket.client, operation)(**{**place, **arguments})

    return make


def source(bucket: S3Bucket) -> dict[str, str]:
    return {"Bucket": bucket.name, "Key": "a"}


def test_a_copy_keeps_to_its_source_and_to_a_free_key(
    s3_bucket: S3Bucket, call: Callable[..., Any]
) -> None:
    copy = {"Key": "b", "CopySource": source(s3_bucket)}
    with refused("PreconditionFailed"):
        call("copy_object", **copy, CopySourceIfMatch=OTHER)
    assert s3_bucket.keys() == ["a"]
    call("copy_object", **copy, IfNoneMatch="*")
    s3_bucket.put("a", "2")
    with refused("PreconditionFailed"):
        call("copy_object", **copy, IfNoneMatch="*")
    assert s3_bucket.get("b") == b"1"


def test_a_copied_part_keeps_to_its_source(s3_bucket: S3Bucket, call: Callable[..., Any]) -> None:
    upload = {"Key": "b", "UploadId": call("create_multipart_upload", Key="b")["UploadId"]}
    part = {**upload, "PartNumber": 1, "CopySource": source(s3_bucket)}
    with refused("PreconditionFailed"):
        call("upload_part_copy", **part, CopySourceIfMatch=OTHER)
    etag = call("head_object")["ETag"]
    call("upload_part_copy", **part, CopySourceIfMatch=etag)


def test_content_of_another_checksum_is_refused(call: Callable[..., Any]) -> None:
    damaged = {"Body": b"2", "ChecksumSHA256": "AAAA"}
    with refused("BadDigest"):
        call("put_object", **damaged)
    upload = call("create_multipart_upload")["UploadId"]
    with refused("BadDigest"):
        call("upload_part", **damaged, UploadId=upload, PartNumber=1)
    assert call("get_object")["Body"].read() == b"1"


def test_check_and_work_are_one_step(call: Callable[..., Any]) -> None:
    def create(number: int) -> bool:
        try:
            call("put_object", Key=f"n{number // 8}", Body=b"%d" % number, IfNoneMatch="*")
        except ClientError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(80))) == 10


def test_a_key_may_have_a_line_feed(s3_bucket: S3Bucket) -> None:
    s3_bucket.put("a\nb", "1")
    assert s3_bucket.keys() == ["a\nb"]
    assert s3_bucket.get("a\nb") == b"1"
