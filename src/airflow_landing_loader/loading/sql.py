"""SQL text from values and names: quoted, never pasted."""

from __future__ import annotations


def sql_text(value: str) -> str:
    """Quote text as a SQL literal, for the places that take no bound value."""
    return "'" + value.replace("'", "''") + "'"


def sql_name(name: str) -> str:
    """Quote an identifier; a dotted table name is quoted part by part by the caller."""
    return '"' + name.replace('"', '""') + '"'
