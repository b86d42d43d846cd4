"""Where Google's clients come from; nothing else makes one.

The command line takes application default credentials; Airflow's side brings clients of its
connections instead. Google's libraries are imported when a client is asked for, so that a folder
and DuckDB need none of them.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

if TYPE_CHECKING:
    from google.cloud import bigquery, storage  # type: ignore[attr-defined]


class GoogleClients(Protocol):
    """Makes the official clients."""

    def storage(self) -> storage.Client:
        """A client for Cloud Storage."""
        ...

    def bigquery(self) -> bigquery.Client:
        """A client for BigQuery."""
        ...


@dataclass(frozen=True)
class DefaultClients:
    """Clients with application default credentials, or of the emulators where the variables
    ``STORAGE_EMULATOR_HOST`` and ``BIGQUERY_EMULATOR_HOST`` name some.

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
            raise _no_library() from error
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
            raise _no_library() from error
        try:
            if os.environ.get("BIGQUERY_EMULATOR_HOST"):
                return bigquery.Client(self.project, AnonymousCredentials())  # type: ignore[no-untyped-call]
            return bigquery.Client(self.project)
        except DefaultCredentialsError as error:
            raise _no_credentials() from error


def _no_library() -> ConfigurationError:
    return ConfigurationError(
        ErrorCode.SETTINGS_MISSING,
        "Google's client libraries are not installed.",
        hint="Install the extra: pip install 'airflow-provider-landing-loader[google]'.",
    )


def _no_credentials() -> ConfigurationError:
    return ConfigurationError(
        ErrorCode.SETTINGS_MISSING,
        "There are no Google credentials.",
        hint="Run `gcloud auth application-default login`, or set GOOGLE_APPLICATION_CREDENTIALS "
        "to the path of a service account's key.",
    )
