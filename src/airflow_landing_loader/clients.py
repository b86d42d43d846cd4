"""Where the clients of clouds come from; nothing else makes one.

The command line takes the credentials that each cloud's own tools take; Airflow's side brings
clients of its connections instead. A cloud's library is imported when a client is asked for, so
that a folder and DuckDB need none of them.
"""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.safe_text import masked

if TYPE_CHECKING:
    import google.cloud.bigquery as bigquery
    import google.cloud.storage as storage
    from azure.storage.blob import BlobServiceClient


_session_lock = threading.Lock()

# Seconds between tries; by default the client waits a minute and more for a server that is away.
_AZURE_RETRIES: dict[str, Any] = {"initial_backoff": 1, "increment_base": 2}


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


class AzureClients(Protocol):
    """Makes the official clients of Azure."""

    def azure(self) -> BlobServiceClient:
        """A client for Blob Storage, of one storage account."""
        ...


class Clients(GoogleClients, AwsClients, AzureClients, Protocol):
    """Makes the clients of all clouds."""


@dataclass(frozen=True)
class DefaultClients:
    """Clients as each cloud's own tools make them.

    Google: application default credentials, or the emulators where the variables
    ``STORAGE_EMULATOR_HOST`` and ``BIGQUERY_EMULATOR_HOST`` name some. AWS: ``boto3``'s chain of
    credentials, and the server that ``AWS_ENDPOINT_URL_S3`` or ``AWS_ENDPOINT_URL`` names. Azure:
    ``AZURE_STORAGE_CONNECTION_STRING``, or the account ``AZURE_STORAGE_ACCOUNT`` and the chain of
    credentials of ``azure-identity``.

    :param project: the Google Cloud project; ``None``: the credentials' own.
    """

    project: str | None = None

    def storage(self) -> storage.Client:
        """See :class:`GoogleClients`.

        :raises ConfigurationError: ``SETTINGS_MISSING``, no library or no credentials.
        """
        try:
            import google.cloud.storage as storage
            from google.auth.exceptions import DefaultCredentialsError
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
            from botocore.exceptions import BotoCoreError
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

    def azure(self) -> BlobServiceClient:
        """See :class:`AzureClients`.

        :raises ConfigurationError: ``SETTINGS_MISSING``, no library, or no variable that names the
            account; ``SETTINGS_BAD_VALUE``, the connection string is none.
        """
        try:
            from azure.identity import DefaultAzureCredential
            from azure.storage.blob import BlobServiceClient
        except ImportError as error:
            raise no_azure_library() from error
        # It tells of each request with all its headers where others tell what matters.
        requests = logging.getLogger("azure.core.pipeline.policies.http_logging_policy")
        if requests.level == logging.NOTSET:
            requests.setLevel(logging.WARNING)
        if text := os.environ.get("AZURE_STORAGE_CONNECTION_STRING"):
            try:
                return BlobServiceClient.from_connection_string(text, **_AZURE_RETRIES)
            except ValueError as error:
                raise ConfigurationError(
                    ErrorCode.SETTINGS_BAD_VALUE,
                    "AZURE_STORAGE_CONNECTION_STRING is not a connection string of a storage "
                    "account.",
                    hint="Copy it whole from the account's page `Access keys`, or from "
                    "`az storage account show-connection-string`.",
                ) from error
        account = os.environ.get("AZURE_STORAGE_ACCOUNT")
        if not account:
            raise ConfigurationError(
                ErrorCode.SETTINGS_MISSING,
                "No variable says which storage account az:// zones lie in.",
                hint="Set AZURE_STORAGE_ACCOUNT to its name, for the credentials that `az login` "
                "or a managed identity gives, or set AZURE_STORAGE_CONNECTION_STRING.",
            )
        url = f"https://{account}.blob.core.windows.net"
        return BlobServiceClient(url, DefaultAzureCredential(), **_AZURE_RETRIES)


# One for all: it reads the description of the service, which takes longer than many a request. Not
# the one that boto3 keeps: a session is not safe among threads, and others may use that one.
@cache
def _aws_session() -> Any:
    import boto3

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


def no_azure_library() -> ConfigurationError:
    """The refusal where the libraries of Azure are needed and not there."""
    return ConfigurationError(
        ErrorCode.SETTINGS_MISSING,
        "azure-storage-blob and azure-identity, the libraries for Azure, are not installed.",
        hint="Install the extra: pip install 'airflow-provider-landing-loader[azure]'.",
    )


def _no_credentials() -> ConfigurationError:
    return ConfigurationError(
        ErrorCode.SETTINGS_MISSING,
        "There are no Google credentials.",
        hint="Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS "
        "to the path of a service account's key.",
    )
