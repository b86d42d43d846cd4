"""Copies, which Azure makes in its own time, and for which a signature is enough."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AzureSasCredential
from azure.storage.blob import (
    AccountSasPermissions,
    BlobClient,
    BlobServiceClient,
    ResourceTypes,
    generate_account_sas,
)
from tests.support.emulators import running
from tests.support.emulators.buckets import AzureBucket

from airflow_landing_loader.storage.objects.azure import AzureStore
from airflow_landing_loader.storage.objects.store import StoreError


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
