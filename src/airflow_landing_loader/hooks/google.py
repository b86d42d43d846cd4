"""Google's clients from an Airflow connection, by the hooks of the Google provider."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_landing_loader.settings import Settings

if TYPE_CHECKING:
    from google.cloud import bigquery, storage  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class ConnectionClients:
    """Clients of an Airflow connection; the connection is read when the first one is asked for.

    :param gcp_conn_id: connection of type ``google_cloud_platform``.
    :param impersonation_chain: service accounts to impersonate, the last one acts.
    :param project: project of the jobs; ``None``: the connection's own.
    """

    gcp_conn_id: str
    impersonation_chain: tuple[str, ...] = ()
    project: str | None = None

    @classmethod
    def of(cls, settings: Settings) -> ConnectionClients:
        """Clients of the connection that the settings name."""
        chain = settings.gcp_impersonation_chain or ""
        return cls.named(settings.gcp_conn_id, chain, project=settings.gcp_project)

    @classmethod
    def named(
        cls, gcp_conn_id: str, impersonation_chain: str, *, project: str | None = None
    ) -> ConnectionClients:
        """Clients of a connection, the accounts to impersonate with commas between."""
        accounts = (account.strip() for account in impersonation_chain.split(","))
        return cls(
            gcp_conn_id=gcp_conn_id,
            impersonation_chain=tuple(account for account in accounts if account),
            project=project,
        )

    def storage(self) -> storage.Client:
        """See :class:`~airflow_landing_loader.clients.GoogleClients`."""
        # Imported here: a folder and DuckDB do without the Google provider.
        from airflow.providers.google.cloud.hooks.gcs import GCSHook

        return GCSHook(
            gcp_conn_id=self.gcp_conn_id, impersonation_chain=self.impersonation_chain or None
        ).get_conn()

    def bigquery(self) -> bigquery.Client:
        """See :class:`~airflow_landing_loader.clients.GoogleClients`."""
        from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

        hook = BigQueryHook(
            gcp_conn_id=self.gcp_conn_id, impersonation_chain=self.impersonation_chain or None
        )
        return hook.get_client(project_id=self.project or hook.project_id)
