"""A look into the landing zone, after what dead movers have left half done is finished."""

from __future__ import annotations

import time
from collections.abc import Sequence

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.discovery.discover import discover
from airflow_landing_loader.landing.discovery.model import Discovery, Look
from airflow_landing_loader.landing.moves import move
from airflow_landing_loader.storage.opening import Zones


def look(
    zones: Zones, mappings: Sequence[TableMapping], *, previous: Look | None = None
) -> Discovery:
    """Finish interrupted moves, then see what lies in landing now.

    In this order, as half a delivery looks like an orphan there.

    :param mappings: all mappings that share the landing zone.
    :param previous: the look before this one; files must be equal in two looks to be ready.
    :raises TransientError: a zone cannot be read or written.
    """
    for zone in (zones.archive, zones.failed):
        move.finish_interrupted(zones.landing, zone)
    return discover(zones.landing, mappings, now=time.time(), previous=previous)
