"""Zones by their paths, and the three of an installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_landing_loader.clients import (
    Clients,
    DefaultClients,
    no_azure_library,
    no_boto3,
    no_google_library,
)
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, shown
from airflow_landing_loader.once import once
from airflow_landing_loader.settings import Settings, is_object_uri
from airflow_landing_loader.storage.folder import Folder
from airflow_landing_loader.storage.local.folder import LocalFolder
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.zone import Zone

if TYPE_CHECKING:
    from airflow_landing_loader.storage.objects.store import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Zones:
    """Where files arrive, where they go after success, and where after a terminal failure."""

    landing: Zone
    archive: Zone
    failed: Zone


def open_zones(settings: Settings, clients: Clients | None = None) -> Zones:
    """Open the zones that the settings name; nothing is read yet.

    :param clients: for object stores; those of the machine's own credentials unless given.
    :raises ConfigurationError: ``SETTINGS_BAD_VALUE``.
    """
    clients = clients or DefaultClients(settings.gcp_project)
    return Zones(
        landing=open_zone(settings.landing_path, clients),
        archive=open_zone(settings.archive_path, clients),
        failed=open_zone(settings.failed_path, clients),
    )


def open_zone(path: str, clients: Clients) -> Zone:
    """Open the zone at a path; nothing is read yet.

    :param path: absolute folder, ``gs://bucket/prefix``, ``s3://bucket/prefix`` or
        ``az://container/prefix``.
    :param clients: for object stores.
    :raises ConfigurationError: ``SETTINGS_BAD_VALUE``; ``SETTINGS_MISSING``, a library is not
        installed.
    """
    if not is_object_uri(path):
        return LocalZone(path)
    scheme, _, rest = path.partition("://")
    bucket, _, prefix = rest.partition("/")
    if scheme not in _STORES:
        raise ConfigurationError(
            ErrorCode.SETTINGS_BAD_VALUE,
            f"{shown(path)!r} cannot be a zone: {scheme}:// is not supported.",
            hint="Use a local folder, gs://bucket/prefix, s3://bucket/prefix or az://container/prefix.",
        )
    store = _STORES[scheme](bucket, clients)
    from airflow_landing_loader.storage.objects.zone import ObjectZone

    return ObjectZone(store, prefix)


@once
def open_folder(zone: Zone) -> Folder:
    """A zone as one end of a move."""
    if isinstance(zone, LocalZone):
        return LocalFolder(zone.path)
    from airflow_landing_loader.storage.objects.folder import ObjectFolder
    from airflow_landing_loader.storage.objects.zone import ObjectZone

    assert isinstance(zone, ObjectZone)
    return ObjectFolder(zone.store, zone.prefix)


# Imported when one is opened: a plain folder needs no library of a cloud, and every task would pay
# for the import.
def _gcs(bucket: str, clients: Clients) -> ObjectStore:
    try:
        from airflow_landing_loader.storage.objects.gcs import GcsStore
    except ImportError as error:
        raise no_google_library() from error
    return GcsStore(bucket, clients)


def _s3(bucket: str, clients: Clients) -> ObjectStore:
    try:
        from airflow_landing_loader.storage.objects.s3 import S3Store
    except ImportError as error:
        raise no_boto3() from error
    return S3Store(bucket, clients)


def _azure(container: str, clients: Clients) -> ObjectStore:
    try:
        from airflow_landing_loader.storage.objects.azure import AzureStore
    except ImportError as error:
        raise no_azure_library() from error
    return AzureStore(container, clients)


_STORES = {"gs": _gcs, "s3": _s3, "az": _azure}
