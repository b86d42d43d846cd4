"""What is taken together or not at all: a data file with its go file, or all that this names."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from airflow_landing_loader.landing.model import Delivery

_Item = TypeVar("_Item")
UnitKey = tuple[str, str]


def unit_key(delivery: Delivery) -> UnitKey:
    """What the deliveries of one unit have in common: the arrival of their go file, where that
    names its data files; else of the data file.
    """
    go = delivery.go
    file = go if delivery.members and go is not None else delivery.data
    return file.name, file.token


def units(
    items: Iterable[_Item], delivery_of: Callable[[_Item], Delivery]
) -> list[tuple[_Item, ...]]:
    """The items of each unit together, in the order of their first ones."""
    found: dict[UnitKey, list[_Item]] = {}
    for item in items:
        found.setdefault(unit_key(delivery_of(item)), []).append(item)
    return list(map(tuple, found.values()))


def is_whole(unit: Sequence[Delivery]) -> bool:
    """Whether no delivery of a unit is missing."""
    return len(unit) == (unit[0].members or 1)


def only_whole(deliveries: Iterable[Delivery]) -> tuple[Delivery, ...]:
    """Those whose units are whole, in order; of several chosen ones, some may be missing."""
    chosen = tuple(deliveries)
    if not any(delivery.members for delivery in chosen):
        return chosen
    return tuple(delivery for unit in units(chosen, _itself) if is_whole(unit) for delivery in unit)


def delivery_units(deliveries: Iterable[Delivery]) -> list[tuple[Delivery, ...]]:
    """See :func:`units`."""
    return units(deliveries, _itself)


def _itself(delivery: Delivery) -> Delivery:
    return delivery
