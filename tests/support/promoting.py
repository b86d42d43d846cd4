"""Promotion in worlds of each warehouse, and the proof of every load afterwards."""

from __future__ import annotations

from typing import Any

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.loading.columns.promotion import Prospect
from airflow_landing_loader.loading.warehouses.base import Warehouse
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.maintenance.verification import verify
from airflow_landing_loader.storage.opening import open_zones
from tests.support.worlds import Side


def warehouse_of(side: Side) -> Warehouse:
    """A world's warehouse, opened anew."""
    return open_warehouse(side.settings, open_zones(side.settings))


def promote(side: Side, table: str, name: str, type_: str | None = None) -> Prospect:
    """Promote a column, and find that what was foreseen was done."""
    warehouse = warehouse_of(side)
    foreseen = warehouse.prospect(table, name, type_)
    done = warehouse.promote(table, name, type_)
    assert foreseen == done
    return done


def promote_all(both: Any, table: str, name: str, type_: str | None = None) -> Prospect:
    """Promote a column in all worlds, which shall be equal before and afterwards."""
    first, *others = [promote(side, table, name, type_) for side in both.sides]
    for other in others:
        assert _told(other) == _told(first)
    return first


def _told(done: Prospect) -> tuple[Any, ...]:
    return (done.column, done.type, done.there, done.loads, done.rows, done.values, done.proposed)


def proved(side: Side) -> int:
    """Verify each load whose rows are in a table; how many those are."""
    warehouse = warehouse_of(side)
    loads = [row for row in side.table("load_metadata") or [] if row["removed_sequence"] is None]
    clients = DefaultClients(side.settings.gcp_project)
    for row in loads:
        proof = verify(row["load_id"], warehouse=warehouse, mappings=side.mappings, clients=clients)
        assert proof.equal, (row["filename"], proof.columns)
        assert not any(column.hindrance for column in proof.columns)
    return len(loads)
