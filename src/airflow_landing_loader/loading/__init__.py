"""Rows into tables."""
