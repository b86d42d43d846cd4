"""DuckDB behind the warehouse protocol: one file, one writing process at a time."""

from airflow_landing_loader.loading.warehouses.duckdb.session import SessionOptions
from airflow_landing_loader.loading.warehouses.duckdb.warehouse import DuckDBWarehouse

__all__ = ["DuckDBWarehouse", "SessionOptions"]
