"""Which numbers of sequences are there, and which one is missing: pure, for all warehouses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.sequence import HIGHEST
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.landing.model import Delivery

SequenceOf = tuple[str, str]
"""A table, and the key of one of its sequences."""


class Place(NamedTuple):
    """Where a delivery stands."""

    of: SequenceOf
    number: int


def place_of(delivery: Delivery) -> Place | None:
    """Where a delivery stands in its sequence; ``None``: its mapping counts nothing."""
    turn = delivery.turn
    return None if turn is None else Place((delivery.mapping.table, turn.key), turn.number)


class Positions:
    """The last number of each sequence.

    :param last: by table and key of the sequence, as the books have it.
    """

    def __init__(self, last: Mapping[SequenceOf, int]) -> None:
        self._last = dict(last)

    def missing(self, delivery: Delivery) -> int | None:
        """The first number that is missing before a delivery's; ``None``: none is, or it is one of
        those that came before."""
        place, sequence = place_of(delivery), delivery.mapping.sequence
        if place is None or sequence is None:
            return None
        last = self._last.get(place.of)
        if last is None and sequence.start is None:
            return None if place.number < HIGHEST else 1
        # What is lower than the start may have come first: the sequence begins there all the same.
        following = max(sequence.start or 0, 0 if last is None else last + 1)
        return following if place.number > following else None

    def waits_for(self, delivery: Delivery) -> int | None:
        """The number without which a delivery is not to be loaded; ``None``: it may be."""
        sequence, missing = delivery.mapping.sequence, self.missing(delivery)
        return missing if sequence is not None and sequence.waits else None

    def take(self, delivery: Delivery) -> None:
        """Count a delivery as loaded."""
        place = place_of(delivery)
        if place is not None and place.number < HIGHEST:
            self._last[place.of] = max(place.number, self._last.get(place.of, place.number))


def gap(delivery: Delivery, missing: int) -> TransientError:
    """Why a delivery is left in landing.

    :param missing: the number that it waits for.
    """
    return TransientError(
        ErrorCode.SEQUENCE_GAP,
        f"it waits for number {missing:,} of its sequence, which is not loaded",
        hint="It is loaded once that number is. Ask the sender for it, or look whether it lies in "
        "failed; on_gap: report in the mapping loads files in spite of gaps.",
        file=delivery.data.name,
    )


def counting(mappings: Sequence[TableMapping]) -> list[str]:
    """The tables of mappings that count their files."""
    return sorted({m.table for m in mappings if m.sequence is not None})


def in_turn(deliveries: Sequence[Delivery]) -> list[Delivery]:
    """The same, those of a sequence in the order of their numbers; the others keep their places."""
    return [deliveries[at] for at in turns(deliveries)]


def turns(deliveries: Sequence[Delivery]) -> list[int]:
    """Where in a sequence of deliveries those lie that come first, second, ... in turn."""
    found: dict[SequenceOf, list[tuple[int, int]]] = defaultdict(list)
    for index, delivery in enumerate(deliveries):
        if (place := place_of(delivery)) is not None:
            found[place.of].append((place.number, index))
    ordered = list(range(len(deliveries)))
    for places in found.values():
        free = sorted(index for _, index in places)
        for index, (_, taken) in zip(free, sorted(places), strict=True):
            ordered[index] = taken
    return ordered
