"""What `doctor` examines; one module per kind of thing."""

from airflow_landing_loader.cli.checks.check import Check, Level, Topic

__all__ = ["Check", "Level", "Topic"]
