"""The three zones of an installation, opened from its settings."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_landing_loader.landing.local_zone import LocalZone
from airflow_landing_loader.settings import Settings


@dataclass(frozen=True, kw_only=True)
class Zones:
    """Where files arrive, where they go after success, and where after a terminal failure."""

    landing: LocalZone
    archive: LocalZone
    failed: LocalZone


def open_zones(settings: Settings) -> Zones:
    """Open the zones that the settings name; nothing is read yet.

    :raises ConfigurationError: ``SETTINGS_BAD_VALUE``.
    """
    return Zones(
        landing=LocalZone(settings.landing_path),
        archive=LocalZone(settings.archive_path),
        failed=LocalZone(settings.failed_path),
    )
