"""Which of many ready deliveries are inspected, and then loaded together, next.

How much a compressed file holds is known only when it has been inspected, so a batch is closed by
what its files turned out to be, and by the number of tables, each of which takes memory until it is
committed. A table that has filled a batch by its bytes goes behind the others
with what it has left, so that a small file of another table waits for one such batch and not for
all. Deliveries of one table keep their order. What is taken together is in one batch, however large
it is, and counts for the table of its first file.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from airflow_landing_loader.landing.model import Delivery, Validated
from airflow_landing_loader.landing.units import delivery_units
from airflow_landing_loader.loading.model import Refused
from airflow_landing_loader.loading.planning.cuts import (
    BATCH_BYTES,
    BATCH_TABLES,
    Part,
    expanded_bytes,
)

Inspected = Validated | Refused
_Unit = tuple[Delivery, ...]


@dataclass
class _Queue:
    """The deliveries of one table.

    :param waiting: those that are still to be inspected, by what is taken together.
    :param taken: bytes of the others.
    """

    waiting: deque[_Unit]
    taken: int = 0


class _Queues:
    """The tables that have deliveries waiting: first those that have taken little so far."""

    def __init__(self, deliveries: Sequence[Delivery]) -> None:
        self._all: dict[str, _Queue] = {}
        for unit in delivery_units(deliveries):
            self._of(unit).waiting.append(unit)
        self._light = deque(self._all.values())
        self._large: deque[_Queue] = deque()

    @property
    def only_large(self) -> bool:
        """Whether all that wait had a batch full of bytes already."""
        return not self._light

    def take(self, count: int) -> list[_Unit]:
        """The next deliveries, ``count`` or as many as are taken together; none if there are no
        more."""
        queues = self._light or self._large
        taken: list[_Unit] = []
        while queues and sum(map(len, taken)) < count:
            queue = queues.popleft()
            taken.append(queue.waiting.popleft())
            if queue.waiting and queues is self._light:
                queues.appendleft(queue)
            elif queue.waiting:
                queues.append(queue)
        return taken

    def weigh(self, unit: _Unit, size: int) -> None:
        """Say what is taken together turned out to hold, in bytes."""
        queue = self._of(unit)
        queue.taken += size
        if queue.taken >= BATCH_BYTES and queue in self._light:
            self._light.remove(queue)
            self._large.append(queue)

    def _of(self, unit: _Unit) -> _Queue:
        return self._all.setdefault(unit[0].mapping.table.casefold(), _Queue(deque()))


def in_turns(
    deliveries: Sequence[Delivery],
    inspect: Callable[[Sequence[Delivery]], Sequence[Inspected]],
    *,
    at_once: int,
    most_files: int,
) -> Iterator[list[Inspected]]:
    """Inspect deliveries and give them in batches, each as soon as it is complete.

    :param inspect: inspects some deliveries; a verdict for each, in order.
    :param at_once: how many it inspects at the same time, 1 or more.
    :param most_files: files of a batch at most, 1 or more.
    """
    queues = _Queues(deliveries)
    batch: Part[list[Inspected]] = Part(_weighing(), (most_files, BATCH_BYTES, BATCH_TABLES))
    all_large = queues.only_large
    while True:
        if queues.only_large and not all_large:
            all_large = True
            yield from map(_flat, batch.take_any())  # nobody waits for what will take long
        some = queues.take(at_once)
        if not some:
            break
        inspected = iter(inspect([delivery for unit in some for delivery in unit]))
        for unit in some:
            items = [next(inspected) for _ in unit]
            queues.weigh(unit, sum(map(_bytes_of, items)))
            yield from map(_flat, batch.add(items))
    yield from map(_flat, batch.take_any())


def _flat(batch: list[list[Inspected]]) -> list[Inspected]:
    return [item for unit in batch for item in unit]


def _weighing() -> Callable[[list[Inspected]], tuple[int, int, int]]:
    """What each of a row of units adds to a batch: files, bytes and tables."""
    last: set[str] = set()

    def weigh(items: list[Inspected]) -> tuple[int, int, int]:
        nonlocal last
        tables = {item.delivery.mapping.table for item in items}
        before, last = last, tables  # a table's deliveries come together
        return len(items), sum(map(_bytes_of, items)), len(tables - before)

    return weigh


def _bytes_of(item: Inspected) -> int:
    return expanded_bytes(item.inspection) if isinstance(item, Validated) else 0
