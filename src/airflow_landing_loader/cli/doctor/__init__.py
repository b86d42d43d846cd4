"""What `doctor` examines; one module per kind of thing."""

from airflow_landing_loader.cli.doctor.check import Check, Level, Topic

__all__ = ["Check", "Level", "Topic"]
