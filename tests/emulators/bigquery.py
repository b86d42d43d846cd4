"""Starts the BigQuery emulator: `python bigquery.py EXTENSIONS ARGUMENT...`, in its environment.

It opens DuckDB with a time zone that DuckDB refuses until an extension is loaded, would download
its extensions, and tells of two transactions that change one table in its engine's words instead of
BigQuery's; all three are put right here.
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


def speak_of_conflicts(error_class: Any) -> None:
    """Let errors of two transactions at once read as the service documents them."""
    original = error_class.__init__

    def init(self: Any, reason: str, message: str, location: str | None = None) -> None:
        if "DuckLake transaction" in message or "Transaction conflict" in message:
            message = f"Transaction is aborted due to concurrent update: {message}"
        original(self, reason, message, location)

    error_class.__init__ = init


if __name__ == "__main__":
    EXTENSIONS = sys.argv.pop(1)
    duckdb.connect = connect
    from local_bigquery import errors
    from local_bigquery.cli import main

    speak_of_conflicts(errors.BigQueryError)

    main()
