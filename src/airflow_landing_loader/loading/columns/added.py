"""The values of columns that a mapping adds, which every row of a file has alike."""

from __future__ import annotations

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.safe_text import storable


def added_cells(delivery: Delivery) -> tuple[str | None, ...]:
    """Return them in the mapping's order, fit for any database; ``None`` is NULL."""
    return cells_of(delivery.mapping, delivery.data.name)


def cells_of(mapping: TableMapping, name: str) -> tuple[str | None, ...]:
    """The same of a file by its name."""
    cells = mapping.added_cells(name)
    return tuple([None if cell is None else storable(cell) for cell in cells])
