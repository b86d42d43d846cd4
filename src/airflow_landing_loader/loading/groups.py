"""Which deliveries of a batch are written together: pure, for both warehouses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from airflow_landing_loader.loading.books import Planned
from airflow_landing_loader.loading.reader import ReadOptions

# Deliveries up to this size are written many at a time: they cost more by number than by size.
SMALL_FILE_BYTES = 1024 * 1024
# What is written together is held in memory at once.
_TOGETHER_BYTES = 32 * 1024 * 1024


def groups(
    planned: Sequence[Planned], is_text_only: Callable[[str], bool]
) -> list[tuple[Planned, ...]]:
    """Put together what one statement can write; everything else stands alone, in order.

    :param is_text_only: whether a table has text columns only, or is not there yet.
    """
    found: dict[object, list[Planned]] = defaultdict(list)
    text_only = {table: is_text_only(table) for table in {item.table for item in planned}}
    for index, item in enumerate(planned):
        if text_only[item.table] and _goes_together(item):
            columns = item.validated.inspection.columns
            found[(item.table, columns, ReadOptions.of(item.validated))].append(item)
        else:
            found[index].append(item)
    return [part for group in found.values() for part in _parts(group)]


def _parts(group: Sequence[Planned]) -> Iterator[tuple[Planned, ...]]:
    part: list[Planned] = []
    size = 0
    for item in group:
        more = item.validated.inspection.size
        if part and size + more > _TOGETHER_BYTES:
            yield tuple(part)
            part, size = [], 0
        part.append(item)
        size += more
    yield tuple(part)


def _goes_together(item: Planned) -> bool:
    """Whether a delivery is small and simple enough to be written with others."""
    mapping, inspection = item.validated.delivery.mapping, item.validated.inspection
    return (
        inspection.size <= SMALL_FILE_BYTES
        and inspection.compression == "none"
        and not inspection.ragged
        and not mapping.csv.row_number
        and item.replaces is None
    )
