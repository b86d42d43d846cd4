"""Rows into tables: load ids, drift, metadata, the warehouse protocol and its DuckDB form."""
