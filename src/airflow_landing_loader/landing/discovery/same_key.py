"""Deliveries of the same thing under different names, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.units import delivery_units


def one_of_each(deliveries: Sequence[Delivery]) -> tuple[list[Delivery], list[Delivery]]:
    """Those that may be taken now, and those that have to wait until these are gone.

    Loaded side by side, in different batches or tasks, the later one could be replaced by the
    earlier.

    :param deliveries: in name order, which is kept.
    """
    keys = [_key(delivery) for delivery in deliveries]
    if not any(key for _, key in keys):
        return list(deliveries), []
    claimed: set[tuple[str, str | None]] = set()
    now: set[str] = set()
    for unit in sorted(delivery_units(deliveries), key=_turn):
        own = {key for key in map(_key, unit) if key[1] is not None}
        if not own & claimed:
            now.update(delivery.data.name for delivery in unit)
        claimed |= own  # also where it waits: what came before it has to be gone first
    return (
        [delivery for delivery in deliveries if delivery.data.name in now],
        [delivery for delivery in deliveries if delivery.data.name not in now],
    )


def _key(delivery: Delivery) -> tuple[str, str | None]:
    return delivery.mapping.table, delivery.identity_key


def _turn(unit: Sequence[Delivery]) -> tuple[int, str]:
    """Sets come with their last file."""
    return max((delivery.data.mtime_ns, delivery.data.name) for delivery in unit)
