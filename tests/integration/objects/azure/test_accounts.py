"""Accounts and credentials: how one is reached, what a refusal says, and what is not logged."""

from __future__ import annotations

import logging
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.exceptions import ConfigurationError
from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.storage.objects.azure import AzureStore
from airflow_landing_loader.storage.objects.store import StoreError

REQUESTS = "azure.core.pipeline.policies.http_logging_policy"


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
