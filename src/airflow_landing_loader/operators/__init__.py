"""Thin Airflow operators, one step each."""
