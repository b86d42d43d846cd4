"""A dbt project and its manifest, and dbt itself in a process of its own. Knows no Airflow."""
