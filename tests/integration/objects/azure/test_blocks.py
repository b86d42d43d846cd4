"""Large objects in blocks: written whole, by one, or not at all."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from azure.storage.blob import BlobClient
from tests.support.emulators.buckets import AzureBucket

from airflow_landing_loader.storage.objects import azure as azure_store
from airflow_landing_loader.storage.objects.azure import AzureStore
from airflow_landing_loader.storage.objects.store import GoneError, StoreError, TakenError

LARGE = bytes(range(256)) * 4096


@pytest.fixture
def in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 1 MiB be more than one request writes."""
    monkeypatch.setattr(azure_store, "BLOCK_BYTES", len(LARGE) // 4 + 1)


def uncommitted(bucket: AzureBucket) -> list[str]:
    """Keys that have blocks and no object."""
    listed = bucket.container.list_blobs(include=["uncommittedblobs"])
    return sorted({blob.name for blob in listed} - set(bucket.keys()))


@pytest.mark.usefixtures("in_blocks")
def test_a_large_object_is_written_in_blocks(store: AzureStore, azure_bucket: AzureBucket) -> None:
    made = store.create("in/a", BytesIO(LARGE), origin="1")
    assert (made.size, made.origin) == (len(LARGE), "1")
    assert made == store.look_up("in/a")
    copy = store.copy(store, made, "out/a")
    assert copy is not None
    assert (copy.size, copy.origin, copy.checksum) == (len(LARGE), made.token, made.checksum)
    assert azure_bucket.get("out/a") == LARGE
    with pytest.raises(TakenError):
        store.create("in/a", BytesIO(LARGE))
    with pytest.raises(TakenError):
        store.copy(store, made, "out/a")
    assert store.delete("in/a", made.token)
    with pytest.raises(GoneError):
        store.copy(store, made, "out/b")
    assert azure_bucket.keys() == ["out/a"]


@pytest.mark.usefixtures("in_blocks")
def test_blocks_of_two_that_write_one_key_are_never_mixed(
    store: AzureStore, azure_bucket: AzureBucket
) -> None:
    class Overtaken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() > len(LARGE) // 2 and not azure_bucket.keys():
                store.create("a", BytesIO(LARGE[::-1]))
            return super().read(size)

    with pytest.raises(TakenError):
        store.create("a", Overtaken(LARGE))
    assert azure_bucket.get("a") == LARGE[::-1]


@pytest.mark.usefixtures("in_blocks")
def test_blocks_of_an_upload_that_fails_are_no_object(
    store: AzureStore, azure_bucket: AzureBucket
) -> None:
    class Broken(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell():
                raise OSError("gone")
            return super().read(size)

    with pytest.raises(OSError, match="gone"):
        store.create("a", Broken(LARGE))
    assert uncommitted(azure_bucket) == ["a"]
    assert azure_bucket.keys() == []
    assert store.look_up("a") is None
    assert list(store.list("")) == []
    assert store.create("a", BytesIO(LARGE)).size == len(LARGE)
    assert azure_bucket.get("a") == LARGE


@pytest.mark.usefixtures("in_blocks")
def test_a_block_that_arrives_damaged_is_refused(
    store: AzureStore, azure_bucket: AzureBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage = BlobClient.stage_block

    def damage(request: Any) -> None:
        request.http_request.set_bytes_body(b"x" * len(request.http_request.body))

    def damaged(client: BlobClient, *arguments: Any, **keys: Any) -> Any:
        return stage(client, *arguments, **keys, raw_request_hook=damage)

    monkeypatch.setattr(BlobClient, "stage_block", damaged)
    with pytest.raises(StoreError, match="the store's answer is"):
        store.create("a", BytesIO(LARGE))
    assert azure_bucket.keys() == []
