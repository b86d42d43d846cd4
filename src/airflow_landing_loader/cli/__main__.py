"""``python -m airflow_landing_loader.cli``: the same as ``landing-loader``."""

from airflow_landing_loader.cli import main

main()
