"""The HTTP API and the page, as one app below Airflow's own."""
