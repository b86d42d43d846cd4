"""Thin Airflow triggers."""
