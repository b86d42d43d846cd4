"""Deliveries of the same thing under different names, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_landing_loader.landing.model import Delivery


def one_of_each(deliveries: Sequence[Delivery]) -> tuple[list[Delivery], list[Delivery]]:
    """Those that may be taken now, and those that have to wait until these are gone.

    Loaded side by side, in different batches or tasks, the later one could be replaced by the
    earlier.

    :param deliveries: in name order, which is kept.
    """
    keys = [(d.mapping.table, d.mapping.identity_key(d.data.name)) for d in deliveries]
    if not any(key for _, key in keys):
        return list(deliveries), []
    first: dict[tuple[str, str | None], Delivery] = {}
    for key, delivery in zip(keys, deliveries, strict=True):
        if key[1] is not None and _turn(delivery) <= _turn(first.get(key, delivery)):
            first[key] = delivery
    now: list[Delivery] = []
    later: list[Delivery] = []
    for key, delivery in zip(keys, deliveries, strict=True):
        (now if first.get(key, delivery) is delivery else later).append(delivery)
    return now, later


def _turn(delivery: Delivery) -> tuple[int, str]:
    return delivery.data.mtime_ns, delivery.data.name
