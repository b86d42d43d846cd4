"""Which of Google's errors pass, and which somebody has to put right."""

from __future__ import annotations

import pytest
from google.api_core import exceptions as google
from google.auth.exceptions import RefreshError
from requests.exceptions import ConnectionError as NoConnection

from airflow_landing_loader.exceptions import ConfigurationError, TerminalError, TransientError
from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.loading.warehouses.bigquery.errors import translate


def reason(error: google.GoogleAPICallError, word: str) -> google.GoogleAPICallError:
    """An error with the reason that BigQuery gives in its body."""
    error._errors = [{"reason": word, "message": "m"}]
    return error


@pytest.mark.parametrize(
    "error",
    [
        google.ServiceUnavailable("503"),
        google.InternalServerError("500"),
        google.BadGateway("502"),
        google.TooManyRequests("429"),
        reason(google.Forbidden("Exceeded rate limits"), "rateLimitExceeded"),
        reason(google.Forbidden("Quota exceeded"), "quotaExceeded"),
        reason(google.BadRequest("stopped"), "stopped"),
        google.BadRequest("Transaction is aborted due to concurrent update against table p:d.t"),
        google.BadRequest("Could not serialize access to table p:d.t due to concurrent update"),
        google.RetryError("deadline", cause=ValueError()),
        NoConnection("reset"),
        TimeoutError("timed out"),
    ],
    ids=lambda e: f"{type(e).__name__} {e}"[:40],
)
def test_what_passes(error: Exception) -> None:
    ours = translate(error)
    assert isinstance(ours, TransientError)
    assert ours.code is Code.WAREHOUSE_UNAVAILABLE


@pytest.mark.parametrize(
    "error", [google.Forbidden("no"), google.Unauthorized("no"), RefreshError("no")]
)
def test_access_names_the_roles(error: Exception) -> None:
    ours = translate(error)
    assert isinstance(ours, ConfigurationError)
    assert ours.code is Code.WAREHOUSE_DENIED
    for role in ("bigquery.dataEditor", "bigquery.jobUser", "storage.objectUser"):
        assert f"roles/{role}" in (ours.detail.hint or "")


def test_what_is_not_there() -> None:
    ours = translate(google.NotFound("Not found: Dataset p:raw"))
    assert isinstance(ours, ConfigurationError)
    assert ours.code is Code.WAREHOUSE_NOT_FOUND
    assert "BQ_DATASET" in (ours.detail.hint or "")


def test_a_constraint_is_the_files_fault() -> None:
    ours = translate(google.BadRequest("Required field id cannot be null"))
    assert isinstance(ours, TerminalError)
    assert ours.code is Code.LOAD_BAD_VALUE
    assert ours.detail.column == "id"
    assert "NOT NULL" in ours.detail.message


def test_a_constraint_is_known_whatever_the_client_puts_around_what_is_said() -> None:
    said = "Required field id cannot be null"
    around = f"GET https://host/queries/1?pretty=false: {said}\n\nLocation: US\nJob ID: 1\n"
    ours = translate(google.BadRequest(around, errors=[{"reason": "invalid", "message": said}]))
    assert ours.detail.column == "id"
    assert "NOT NULL" in ours.detail.message


def test_other_refusals_are_terminal_and_keep_cells_out_of_messages() -> None:
    ours = translate(google.BadRequest("Invalid value: secret-cell"))
    assert isinstance(ours, TerminalError)
    assert ours.code is Code.LOAD_TABLE_UNFIT
    assert "secret-cell" not in ours.detail.text()
    assert "secret-cell" in (ours.detail.value or "")


def test_the_address_of_an_upload_stays_inside() -> None:
    error = google.ServiceUnavailable(
        "PUT https://host/upload/b?uploadType=resumable&upload_id=secret"
    )
    assert "secret" not in str(translate(error).detail.to_dict(show_value=True))
