"""Zones by their paths, and the three of an installation."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_landing_loader.clients import DefaultClients, GoogleClients
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, shown
from airflow_landing_loader.landing.local_zone import LocalZone
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.settings import Settings, is_object_uri


@dataclass(frozen=True, kw_only=True)
class Zones:
    """Where files arrive, where they go after success, and where after a terminal failure."""

    landing: Zone
    archive: Zone
    failed: Zone


def open_zones(settings: Settings, clients: GoogleClients | None = None) -> Zones:
    """Open the zones that the settings name; nothing is read yet.

    :param clients: for object stores; application default credentials unless given.
    :raises ConfigurationError: ``SETTINGS_BAD_VALUE``.
    """
    clients = clients or DefaultClients(settings.gcp_project)
    return Zones(
        landing=open_zone(settings.landing_path, clients),
        archive=open_zone(settings.archive_path, clients),
        failed=open_zone(settings.failed_path, clients),
    )


def open_zone(path: str, clients: GoogleClients) -> Zone:
    """Open the zone at a path; nothing is read yet.

    :param path: absolute folder, or ``gs://bucket/prefix``.
    :param clients: for object stores.
    :raises ConfigurationError: ``SETTINGS_BAD_VALUE``; ``SETTINGS_MISSING``, a library is not
        installed.
    """
    if not is_object_uri(path):
        return LocalZone(path)
    scheme, _, rest = path.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme != "gs":
        raise ConfigurationError(
            ErrorCode.SETTINGS_BAD_VALUE,
            f"{shown(path)!r} cannot be a zone: {scheme}:// is not supported.",
            hint="Use a local folder or gs://bucket/prefix.",
        )
    # Imported here: a plain folder needs none of it, and every task would pay for the import.
    try:
        from airflow_landing_loader.landing.objects.gcs import GcsStore
    except ImportError as error:
        raise ConfigurationError(
            ErrorCode.SETTINGS_MISSING,
            "Google's client libraries are not installed.",
            hint="Install the extra: pip install 'airflow-provider-landing-loader[google]'.",
        ) from error
    from airflow_landing_loader.landing.objects.zone import ObjectZone

    return ObjectZone(GcsStore(bucket, clients), prefix)
