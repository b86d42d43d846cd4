"""Where dbt_mode is shared, Airflow finds the DAG here that runs dbt for all tables."""

from airflow_landing_loader.dag_factory import build_shared_dbt_dag

dag = build_shared_dbt_dag()
