"""What sort of trouble an error of Google's clients is, of storage and of BigQuery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from google.api_core.exceptions import RetryError
from google.auth.exceptions import TransportError
from requests.exceptions import RequestException, Timeout

from airflow_landing_loader.trouble import (
    NETWORK,
    TIMEOUT,
    Trouble,
    trouble_of_answer,
    trouble_of_connection,
)

# By the names that BigQuery gives, in an answer and in a job that failed.
_REASONS: dict[str, Trouble] = {
    "rateLimitExceeded": Trouble(kind="rate_limit"),
    "jobRateLimitExceeded": Trouble(kind="rate_limit"),
    "quotaExceeded": Trouble(kind="rate_limit"),
    "timeout": TIMEOUT,
    "backendError": NETWORK,
    "internalError": NETWORK,
    "jobBackendError": NETWORK,
    "jobInternalError": NETWORK,
}


def trouble_of_google(error: BaseException) -> Trouble | None:
    """The trouble behind an error of Google's clients; ``None``: it is of no known sort."""
    if isinstance(error, RetryError):
        # The client has given up; what it met at last says more, if it is told.
        return (error.cause and trouble_of_google(error.cause)) or TIMEOUT
    if isinstance(error, Timeout):
        return TIMEOUT
    if isinstance(error, TransportError | RequestException):
        return NETWORK
    connection = trouble_of_connection(error)
    if connection is not None:
        return connection
    answer = getattr(error, "response", None)
    headers: Mapping[str, str] = getattr(answer, "headers", None) or {}
    said = trouble_of_answer(_status(error, answer), headers)
    named = next((_REASONS[r] for r in _reasons(error) if r in _REASONS), None)
    if named is None:
        return said
    return Trouble(kind=named.kind, retry_after=said.retry_after if said else None)


def _status(error: BaseException, answer: Any) -> int | None:
    """Of the answer; an error that comes without one knows it by its class."""
    status = getattr(answer, "status_code", None) or getattr(error, "code", None)
    return int(status) if isinstance(status, int) else None


def _reasons(error: BaseException) -> list[str]:
    entries = getattr(error, "errors", None) or []
    return [str(entry.get("reason")) for entry in entries if isinstance(entry, dict)]
