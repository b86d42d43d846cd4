"""Where the clients of clouds come from; nothing else makes one.

The command line takes the credentials that each cloud's own tools take; Airflow's side brings
clients of its connections instead. A cloud's library is imported when a client is asked for, so
that a folder and DuckDB need none of them.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, masked

if TYPE_CHECKING:
    from google.cloud import bigquery, storage  # type: ignore[attr-defined]


_session_lock = threading.Lock()


class GoogleClients(Protocol):
    """Makes Google's official clients."""

    def storage(self) -> storage.Client:
        """A client for Cloud Storage."""
        ...

    def bigquery(self) -> bigquery.Client:
        """A client for BigQuery."""
        ...


class AwsClients(Protocol):
    """Makes the official clients of AWS."""

    def s3(self) -> Any:
        """A ``boto3`` client for S3."""
        ...


class Clients(GoogleClients, AwsClients, Protocol):
    """Makes the clients of all clouds."""


@dataclass(frozen=True)
class DefaultClients:
    """Clients as each cloud's own tools make them.

    Google: application default credentials, or the emulators where the variables
    ``STORAGE_EMULATOR_HOST`` and ``BIGQUERY_EMULATOR_HOST`` name some. AWS: ``boto3``'s chain of
    credentials, and the server that ``AWS_ENDPOINT_URL_S3`` or ``AWS_ENDPOINT_URL`` names.

    :param project: the Google Cloud project; ``None``: the credentials' own.
    """

    project: str | None = None

    def storage(self) -> storage.Client:
        """See :class:`GoogleClients`.

        :raises ConfigurationError: ``SETTINGS_MISSING``, no library or no credentials.
        """
        try:
            from google.auth.exceptions import DefaultCredentialsError
            from google.cloud import storage  # type: ignore[attr-defined]
        except ImportError as error:
            raise no_google_library() from error
        try:
            return storage.Client(project=self.project)
        except DefaultCredentialsError as error:
            raise _no_credentials() from error

    def bigquery(self) -> bigquery.Client:
        """See :class:`GoogleClients`.

        :raises ConfigurationError: ``SETTINGS_MISSING``, no library or no credentials.
        """
        try:
            from google.auth.credentials import AnonymousCredentials
            from google.auth.exceptions import DefaultCredentialsError
            from google.cloud import bigquery
        except ImportError as error:
            raise no_google_library() from error
        try:
            if os.environ.get("BIGQUERY_EMULATOR_HOST"):
                return bigquery.Client(self.project, AnonymousCredentials())  # type: ignore[no-untyped-call]
            return bigquery.Client(self.project)
        except DefaultCredentialsError as error:
            raise _no_credentials() from error

    def s3(self) -> Any:
        """See :class:`AwsClients`.

        :raises ConfigurationError: ``SETTINGS_MISSING``, no library; ``SETTINGS_BAD_VALUE``, the
            profile, region or endpoint that the environment names cannot be used.
        """
        try:
            from botocore.exceptions import BotoCoreError  # type: ignore[import-untyped]
        except ImportError as error:
            raise no_boto3() from error
        try:
            with _session_lock:
                return _aws_session().client("s3")
        except (BotoCoreError, ValueError) as error:
            raise ConfigurationError(
                ErrorCode.SETTINGS_BAD_VALUE,
                f"There is no S3 client with these settings of AWS: {masked(str(error))}.",
                hint="Correct AWS_PROFILE, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL or ~/.aws/config.",
            ) from error


# One for all: it reads the description of the service, which takes longer than many a request. Not
# the one that boto3 keeps: a session is not safe among threads, and others may use that one.
@cache
def _aws_session() -> Any:
    import boto3  # type: ignore[import-untyped]

    return boto3.session.Session()


def no_google_library() -> ConfigurationError:
    """The refusal where Google's libraries are needed and not there."""
    return ConfigurationError(
        ErrorCode.SETTINGS_MISSING,
        "Google's client libraries are not installed.",
        hint="Install the extra: pip install 'airflow-provider-landing-loader[google]'.",
    )


def no_boto3() -> ConfigurationError:
    """The refusal where the library of AWS is needed and not there."""
    return ConfigurationError(
        ErrorCode.SETTINGS_MISSING,
        "boto3, the library for S3, is not installed.",
        hint="Install the extra: pip install 'airflow-provider-landing-loader[s3]'.",
    )


def _no_credentials() -> ConfigurationError:
    return ConfigurationError(
        ErrorCode.SETTINGS_MISSING,
        "There are no Google credentials.",
        hint="Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS "
        "to the path of a service account's key.",
    )
