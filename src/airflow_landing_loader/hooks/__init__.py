"""Thin Airflow hooks."""
