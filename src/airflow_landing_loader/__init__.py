"""Batch files land, Airflow loads them: no byte, record or explanation is ever lost."""

__version__ = "0.1.0"
