"""What is of Azure's blobs alone: they grow, stand for folders, have leases and snapshots."""

from __future__ import annotations

import gzip
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from azure.storage.blob import BlobType, ContentSettings
from tests.support.emulators.buckets import AzureBucket, lasting

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.storage.objects.azure import AzureStore
from airflow_landing_loader.storage.objects.store import GoneError, StoreError, TakenError


def test_equal_content_that_comes_again_is_another_arrival(
    store: AzureStore, azure_bucket: AzureBucket
) -> None:
    azure_bucket.put("a", "1")
    (before,) = store.list("")
    azure_bucket.put("a", "1")
    after = store.look_up("a")
    assert after is not None
    assert after.token != before.token
    with pytest.raises(GoneError):
        store.read("a", before.token, 0, 1)
    with pytest.raises(GoneError):
        store.copy(store, before, "b")
    assert not store.delete("a", before.token)
    assert store.read("a", after.token, 0, 1) == b"1"
    assert store.delete("a", after.token)
    assert azure_bucket.keys() == []


def test_check_and_work_are_one_step(store: AzureStore, azure_bucket: AzureBucket) -> None:
    azure_bucket.put("source", "1")
    found = store.look_up("source")
    assert found is not None

    def create(number: int) -> bool:
        key = f"n{number // 8}"
        try:
            if number % 2:
                store.copy(store, found, key)
            else:
                store.create(key, BytesIO(b"%d" % number))
        except TakenError:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(create, range(80))) == 10


def test_a_blob_that_grows_is_waited_for(cloud_on_azure: Any) -> None:
    cloud, container = cloud_on_azure, cloud_on_azure.bucket.container
    cloud.map(settle_seconds=3600)
    container.upload_blob("landing/a_1.csv", "id\n1\n", blob_type=BlobType.APPENDBLOB)
    assert cloud.run() == {}
    cloud.mappings.clear()
    cloud.map()
    pipeline = cloud.pipeline
    (delivery,) = pipeline.discover().ready
    verdicts = pipeline.load([pipeline.validate(delivery)])
    container.get_blob_client("landing/a_1.csv").append_block("2\n")
    (outcome,) = pipeline.finish(verdicts)
    assert (outcome.status, outcome.rows) == ("loaded", 1)
    assert outcome.notes  # its first content could not be archived
    assert cloud.content("landing", "a_1.csv") == b"id\n1\n2\n"


def test_an_append_blob_is_archived_as_any_other(cloud_on_azure: Any) -> None:
    cloud, container = cloud_on_azure, cloud_on_azure.bucket.container
    cloud.map()
    container.upload_blob("landing/a_1.csv", "id\n1\n", blob_type=BlobType.APPENDBLOB)
    assert cloud.run()["a_1.csv"].status == "loaded"
    assert cloud.names("landing") == []
    assert cloud.content("archive", "a_1.csv") == b"id\n1\n"


def test_what_stands_for_a_folder_is_no_delivery(
    store: AzureStore, azure_bucket: AzureBucket
) -> None:
    azure_bucket.container.upload_blob("in/a_1.csv", b"", metadata={"hdi_isfolder": "true"})
    azure_bucket.put("in/a_1.csv/part-0", "id\n1\n")
    azure_bucket.put("in/a_2.csv", "id\n1\n")
    assert [found.key for found in store.list("in/")] == ["in/a_2.csv"]
    # But nothing can be put in its place.
    assert store.look_up("in/a_1.csv") is not None


def test_what_says_it_is_compressed_is_read_as_it_lies(
    store: AzureStore, azure_bucket: AzureBucket
) -> None:
    content = gzip.compress(b"id\n1\n")
    settings = ContentSettings(content_encoding="gzip")
    azure_bucket.container.upload_blob("a", content, content_settings=settings)
    found = store.look_up("a")
    assert found is not None
    assert store.read("a", found.token, 0, found.size) == content


@pytest.mark.parametrize("name", ["a_\\1.csv", "a_new\nline.csv", "a_1.csv."])
def test_a_name_that_azure_changes_or_refuses_stays_where_it_is(
    cloud_on_azure: Any, tmp_path: Path, name: str
) -> None:
    cloud, folder = cloud_on_azure, tmp_path / "landing"
    cloud.locally("landing", folder)
    cloud.map("a_*", settle_seconds=0)
    (folder / name).write_text("id\n1\n")
    outcome = cloud.run()[name]
    assert (outcome.status, outcome.error.code) == ("left", Code.ZONE_UNAVAILABLE)
    assert "cannot keep an object of this name" in outcome.error.message
    assert (folder / name).read_text() == "id\n1\n"
    assert lasting(cloud.bucket) == []


def test_a_lease_is_no_change(store: AzureStore, azure_bucket: AzureBucket) -> None:
    azure_bucket.put("a", "1")
    lease = azure_bucket.container.get_blob_client("a").acquire_lease()
    found = store.look_up("a")
    assert found is not None
    with pytest.raises(StoreError, match="holds a lease"):
        store.delete("a", found.token)
    assert azure_bucket.keys() == ["a"]
    lease.release()
    assert store.delete("a", found.token)


def test_snapshots_of_others_are_not_deleted(store: AzureStore, azure_bucket: AzureBucket) -> None:
    azure_bucket.put("a", "1")
    azure_bucket.container.get_blob_client("a").create_snapshot()
    found = store.look_up("a")
    assert found is not None
    with pytest.raises(StoreError, match="SnapshotsPresent"):
        store.delete("a", found.token)
    assert len(list(azure_bucket.container.list_blobs(include=["snapshots"]))) == 2
