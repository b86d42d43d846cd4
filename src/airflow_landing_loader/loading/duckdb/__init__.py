"""DuckDB behind the warehouse protocol: one file, one writing process at a time."""

from airflow_landing_loader.loading.duckdb.session import SessionOptions
from airflow_landing_loader.loading.duckdb.warehouse import DuckDBWarehouse

__all__ = ["DuckDBWarehouse", "SessionOptions"]
