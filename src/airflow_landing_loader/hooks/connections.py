"""The clients of clouds from Airflow connections, by the hooks of the clouds' providers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.settings import Settings

if TYPE_CHECKING:
    import google.cloud.bigquery as bigquery
    import google.cloud.storage as storage
    from azure.storage.blob import BlobServiceClient

    from airflow_landing_loader.clients import DefaultClients


@dataclass(frozen=True, kw_only=True)
class Connections:
    """The Airflow connections that a task works with, by the names of their settings.

    :param gcp_conn_id: of type ``google_cloud_platform``.
    :param gcp_impersonation_chain: service accounts to impersonate, with commas between; the last
        one acts.
    :param aws_conn_id: of type ``aws``; ``None``: the credentials that ``boto3`` finds.
    :param azure_conn_id: of type ``wasb``; ``None``: as on the command line.
    """

    gcp_conn_id: str = "google_cloud_default"
    gcp_impersonation_chain: str | None = None
    aws_conn_id: str | None = None
    azure_conn_id: str | None = None

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Names of the settings, which arguments of tasks and of the trigger share."""
        return tuple(field.name for field in fields(cls))

    @classmethod
    def of(cls, settings: Settings) -> Connections:
        """The connections that the settings name."""
        return cls(**{name: getattr(settings, name) for name in cls.names()})

    @property
    def impersonated(self) -> list[str] | None:
        """The service accounts to impersonate, as Google's hooks take them."""
        accounts = (name.strip() for name in (self.gcp_impersonation_chain or "").split(","))
        return [name for name in accounts if name] or None


@dataclass(frozen=True)
class ConnectionClients:
    """:class:`~airflow_landing_loader.clients.Clients` of Airflow connections; a connection is read
    when the first client is asked for.

    :param project: project of the jobs; ``None``: the connection's own.
    """

    connections: Connections
    project: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> ConnectionClients:
        """Clients of the connections that the settings name."""
        return cls(Connections.of(settings), settings.gcp_project)

    def storage(self) -> storage.Client:
        """See :class:`~airflow_landing_loader.clients.GoogleClients`.

        :raises ConfigurationError: ``SETTINGS_MISSING``, there is no such connection.
        """
        # Imported here: a folder and DuckDB do without the Google provider.
        from airflow.providers.google.cloud.hooks.gcs import GCSHook

        conn_id, accounts = self.connections.gcp_conn_id, self.connections.impersonated
        with _named(conn_id, "gs:// zones need", "google_cloud_platform", "gcp_conn_id"):
            return GCSHook(gcp_conn_id=conn_id, impersonation_chain=accounts).get_conn()

    def bigquery(self) -> bigquery.Client:
        from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

        conn_id, accounts = self.connections.gcp_conn_id, self.connections.impersonated
        with _named(conn_id, "BigQuery needs", "google_cloud_platform", "gcp_conn_id"):
            hook = BigQueryHook(
                gcp_conn_id=conn_id, impersonation_chain=accounts, use_legacy_sql=False
            )
            return hook.get_client(project_id=self.project or hook.project_id)

    def s3(self) -> Any:
        """See :class:`~airflow_landing_loader.clients.AwsClients`.

        :raises ConfigurationError: ``SETTINGS_MISSING``, there is no such connection, or no Amazon
            provider.
        """
        conn_id = self.connections.aws_conn_id
        if conn_id is None:
            return _machines_own().s3()
        try:
            from airflow.providers.amazon.aws.hooks.s3 import S3Hook
        except ImportError as error:
            raise _no_provider(conn_id, "Amazon", "amazon", "aws_conn_id") from error
        with _named(conn_id, "s3:// zones need", "aws", "aws_conn_id"):
            # The hook would take the machine's own credentials in place of a missing connection.
            S3Hook.get_connection(conn_id)
            return S3Hook(aws_conn_id=conn_id).get_conn()

    def azure(self) -> BlobServiceClient:
        """See :class:`~airflow_landing_loader.clients.AzureClients`.

        :raises ConfigurationError: ``SETTINGS_MISSING``, there is no such connection, or no
            Microsoft Azure provider.
        """
        conn_id = self.connections.azure_conn_id
        if conn_id is None:
            return _machines_own().azure()
        try:
            from airflow.providers.microsoft.azure.hooks.wasb import WasbHook
        except ImportError as error:
            provider = ("Microsoft Azure", "microsoft-azure")
            raise _no_provider(conn_id, *provider, "azure_conn_id") from error
        with _named(conn_id, "az:// zones need", "wasb", "azure_conn_id"):
            return WasbHook(wasb_conn_id=conn_id).get_conn()


def _machines_own() -> DefaultClients:
    # Imported here: every DAG file is read with this module, and none of them needs a client.
    from airflow_landing_loader.clients import DefaultClients

    return DefaultClients()


def _no_provider(conn_id: str, provider: str, package: str, option: str) -> ConfigurationError:
    return ConfigurationError(
        ErrorCode.SETTINGS_MISSING,
        f"Connection {conn_id!r} needs Airflow's {provider} provider, which is not installed.",
        hint=f"`pip install apache-airflow-providers-{package}`, or leave [landing_loader] "
        f"{option} empty for the credentials that the command line takes.",
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
    """:class:`~airflow_landing_loader.clients.Clients` of which one is there already, for places
    where no connection may be asked for."""

    client: Any

    @classmethod
    def of_zone(cls, uri: str, clients: ConnectionClients) -> OpenedClients:
        """The client that the zone at this URI needs."""
        scheme = uri.partition("://")[0]
        opened = {"gs": clients.storage, "s3": clients.s3, "az": clients.azure}[scheme]()
        return cls(opened)

    def storage(self) -> storage.Client:
        return self.client

    def s3(self) -> Any:
        return self.client

    def azure(self) -> BlobServiceClient:
        client: BlobServiceClient = self.client
        return client

    def bigquery(self) -> bigquery.Client:
        """Not there.

        :raises RuntimeError: always.
        """
        raise RuntimeError("only a storage client was opened")
