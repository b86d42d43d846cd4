"""Which of the ready deliveries have to wait for a number before their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.landing.discovery.model import Discovery, HeldForNumber
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.units import UnitKey, unit_key
from airflow_landing_loader.loading.planning.sequences import (
    Positions,
    SequenceOf,
    counting,
    in_turn,
)
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
        held = _held(ready, ledger.sequences(tables))
    except TransientError as error:
        if error.code is not ErrorCode.WAREHOUSE_LOCKED:
            raise
        return replace(found, ready=tuple(ready))
    return replace(
        found,
        ready=tuple(delivery for delivery in ready if unit_key(delivery) not in held),
        held=tuple(
            HeldForNumber(delivery, held[key])
            for delivery in ready
            if (key := unit_key(delivery)) in held
        ),
    )


def _held(ready: Sequence[Delivery], last: Mapping[SequenceOf, int]) -> dict[UnitKey, int]:
    """What has to wait, with the number that is missing; with one of a set all of it waits."""
    held: dict[UnitKey, int] = {}
    while True:
        positions, more = Positions(last), dict[UnitKey, int]()
        for delivery in ready:
            if (key := unit_key(delivery)) in held:
                continue
            missing = positions.waits_for(delivery)
            if missing is None:
                positions.take(delivery)
            else:
                more[key] = missing
        if not more:
            return held
        held |= more  # others may have been counted on what waits itself
