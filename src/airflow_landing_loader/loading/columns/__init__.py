"""Columns of raw tables: names, drift, types."""
