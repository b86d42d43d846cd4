"""The assets of the generated DAGs: one per table, updated when a run has loaded into it."""

from __future__ import annotations

from airflow.providers.common.compat.sdk import Asset

from airflow_landing_loader.operators.gate import asset_name


def table_asset(table: str) -> Asset:
    """The asset that stands for a table: what loads into it updates it, dbt and others listen.

    It has a name and no address of its own: an address of a known scheme makes each process that
    parses a DAG load every provider's handler of addresses, which takes most of a second.

    :param table: ``table`` or ``schema.table``, as the mapping names it.
    """
    return Asset(name=asset_name(table))
