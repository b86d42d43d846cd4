"""BigQuery behind the warehouse protocol: Parquet staged in Cloud Storage, one transaction."""

from airflow_landing_loader.loading.warehouses.bigquery.options import BigQueryOptions
from airflow_landing_loader.loading.warehouses.bigquery.warehouse import BigQueryWarehouse

__all__ = ["BigQueryOptions", "BigQueryWarehouse"]
