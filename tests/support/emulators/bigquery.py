"""Starts the BigQuery emulator: `python bigquery.py EXTENSIONS plain|lake ARGUMENT...`, in its
environment.

What differs from the service is put right here: it opens DuckDB with a time zone that DuckDB
refuses until an extension is loaded, would download its extensions, tells of two transactions that
change one table in its engine's words, knows types of other databases, does not name the table that
a CREATE TABLE AS has made, and keeps each answer as a table, which makes each further question
slower.
"""

from __future__ import annotations

import re
import sys
import threading
from collections import deque
from typing import Any

import duckdb

_connect = duckdb.connect
ANSWERS = 20
"""So many are kept: whoever asks reads the answer at once."""


def connect(*arguments: Any, config: dict[str, Any] | None = None, **keys: Any) -> Any:
    """Open DuckDB as the emulator asks for it, with the installed extensions."""
    wanted = dict(config or {})
    time_zone = wanted.pop("TimeZone", None)
    wanted["extension_directory"] = EXTENSIONS
    # No name in a query is a variable here; it would look for Pandas each time.
    wanted["python_enable_replacements"] = False
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


def name_created_tables(query: Any) -> None:
    """Let the job of a CREATE TABLE AS have its table as destination, which dbt asks for."""
    original = query.execute

    def execute(*arguments: Any, **keys: Any) -> Any:
        statistics, children, destination = original(*arguments, **keys)
        if destination is None and statistics.statementType == "CREATE_TABLE_AS_SELECT":
            destination = statistics.ddlTargetTable
        return statistics, children, destination

    query.execute = execute


def refuse_foreign_types(query: Any, errors: Any) -> None:
    """Know no type that the service does not: its dialect here takes those of others too."""
    original = query.execute
    foreign = re.compile(r"\b(VARCHAR|TEXT|DOUBLE|REAL|TIMESTAMPTZ|BLOB|HUGEINT)\b")

    def execute(
        cur: Any, project_id: str, job_id: Any, config: Any, *rest: Any, **keys: Any
    ) -> Any:
        words = re.sub(r"'[^']*'|`[^`]*`|\"[^\"]*\"", "", config.query)
        if found := foreign.search(words):
            raise errors.BigQueryError("invalidQuery", f"Type not found: {found[0]}")
        return original(cur, project_id, job_id, config, *rest, **keys)

    query.execute = execute


def forget_answers(query: Any, database: Any) -> None:
    """Let an answer go when many came after it."""
    original = query.execute
    lock, answers = threading.Lock(), deque[str]()

    def execute(cur: Any, project_id: str, job_id: Any, *rest: Any, **keys: Any) -> Any:
        answer = original(cur, project_id, job_id, *rest, **keys)
        with lock:
            answers.append(f"{project_id}:{job_id}")
            old = answers.popleft() if len(answers) > ANSWERS else None
        if old is not None:
            name = database.quote("emulator", "_results", old)
            database.execute(f"DROP TABLE IF EXISTS {name}")
        return answer

    query.execute = execute


def keep_tables_in_plain_duckdb(database: Any) -> None:
    """Attach a database file for a project, in place of the emulator's lake.

    It takes half the time. Two transactions that change one table at once meet as in BigQuery in
    the lake alone: DuckDB looks at rows.
    """

    def attach(con: Any, project_id: str) -> None:
        path = database.settings.data_dir / f"{project_id}.duckdb"
        con.execute(f"ATTACH IF NOT EXISTS '{path}' AS {database.quote(project_id)}")
        database._attached.add(project_id)

    database._attach = attach


if __name__ == "__main__":
    EXTENSIONS, tables = sys.argv.pop(1), sys.argv.pop(1)
    duckdb.connect = connect
    from local_bigquery import errors
    from local_bigquery.cli import main
    from local_bigquery.engine import database
    from local_bigquery.jobs import query

    if tables == "plain":
        keep_tables_in_plain_duckdb(database)

    forget_answers(query, database)
    name_created_tables(query)
    refuse_foreign_types(query, errors)
    speak_of_conflicts(errors.BigQueryError)

    main()
