"""Airflow reads this file and finds a DAG for each table of the landing loader's mappings."""

from airflow_landing_loader.dag_factory import build_landing_dags

build_landing_dags(namespace=globals())
