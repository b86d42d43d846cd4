"""Which of the ready deliveries have to wait for a number before their own."""

from __future__ import annotations

from dataclasses import replace

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.landing.discovery.model import Discovery, HeldForNumber
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.loading.planning.sequences import Positions, counting, in_turn
from airflow_landing_loader.loading.warehouses.base import Ledger


def in_sequence(found: Discovery, ledger: Ledger) -> Discovery:
    """A look in which no delivery is ready that a gap holds, and those of a sequence are in order.

    The books are asked once, and only where files are counted. Where a writer holds them the
    warehouse decides alone, as it does again for each file.

    :raises TransientError: the warehouse cannot be asked.
    """
    tables = counting([delivery.mapping for delivery in found.ready])
    if not tables:
        return found
    ready = in_turn(found.ready)
    try:
        positions = Positions(ledger.sequences(tables))
    except TransientError as error:
        if error.code is not ErrorCode.WAREHOUSE_LOCKED:
            raise
        return replace(found, ready=tuple(ready))
    now: list[Delivery] = []
    held: list[HeldForNumber] = []
    for delivery in ready:
        missing = positions.waits_for(delivery)
        if missing is None:
            positions.take(delivery)
            now.append(delivery)
        else:
            held.append(HeldForNumber(delivery, missing))
    return replace(found, ready=tuple(now), held=tuple(held))
