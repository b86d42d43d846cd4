"""What sort of trouble a store has, as its official client meets it over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import formatdate
from typing import Any

import pytest
from google.api_core.exceptions import Forbidden, RetryError, TooManyRequests
from google.auth.exceptions import RefreshError, TransportError
from google.cloud.storage.retry import DEFAULT_RETRY
from requests import Response
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import ReadTimeout
from tests.support.emulators import running
from tests.support.emulators.buckets import AzureBucket, S3Bucket
from tests.support.troubled_server import Bad, Troubled, troubled

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.storage.objects.azure import AzureStore
from airflow_landing_loader.storage.objects.gcs import GcsStore
from airflow_landing_loader.storage.objects.google_trouble import trouble_of_google
from airflow_landing_loader.storage.objects.s3 import S3Store
from airflow_landing_loader.storage.objects.store import StoreError
from airflow_landing_loader.storage.objects.zone import ObjectZone
from airflow_landing_loader.trouble import NETWORK, TIMEOUT, Trouble

LIMITED = Trouble(kind="rate_limit", retry_after=7.0)
AFTER = {"Retry-After": "7"}


def xml(code: str) -> bytes:
    return f"<Error><Code>{code}</Code><Message>m</Message></Error>".encode()


@pytest.fixture
def server(
    s3: running.S3, s3_bucket: S3Bucket, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Troubled]:
    """In front of the S3 emulator; the client does not try again by itself."""
    with troubled(s3.url) as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", made.url)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        yield made


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (Bad(429, AFTER), LIMITED),
        (Bad(503, AFTER, xml("SlowDown")), LIMITED),
        (Bad(503, body=xml("SlowDown")), Trouble(kind="rate_limit")),
        (Bad(500, body=xml("InternalError")), NETWORK),
        (Bad(503, AFTER), Trouble(kind="network", retry_after=7.0)),
        (Bad(504), TIMEOUT),
        (Bad(400, body=xml("RequestTimeout")), TIMEOUT),
        (Bad(0), NETWORK),
        (Bad(403, body=xml("AccessDenied")), None),
    ],
)
def test_s3(server: Troubled, s3_bucket: S3Bucket, answer: Bad, trouble: Trouble | None) -> None:
    s3_bucket.put("a.csv", "id\n1\n")
    store = S3Store(s3_bucket.name, DefaultClients())
    token = next(store.list("a.csv")).token
    server.bad["a.csv"] = [answer]
    with pytest.raises(StoreError) as caught:
        store.read("a.csv", token, 0, 5)
    assert caught.value.trouble == trouble
    assert store.read("a.csv", token, 0, 5) == b"id\n1\n"


def test_s3_that_is_not_there(server: Troubled) -> None:
    server.upstream = "http://127.0.0.1:9"
    with pytest.raises(StoreError) as caught:
        S3Store("nowhere", DefaultClients()).require("")
    assert caught.value.trouble == NETWORK


def test_an_answer_that_breaks_off_is_asked_for_again_at_once(
    server: Troubled, s3_bucket: S3Bucket
) -> None:
    s3_bucket.put("z/a.csv", "id\n1\n")
    zone = ObjectZone(S3Store(s3_bucket.name, DefaultClients()), "z")
    found = zone.stored("a.csv")
    assert found is not None
    etag = f'"{found.token.partition("@")[0]}"'
    modified = formatdate(found.updated_ns / 1e9, usegmt=True)
    cut = Bad(206, {"ETag": etag, "Last-Modified": modified}, b"id", promised=5)
    server.bad["a.csv"] = [cut, cut]
    source = zone.source(zone.file_of(found))
    assert source.open().read_at(5, 0) == b"id\n1\n"
    assert len(server.asked["a.csv"]) == 3

    server.bad["a.csv"] = [cut, cut, cut]
    with pytest.raises(TransientError, match="breaks off") as caught:
        source.open().read_at(5, 0)
    assert caught.value.code is ErrorCode.LANDING_UNREADABLE
    assert caught.value.detail.trouble == NETWORK


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (Bad(429, AFTER), LIMITED),
        (Bad(503, {**AFTER, "x-ms-error-code": "ServerBusy"}, xml("ServerBusy")), LIMITED),
        (Bad(500, {"x-ms-error-code": "OperationTimedOut"}, xml("OperationTimedOut")), TIMEOUT),
        (Bad(500, {"x-ms-error-code": "InternalError"}, xml("InternalError")), NETWORK),
        (Bad(0), NETWORK),
        (Bad(403, {"x-ms-error-code": "AuthorizationFailure"}), None),
    ],
)
def test_azure(
    azure: running.Azure, azure_bucket: AzureBucket, answer: Bad, trouble: Trouble | None
) -> None:
    from azure.storage.blob import BlobServiceClient

    azure_bucket.put("a.csv", "id\n1\n")
    with troubled(azure.url) as made:

        class Clients(DefaultClients):
            def azure(self) -> Any:
                text = azure.connection_string.replace(azure.url, made.url)
                return BlobServiceClient.from_connection_string(text, retry_total=0)

        store = AzureStore(azure_bucket.container.container_name, Clients())
        token = next(store.list("a.csv")).token
        made.bad["a.csv"] = [answer]
        with pytest.raises(StoreError) as caught:
            store.read("a.csv", token, 0, 5)
    assert caught.value.trouble == trouble


@pytest.mark.parametrize(
    ("answer", "trouble"),
    [
        (Bad(429, AFTER, b"{}"), LIMITED),
        (Bad(500, body=b"{}"), NETWORK),
        (Bad(504, body=b"{}"), TIMEOUT),
        (Bad(0), NETWORK),
        (Bad(403, body=b"{}"), None),
    ],
)
def test_gcs(answer: Bad, trouble: Trouble | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client tries again for two minutes; here for none."""
    monkeypatch.setattr(DEFAULT_RETRY, "_timeout", 0.0)
    with troubled() as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        server.bad["a.csv"] = [answer] * 5
        with pytest.raises(StoreError) as caught:
            GcsStore("bucket", DefaultClients("p")).look_up("a.csv")
    assert caught.value.trouble == trouble


def answered(status: int, **headers: str) -> Response:
    response = Response()
    response.status_code = status
    response.headers.update(headers)
    return response


def with_reason(error: Any, reason: str) -> Any:
    error._errors = [{"reason": reason}]
    return error


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (TooManyRequests("m", response=answered(429, **AFTER)), LIMITED),
        (with_reason(Forbidden("m"), "rateLimitExceeded"), Trouble(kind="rate_limit")),
        (with_reason(Forbidden("m"), "accessDenied"), None),
        (RetryError("m", cause=TooManyRequests("m")), Trouble(kind="rate_limit")),
        (RetryError("m", cause=ValueError()), TIMEOUT),
        (RetryError("m", cause=None), TIMEOUT),
        (ReadTimeout("m"), TIMEOUT),
        (NoConnection("m"), NETWORK),
        (TransportError("no way to the tokens"), NETWORK),
        (RefreshError("revoked"), None),
    ],
    ids=repr,
)
def test_errors_of_google(error: Exception, trouble: Trouble | None) -> None:
    assert trouble_of_google(error) == trouble
