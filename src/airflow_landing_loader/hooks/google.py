"""Google's clients from an Airflow connection, by the hooks of the Google provider."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import AirflowNotFoundException

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
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
        """See :class:`~airflow_landing_loader.clients.GoogleClients`.

        :raises ConfigurationError: ``SETTINGS_MISSING``, there is no such connection.
        """
        # Imported here: a folder and DuckDB do without the Google provider.
        from airflow.providers.google.cloud.hooks.gcs import GCSHook

        with self._named():
            return GCSHook(
                gcp_conn_id=self.gcp_conn_id, impersonation_chain=self.impersonation_chain or None
            ).get_conn()

    def bigquery(self) -> bigquery.Client:
        """See :class:`~airflow_landing_loader.clients.GoogleClients`."""
        from airflow.providers.google.cloud.hooks.bigquery import BigQueryHook

        with self._named():
            hook = BigQueryHook(
                gcp_conn_id=self.gcp_conn_id,
                impersonation_chain=self.impersonation_chain or None,
                use_legacy_sql=False,
            )
            return hook.get_client(project_id=self.project or hook.project_id)

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except AirflowNotFoundException as error:
            raise ConfigurationError(
                ErrorCode.SETTINGS_MISSING,
                f"Airflow has no connection {self.gcp_conn_id!r}, which gs:// zones need.",
                hint="Make one of type google_cloud_platform, or set [landing_loader] gcp_conn_id "
                "to the one there is.",
            ) from error


@dataclass(frozen=True)
class OpenedClients:
    """A storage client that is there already, for places where no connection may be asked for."""

    client: storage.Client

    def storage(self) -> storage.Client:
        """See :class:`~airflow_landing_loader.clients.GoogleClients`."""
        return self.client

    def bigquery(self) -> bigquery.Client:
        """Not there.

        :raises RuntimeError: always.
        """
        raise RuntimeError("only a storage client was opened")
