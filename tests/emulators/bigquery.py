"""Starts the BigQuery emulator: `python bigquery.py EXTENSIONS ARGUMENT...`, in its environment.

It opens DuckDB with a time zone that DuckDB refuses until an extension is loaded, and would
download its extensions; both are put right here.
"""

from __future__ import annotations

import sys
from typing import Any

import duckdb

_connect = duckdb.connect


def connect(*arguments: Any, config: dict[str, Any] | None = None, **keys: Any) -> Any:
    """Open DuckDB as the emulator asks for it, with the installed extensions."""
    wanted = dict(config or {})
    time_zone = wanted.pop("TimeZone", None)
    wanted["extension_directory"] = EXTENSIONS
    con = _connect(*arguments, config=wanted, **keys)
    if time_zone is not None:
        con.execute(f"SET TimeZone = '{time_zone}'")
    return con


if __name__ == "__main__":
    EXTENSIONS = sys.argv.pop(1)
    duckdb.connect = connect
    from local_bigquery.cli import main

    main()
