"""The clients of clouds from Airflow connections, by the hooks of the clouds' providers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.settings import Settings

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient
    from google.cloud import bigquery, storage  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class ConnectionClients:
    """Clients of Airflow connections; a connection is read when the first client is asked for.

    :param gcp_conn_id: connection of type ``google_cloud_platform``.
    :param impersonation_chain: service accounts to impersonate, the last one acts.
    :param project: project of the jobs; ``None``: the connection's own.
    :param aws_conn_id: connection of type ``aws``; ``None``: the credentials that ``boto3`` finds.
    :param azure_conn_id: connection of type ``wasb``; ``None``: as on the command line.
    """

    gcp_conn_id: str
    impersonation_chain: tuple[str, ...] = ()
    project: str | None = None
    aws_conn_id: str | None = None
    azure_conn_id: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> ConnectionClients:
        """Clients of the connections that the settings name."""
        return cls.named(
            settings.gcp_conn_id,
            settings.gcp_impersonation_chain or "",
            project=settings.gcp_project,
            aws_conn_id=settings.aws_conn_id,
            azure_conn_id=settings.azure_conn_id,
        )

    @classmethod
    def named(
        cls,
        gcp_conn_id: str,
        impersonation_chain: str,
        *,
        project: str | None = None,
        aws_conn_id: str | None = None,
        azure_conn_id: str | None = None,
    ) -> ConnectionClients:
        """Clients of these connections, the accounts to impersonate with commas between."""
        accounts = (account.strip() for account in impersonation_chain.split(","))
        return cls(
            gcp_conn_id=gcp_conn_id,
            impersonation_chain=tuple(account for account in accounts if account),
            project=project,
            aws_conn_id=aws_conn_id,
            azure_conn_id=azure_conn_id,
        )

    def storage(self) -> storage.Client:
        """See :class:`~airflow_landing_loader.clients.GoogleClients`.

        :raises ConfigurationError: ``SETTINGS_MISSING``, there is no such connection.
        """
        # Imported here: a folder and DuckDB do without the Google provider.
        from airflow.providers.google.cloud.hooks.gcs import GCSHook

        with _named(self.gcp_conn_id, "gs:// zones need", "google_cloud_platform", "gcp_conn_id"):
            return GCSHook(
                gcp_conn_id=self.gcp_conn_id, impersonation_chain=self.impersonation_chain or None
            ).get_conn()

    def bigquery(self) -> bigquery.Client:
        """See :class:`~airflow_landing_loader.clients.GoogleClients`."""
        from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

        with _named(self.gcp_conn_id, "BigQuery needs", "google_cloud_platform", "gcp_conn_id"):
            hook = BigQueryHook(
                gcp_conn_id=self.gcp_conn_id,
                impersonation_chain=self.impersonation_chain or None,
                use_legacy_sql=False,
            )
            return hook.get_client(project_id=self.project or hook.project_id)

    def s3(self) -> Any:
        """See :class:`~airflow_landing_loader.clients.AwsClients`.

        :raises ConfigurationError: ``SETTINGS_MISSING``, there is no such connection, or no Amazon
            provider.
        """
        if self.aws_conn_id is None:
            return DefaultClients().s3()
        try:
            from airflow.providers.amazon.aws.hooks.s3 import S3Hook
        except ImportError as error:
            raise _no_provider(self.aws_conn_id, "Amazon", "amazon", "aws_conn_id") from error
        with _named(self.aws_conn_id, "s3:// zones need", "aws", "aws_conn_id"):
            # The hook would take the machine's own credentials in place of a missing connection.
            S3Hook.get_connection(self.aws_conn_id)
            return S3Hook(aws_conn_id=self.aws_conn_id).get_conn()

    def azure(self) -> BlobServiceClient:
        """See :class:`~airflow_landing_loader.clients.AzureClients`.

        :raises ConfigurationError: ``SETTINGS_MISSING``, there is no such connection, or no
            Microsoft Azure provider.
        """
        if self.azure_conn_id is None:
            return DefaultClients().azure()
        try:
            from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
        except ImportError as error:
            provider = ("Microsoft Azure", "microsoft-azure")
            raise _no_provider(self.azure_conn_id, *provider, "azure_conn_id") from error
        with _named(self.azure_conn_id, "az:// zones need", "wasb", "azure_conn_id"):
            return WasbHook(wasb_conn_id=self.azure_conn_id).get_conn()


def _no_provider(conn_id: str, provider: str, package: str, option: str) -> ConfigurationError:
    return ConfigurationError(
        ErrorCode.SETTINGS_MISSING,
        f"Connection {conn_id!r} needs Airflow's {provider} provider, which is not installed.",
        hint=f"pip install apache-airflow-providers-{package}, or leave [landing_loader] {option} "
        "empty for the credentials that the command line takes.",
    )


@contextmanager
def _named(conn_id: str, who_needs: str, conn_type: str, option: str) -> Iterator[None]:
    """Say which connection is missing, and where to name another one."""
    try:
        yield
    except AirflowNotFoundException as error:
        raise ConfigurationError(
            ErrorCode.SETTINGS_MISSING,
            f"Airflow has no connection {conn_id!r}, which {who_needs}.",
            hint=f"Make one of type {conn_type}, or set [landing_loader] {option} to the one there "
            "is.",
        ) from error


@dataclass(frozen=True)
class OpenedClients:
    """The client of one store that is there already, for places where no connection may be asked
    for."""

    client: Any

    @classmethod
    def of_zone(cls, uri: str, clients: ConnectionClients) -> OpenedClients:
        """The client that the zone at this URI needs."""
        scheme = uri.partition("://")[0]
        opened = {"gs": clients.storage, "s3": clients.s3, "az": clients.azure}[scheme]()
        return cls(opened)

    def storage(self) -> storage.Client:
        """See :class:`~airflow_landing_loader.clients.GoogleClients`."""
        return self.client

    def s3(self) -> Any:
        """See :class:`~airflow_landing_loader.clients.AwsClients`."""
        return self.client

    def azure(self) -> BlobServiceClient:
        """See :class:`~airflow_landing_loader.clients.AzureClients`."""
        return self.client

    def bigquery(self) -> bigquery.Client:
        """Not there.

        :raises RuntimeError: always.
        """
        raise RuntimeError("only a storage client was opened")
