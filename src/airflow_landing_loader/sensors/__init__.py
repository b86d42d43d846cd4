"""Thin Airflow sensors, one step each."""
