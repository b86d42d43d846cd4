"""Which deliveries of a batch are read and written together: pure, for all warehouses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from airflow_landing_loader.loading.columns.added import added_cells
from airflow_landing_loader.loading.columns.names import columns_of
from airflow_landing_loader.loading.planning.cuts import cut, expanded_bytes
from airflow_landing_loader.loading.planning.steps import Planned
from airflow_landing_loader.loading.reading.csv import ReadOptions

# Deliveries up to this size are read many at a time: they cost more by number than by size.
SMALL_FILE_BYTES = 1024 * 1024
# What is read together is held in memory at once.
_TOGETHER = (32 * 1024 * 1024,)

Group = tuple[Planned, ...]
"""Deliveries of one table with equal headers: one statement writes them."""


def readings(
    planned: Sequence[Planned], is_text_only: Callable[[str], bool]
) -> list[tuple[Group, ...]]:
    """Put together what one reading can read, whatever tables it is for, and what one statement can
    write of that; everything else stands alone, in order.

    A reading costs the engine as much as some thousand rows, and a landing zone of many tables has
    one small file for each.

    :param is_text_only: whether a table has text columns only, or is not there yet.
    """
    found: dict[object, list[Planned]] = defaultdict(list)
    text_only = {table: is_text_only(table) for table in {item.table for item in planned}}
    for index, item in enumerate(planned):
        together = text_only[item.table] and _goes_together(item)
        found[ReadOptions.of(item.validated) if together else index].append(item)
    return [_groups(part) for items in found.values() for part in cut(items, _weight, _TOGETHER)]


def _groups(items: Iterable[Planned]) -> tuple[Group, ...]:
    found: dict[object, list[Planned]] = defaultdict(list)
    for item in items:
        # Two mappings of one table may call equal headers otherwise, or have other rules.
        columns = columns_of(item.validated.delivery, item.validated.inspection)
        delivery = item.validated.delivery
        key = (item.table, columns, added_cells(delivery), delivery.mapping.quality)
        found[key].append(item)
    return tuple(map(tuple, found.values()))


def _weight(item: Planned) -> tuple[int]:
    return (expanded_bytes(item.validated.inspection),)


def _goes_together(item: Planned) -> bool:
    """Whether a delivery is small and simple enough to be read with others."""
    mapping, inspection = item.validated.delivery.mapping, item.validated.inspection
    return (
        len(inspection.columns) > 0
        and inspection.size <= SMALL_FILE_BYTES
        and inspection.compression == "none"
        and not mapping.csv.row_number
        and not item.replaces
    )
