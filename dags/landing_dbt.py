"""Airflow reads this file and finds the DAG that runs dbt for all tables, where one does."""

from airflow_landing_loader.dbt import build_shared_dbt_dag

dag = build_shared_dbt_dag()
