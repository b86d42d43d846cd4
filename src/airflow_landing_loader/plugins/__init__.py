"""What Airflow finds by the entry point `airflow.plugins`: the HTTP API and the page."""
