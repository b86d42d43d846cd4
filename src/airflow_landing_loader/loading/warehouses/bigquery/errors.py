"""Google's errors in our words: what a retry can help, and what somebody has to put right."""

from __future__ import annotations

import re
from typing import Any

from google.api_core.exceptions import (
    Forbidden,
    GoogleAPICallError,
    NotFound,
    RetryError,
    ServerError,
    TooManyRequests,
    Unauthorized,
)
from google.auth.exceptions import GoogleAuthError, TransportError
from requests.exceptions import RequestException

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
)
from airflow_landing_loader.loading.warehouses.constraints import broken_constraint
from airflow_landing_loader.safe_text import masked
from airflow_landing_loader.storage.objects.google_trouble import trouble_of_google

GOOGLE_ERRORS = (
    GoogleAPICallError,
    GoogleAuthError,
    RetryError,
    RequestException,
    ConnectionError,
    TimeoutError,
)
_PASSING = frozenset(
    {
        *("backendError", "internalError", "jobBackendError", "jobInternalError"),
        *("rateLimitExceeded", "jobRateLimitExceeded", "quotaExceeded", "tableUnavailable"),
        *("stopped", "timeout"),
    }
)
_CONFLICT = re.compile(
    r"concurrent update|serialize|transaction is aborted|conflict", re.IGNORECASE
)
_CONSTRAINT = re.compile(r"cannot be null|required field|constraint", re.IGNORECASE)
_ROLES = (
    "The loader's account needs roles/bigquery.dataEditor on the dataset, roles/bigquery.jobUser "
    "on the project and roles/storage.objectUser on the staging bucket."
)


def translate(error: BaseException) -> LandingError:
    """Return our error for one of Google's; its text, which may hold cell values, is ``value``."""
    text = masked(str(error))  # an upload's address is as good as a password
    if _passes(error, text):
        return TransientError(
            ErrorCode.WAREHOUSE_UNAVAILABLE,
            f"BigQuery's answer is {_name(error)}",
            hint="It is tried again; if it stays, look at quotas and at Google's status page.",
            value=text,
            trouble=trouble_of_google(error),
        )
    if isinstance(error, Forbidden | Unauthorized | GoogleAuthError):
        return ConfigurationError(
            ErrorCode.WAREHOUSE_DENIED,
            f"Google denies access ({_name(error)})",
            hint=_ROLES,
            value=text,
        )
    if isinstance(error, NotFound):
        return missing("the dataset, the staging bucket or a table", error)
    if _CONSTRAINT.search(text):
        said = (entry.get("message") for entry in _entries(error))
        return broken_constraint(text, said=next(filter(None, said), None))
    return TerminalError(
        ErrorCode.LOAD_TABLE_UNFIT,
        f"BigQuery refuses the load ({_name(error)})",
        hint="Look at the job in BigQuery's console; its id begins with landing_loader.",
        value=text,
    )


def missing(what: str, error: NotFound) -> ConfigurationError:
    """Return our error for something that Google does not find."""
    return ConfigurationError(
        ErrorCode.WAREHOUSE_NOT_FOUND,
        f"{what} is not there",
        hint="Create dataset and bucket in one location, or correct BQ_DATASET, GCP_PROJECT and "
        "STAGING_BUCKET.",
        value=masked(str(error)),
    )


def _passes(error: BaseException, text: str) -> bool:
    reasons = {entry.get("reason") for entry in _entries(error)}
    if reasons & _PASSING or isinstance(error, ServerError | TooManyRequests | RetryError):
        return True
    if isinstance(error, TransportError | RequestException | ConnectionError | TimeoutError):
        return True
    return isinstance(error, GoogleAPICallError) and bool(_CONFLICT.search(text))


def _name(error: BaseException) -> str:
    reasons = [entry["reason"] for entry in _entries(error) if entry.get("reason")]
    return ", ".join([type(error).__name__, *reasons[:1]])


def _entries(error: BaseException) -> list[dict[str, Any]]:
    found = getattr(error, "errors", None) or []
    return [entry for entry in found if isinstance(entry, dict)]
