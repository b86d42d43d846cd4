"""What is of S3 alone: arrivals without generations, parts, servers that keep less than AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from tests.support.emulators import running
from tests.support.emulators.buckets import S3Bucket

from airflow_landing_loader import clients
from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.exceptions import ConfigurationError
from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.storage.objects import s3
from airflow_landing_loader.storage.objects.s3 import S3Store
from airflow_landing_loader.storage.objects.s3_conditions import Conditions, conditions_of
from airflow_landing_loader.storage.objects.store import GoneError, StoreError, TakenError

MIB = 1024 * 1024
LARGE = bytes(range(256)) * (12 * 4096)


@pytest.fixture
def store(s3_bucket: S3Bucket) -> S3Store:
    return S3Store(s3_bucket.name, DefaultClients())


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 12 MiB be more than one request writes or copies; a part has 5 MiB at least."""
    monkeypatch.setattr(s3, "PART_BYTES", 5 * MIB)
    monkeypatch.setattr(s3, "LARGEST_COPY", 5 * MIB)
    monkeypatch.setattr(s3, "COPY_PART_BYTES", 5 * MIB)


def test_equal_content_that_comes_again_is_another_arrival(
    store: S3Store, s3_bucket: S3Bucket
) -> None:
    s3_bucket.put("a", "1")
    (before,) = store.list("")
    s3_bucket.put_again("a", "1")
    after = store.look_up("a")
    assert after is not None
    assert after.token != before.token
    with pytest.raises(GoneError):
        store.read("a", before.token, 0, 1)
    assert not store.delete("a", before.token)
    assert store.read("a", after.token, 0, 1) == b"1"
    assert store.delete("a", after.token)


