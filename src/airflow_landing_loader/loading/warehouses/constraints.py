"""Constraints that somebody put on a raw table, and what to do about a row that breaks one."""

from __future__ import annotations

import re

from airflow_landing_loader.exceptions import ErrorCode, TerminalError

_REPLAY = "then replay the file."
_NOT_NULL = (
    "a NOT NULL constraint",
    "Ask the sender for a value in each row (a default of the table never stands in for one), or "
    f"drop the constraint and test for it in dbt; {_REPLAY}",
)
_UNIQUE = (
    "a UNIQUE or PRIMARY KEY constraint",
    "Drop the constraint: a raw table keeps each delivery as it came, the same key again too; make "
    f"rows unique in dbt; {_REPLAY}",
)
_CHECK = (
    "a CHECK constraint",
    f"Drop the constraint and test for it in dbt, or ask the sender for right values; {_REPLAY}",
)
_FOREIGN = (
    "a FOREIGN KEY constraint",
    "Drop the constraint: deliveries come in any order; test for the relationship in dbt; "
    f"{_REPLAY}",
)
_OTHER = ("a constraint", f"Look at the table's constraints; {_REPLAY}")

# How DuckDB and BigQuery begin to say it: what follows may be a cell's.
_SAID = (
    (r"(Constraint Error: )?NOT NULL ", _NOT_NULL),
    (r"(\d{3} )?Required field |.*cannot be null", _NOT_NULL),
    (r"Constraint Error: (Duplicate key|PRIMARY KEY) ", _UNIQUE),
    (r"Constraint Error: CHECK ", _CHECK),
    (r"Constraint Error: Violates foreign key ", _FOREIGN),
)
_COLUMN = re.compile(
    r"(?:Constraint Error: )?NOT NULL constraint failed: .*\."
    r'(?:"(?P<quoted>(?:[^"]|"")+)"|(?P<plain>\w+))'
    r"|(?:\d{3} )?Required field (?P<field>\w+) cannot be null",
    re.DOTALL,
)


def broken_constraint(
    text: str, *, said: str | None = None, file: str | None = None
) -> TerminalError:
    """The error for a row that breaks a constraint.

    :param text: the warehouse's own; it may hold cell values.
    :param said: the same without what its client puts around it.
    """
    said = text if said is None else said
    kind, cure = next((told for start, told in _SAID if re.match(start, said, re.I)), _OTHER)
    found = _COLUMN.fullmatch(said)
    column = next(filter(None, found.groups()), None) if found else None
    return TerminalError(
        ErrorCode.LOAD_BAD_VALUE,
        f"a row breaks {kind} that somebody put on the table",
        hint=cure,
        file=file,
        column=None if column is None else column.replace('""', '"'),
        value=text,
    )
