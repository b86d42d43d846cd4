"""Folders below a zone: which one an ``archive_layout`` stands for."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.storage.names import bad_subfolder, subfolder_parts
from airflow_landing_loader.storage.zone import Zone

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def archive_folder(layout: str, table: str, when: datetime) -> str:
    """The subfolder that an ``archive_layout`` stands for.

    :param layout: folders separated by ``/``, with ``{table}``, ``{yyyy}``, ``{mm}`` and ``{dd}``;
        empty for none.
    :param table: the mapping's table.
    :param when: the load's time, aware; its UTC date is taken.
    :raises ConfigurationError: ``MAPPING_BAD_VALUE``, another placeholder, or a folder that leaves
        the zone or is hidden.
    """
    utc = when.astimezone(UTC)
    known = {
        "table": table,
        "yyyy": f"{utc.year:04}",
        "mm": f"{utc.month:02}",
        "dd": f"{utc.day:02}",
    }
    if not set(_PLACEHOLDER.findall(layout)) <= set(known):
        raise bad_subfolder(layout, "has an unknown placeholder")
    folder = _PLACEHOLDER.sub(lambda found: known[found[1]], layout).strip("/")
    subfolder_parts(folder)
    return folder


def archive_path(archive: Zone, delivery: Delivery, when: datetime) -> str:
    """Where a delivery's data file will lie in the archive if its name is free there.

    :param when: the load's time, aware.
    """
    mapping = delivery.mapping
    folder = archive_folder(mapping.archive_layout, mapping.table, when)
    return "/".join(part for part in (archive.path, folder, delivery.data.name) if part)