def test_an_object_overwritten_between_look_and_delete_stays(
    store: S3Store, s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_bucket.put("a", "1")
    found = store.look_up("a")
    assert found is not None

    def then_overwritten(_: str) -> Any:
        s3_bucket.put("a", "2")
        return found

    monkeypatch.setattr(store, "look_up", then_overwritten)
    assert not store.delete("a", found.token)
    assert s3_bucket.get("a") == b"2"


def test_a_versioned_bucket_keeps_what_is_moved_away(cloud_on_s3: Any) -> None:
    cloud, bucket = cloud_on_s3, cloud_on_s3.bucket
    bucket.client.put_bucket_versioning(
        Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"}
    )
    cloud.map()
    cloud.deliver("a_1.csv", "id\n0\n")
    cloud.deliver("a_1.csv", "id\n1\n")
    assert cloud.run()["a_1.csv"].status == "loaded"
    assert cloud.run() == {}
    assert cloud.names("landing") == []
    assert cloud.content("archive", "a_1.csv") == b"id\n1\n"
    versions = bucket.client.list_object_versions(Bucket=bucket.name, Prefix="landing/a_1")
    assert len(versions["Versions"]) == 2
    cloud.deliver_again("a_1.csv", "id\n1\n")
    assert cloud.run()["a_1.csv"].status == "duplicate"


@pytest.mark.usefixtures("in_parts")
def test_a_large_object_is_written_and_copied_in_parts(store: S3Store, s3_bucket: S3Bucket) -> None:
    made = store.create("in/a", BytesIO(LARGE), origin="1")
    assert (made.size, made.origin) == (len(LARGE), "1")
    copy = store.copy(store, made, "out/a")
    assert copy is not None
    assert (copy.size, copy.origin) == (len(LARGE), made.token)
    assert s3_bucket.get("out/a") == LARGE
    for again in (
        lambda: store.create("in/a", BytesIO(LARGE)),
        lambda: store.copy(store, made, "out/a"),
    ):
        with pytest.raises(TakenError):
            again()
    s3_bucket.put("in/a", "other")
    with pytest.raises(GoneError):
        store.copy(store, made, "out/b")
    assert store.delete("out/a", copy.token)
    with pytest.raises(GoneError):
        store.copy(store, copy, "out/b")
    assert s3_bucket.keys() == ["in/a"]
    assert "Uploads" not in s3_bucket.client.list_multipart_uploads(Bucket=s3_bucket.name)


@pytest.mark.usefixtures("in_parts")
def test_an_upload_that_fails_leaves_no_parts(store: S3Store, s3_bucket: S3Bucket) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("gone")
            return super().read(size)

    with pytest.raises(OSError, match="gone"):
        store.create("a", Broken(LARGE))
    assert s3_bucket.keys() == []
    assert "Uploads" not in s3_bucket.client.list_multipart_uploads(Bucket=s3_bucket.name)


def test_what_is_taken_away_at_once_is_written_all_the_same(
    store: S3Store, s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "look_up", lambda _: None)
    made = store.create("a", BytesIO(b"1"))
    assert made.size == 1
    monkeypatch.undo()
    assert s3_bucket.get("a") == b"1"
    assert not store.delete("a", made.token)


def test_a_copy_of_another_checksum_is_taken_back(
    store: S3Store, s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_bucket.put("a", "1")
    found = store.look_up("a")
    assert found is not None
    monkeypatch.setattr(s3, "_differ", lambda *_: True)
    with pytest.raises(StoreError, match="another size or checksum"):
        store.copy(store, found, "b")
    assert s3_bucket.keys() == ["a"]


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("SHA256 a", "SHA256 b", True),
        ("SHA256 a", "SHA256 a", False),
        ("SHA256 a", "CRC32 b", False),
        (None, "CRC32 b", False),
    ],
)
def test_checksums_are_compared_where_they_are_of_one_kind(
    one: str | None, other: str | None, differ: bool
) -> None:
    assert s3._differ(one, other) is differ


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Start a server that ignores conditions, with a bucket in it."""

    @contextmanager
    def start(*ignored: str) -> Iterator[S3Bucket]:
        with running.s3(tmp_path / "server", *ignored) as emulator:
            for name, value in emulator.environ.items():
                monkeypatch.setenv(name, value)
            yield S3Bucket("bucket-elsewhere")

    return start


@pytest.mark.parametrize(
    ("condition", "named"),
    [
        ("PUT:If-None-Match", "If-None-Match of PutObject"),
        ("POST:If-None-Match", "If-None-Match of CompleteMultipartUpload"),
        ("DELETE:If-Match", "If-Match of DeleteObject"),
    ],
)
def test_a_server_that_ignores_a_condition_is_given_nothing(
    server: Any, condition: str, named: str
) -> None:
    with server(condition) as bucket:
        bucket.put("in/a", "1")
        store = S3Store(bucket.name, DefaultClients())
        found = store.look_up("in/a")
        assert found is not None
        for write in (
            lambda: store.create("in/b", BytesIO(b"2")),
            lambda: store.copy(store, found, "in/b"),
            lambda: store.delete("in/a", found.token),
        ):
            with pytest.raises(StoreError) as caught:
                write()
            assert named in caught.value.why
            assert bucket.keys() == ["in/a"]


@pytest.mark.parametrize("condition", ["COPY:If-None-Match", "COPY:x-amz-copy-source-if-match"])
def test_a_server_that_ignores_conditions_of_copies_gets_uploads(
    server: Any, condition: str
) -> None:
    with server(condition) as bucket:
        bucket.put("in/a", "1")
        store = S3Store(bucket.name, DefaultClients())
        found = store.look_up("in/a")
        assert found is not None
        assert store.copy(store, found, "out/a") is None
        assert bucket.keys() == ["in/a"]


@pytest.mark.parametrize("region", ["eu-west-1", "cn-north-1", "us-gov-west-1"])
def test_aws_is_taken_at_its_word(region: str) -> None:
    client = boto3.session.Session().client("s3", region_name=region)
    with Stubber(client):  # which would refuse any request
        assert conditions_of(client, "bucket", "") == Conditions()


def test_no_credentials_are_named(s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr(clients, "_aws_session", boto3.session.Session)
    with pytest.raises(StoreError, match="no AWS credentials"):
        S3Store(s3_bucket.name, DefaultClients()).require("")


def test_settings_that_make_no_client_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "_aws_session", boto3.session.Session)
    monkeypatch.setenv("AWS_PROFILE", "nobody-made-it")
    with pytest.raises(ConfigurationError, match="nobody-made-it") as caught:
        S3Store("bucket", DefaultClients()).require("")
    assert caught.value.code is Code.SETTINGS_BAD_VALUE


@pytest.mark.parametrize(
    ("status", "code", "said"),
    [
        (403, "AccessDenied", "access is denied (AccessDenied)"),
        (404, "NoSuchBucket", "there is no such bucket"),
        (409, "ConditionalRequestConflict", "the store's answer is ConditionalRequestConflict"),
    ],
)
def test_a_refusal_is_said_in_words(
    s3_bucket: S3Bucket, store: S3Store, status: int, code: str, said: str
) -> None:
    client = store._client()
    with Stubber(client) as stub:
        stub.add_client_error("list_objects_v2", code, http_status_code=status)
        with pytest.raises(StoreError) as caught:
            store.require("")
    assert caught.value.why == said
