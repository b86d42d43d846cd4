"""What is of Azure alone: blobs that grow, blocks, folders, leases, names that it cannot keep."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AzureSasCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
)
from azure.storage.blob import (
    AccountSasPermissions,
    BlobClient,
    BlobServiceClient,
    BlobType,
    ContentSettings,
    ResourceTypes,
    generate_account_sas,
)
from tests.support.emulators import running
from tests.support.emulators.buckets import AzureBucket

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.exceptions import ConfigurationError
from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.storage.objects import azure as azure_store
from airflow_landing_loader.storage.objects.azure import AzureStore
from airflow_landing_loader.storage.objects.store import GoneError, StoreError, TakenError

REQUESTS = "azure.core.pipeline.policies.http_logging_policy"
LARGE = bytes(range(256)) * 4096


@pytest.fixture
def store(azure_bucket: AzureBucket) -> AzureStore:
    return AzureStore(azure_bucket.container.container_name, DefaultClients())


@pytest.fixture
def in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let 1 MiB be more than one request writes."""
    monkeypatch.setattr(azure_store, "BLOCK_BYTES", len(LARGE) // 4 + 1)


def uncommitted(bucket: AzureBucket) -> list[str]:
    """Keys that have blocks and no object."""
    listed = bucket.container.list_blobs(include=["uncommittedblobs"])
    return sorted({blob.name for blob in listed} - set(bucket.keys()))


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
    assert cloud.bucket.keys() == []


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


@pytest.fixture
def copying(store: AzureStore, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    """Let the store answer that copies are in this state; the emulator completes all at once."""
    ask = store._properties

    def let(status: str) -> None:
        def answer(key: str) -> Any:
            found = ask(key)
            if found is not None and found.copy.id is not None:
                found.copy.status = status
            return found

        monkeypatch.setattr(store, "_properties", answer)

    return let


def test_a_copy_that_is_not_finished_is_no_copy_yet(
    store: AzureStore, azure_bucket: AzureBucket, copying: Callable[[str], None]
) -> None:
    azure_bucket.put("a", "1")
    found = store.look_up("a")
    assert found is not None
    copying("pending")
    for look in (lambda: store.copy(store, found, "b"), lambda: store.look_up("b")):
        with pytest.raises(StoreError, match="has not finished copying"):
            look()
    copying("failed")
    left = store.look_up("b")
    assert left is not None
    assert left.origin is None
    copying("success")
    assert store.look_up("b") == replace(left, origin=found.token)


def test_a_copy_that_fails_is_taken_back(
    store: AzureStore, azure_bucket: AzureBucket, copying: Callable[[str], None]
) -> None:
    azure_bucket.put("a", "1")
    found = store.look_up("a")
    assert found is not None
    copying("failed")
    with pytest.raises(StoreError, match="another size or checksum"):
        store.copy(store, found, "b")
    assert azure_bucket.keys() == ["a"]
    copying("success")
    with pytest.raises(StoreError, match="another size or checksum"):
        store.copy(store, replace(found, checksum="0"), "b")
    assert azure_bucket.keys() == ["a"]


def test_a_copy_that_is_taken_away_at_once_was_made_all_the_same(
    store: AzureStore, azure_bucket: AzureBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure_bucket.put("a", "1")
    found = store.look_up("a")
    assert found is not None
    monkeypatch.setattr(store, "_properties", lambda _: None)
    made = store.copy(store, found, "b")
    assert made is not None
    assert made.size == 1
    assert azure_bucket.get("b") == b"1"


def test_a_signature_is_enough_to_move(
    azure: running.Azure, azure_bucket: AzureBucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    azure_bucket.put("a", "1")
    service = BlobServiceClient.from_connection_string(azure.connection_string)
    signature = generate_account_sas(
        service.account_name,
        service.credential.account_key,
        resource_types=ResourceTypes(container=True, object=True),
        permission=AccountSasPermissions(
            read=True, create=True, write=True, delete=True, list=True
        ),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    sources = []
    start = BlobClient.start_copy_from_url

    def started(client: BlobClient, url: str, **keys: Any) -> Any:
        sources.append(url)
        return start(client, url, **keys)

    monkeypatch.setattr(BlobClient, "start_copy_from_url", started)
    for number, credential in enumerate((signature, AzureSasCredential(signature))):
        signed = BlobServiceClient(service.url, credential)
        clients = SimpleNamespace(azure=lambda signed=signed: signed)
        store = AzureStore(azure_bucket.container.container_name, clients)
        (found,) = (each for each in store.list("") if each.key == "a")
        made = store.copy(store, found, f"copy-{number}")
        assert made is not None
        assert store.delete(made.key, made.token)
    # The emulator does not ask for it, the service does.
    assert [url.count("sig=") for url in sources] == [1, 1]


def answered(status: int, code: str) -> HttpResponseError:
    """An answer as the client raises it."""
    error = HttpResponseError("no")
    error.status_code = status
    vars(error)["error_code"] = code
    return error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (answered(403, "AuthorizationPermissionMismatch"), "access is denied (AuthorizationPermi"),
        (answered(404, "ContainerNotFound"), "there is no such container"),
        (answered(503, "ServerBusy"), "the store's answer is ServerBusy"),
        (ClientAuthenticationError("nobody"), "there are no Azure credentials"),
        (ServiceRequestError("away"), "the answer is ServiceRequestError"),
    ],
)
def test_a_refusal_is_said_in_words(error: Exception, said: str) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise error

    clients = SimpleNamespace(azure=lambda: SimpleNamespace(get_blob_client=refuse))
    with pytest.raises(StoreError) as caught:
        AzureStore("container", clients).delete("a", "1")
    assert caught.value.why.startswith(said)
    assert caught.value.hint


def test_an_account_that_nobody_names_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AZURE_STORAGE_CONNECTION_STRING", "AZURE_STORAGE_ACCOUNT"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ConfigurationError) as caught:
        AzureStore("container", DefaultClients()).require("")
    assert caught.value.code is Code.SETTINGS_MISSING
    assert "AZURE_STORAGE_ACCOUNT" in (caught.value.detail.hint or "")


def test_a_connection_string_that_is_none_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_CONNECTION_STRING", "AccountKey-secret")
    with pytest.raises(ConfigurationError, match="not a connection string") as caught:
        AzureStore("container", DefaultClients()).require("")
    assert caught.value.code is Code.SETTINGS_BAD_VALUE
    assert "secret" not in str(caught.value)


def test_requests_are_not_logged_one_by_one(
    store: AzureStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.NOTSET, logger=REQUESTS)
    caplog.set_level(logging.INFO)
    store.require("")
    assert REQUESTS not in {record.name for record in caplog.records}


def test_an_account_is_reached_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AZURE_STORAGE_CONNECTION_STRING", raising=False)
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT", "mine")
    assert DefaultClients().azure().url == "https://mine.blob.core.windows.net/"
