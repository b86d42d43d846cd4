"""Counts as senders write them."""

from __future__ import annotations

from collections.abc import Iterable

from airflow_landing_loader.config.mapping.model import TableMapping


def as_counted(mapping: TableMapping, count: int, includes: Iterable[str]) -> int:
    """A number of data records as a sender counts it, with what else he counts."""
    others = {"header": mapping.csv.header, "trailer": mapping.trailer is not None}
    return count + sum(others[one] for one in set(includes))
