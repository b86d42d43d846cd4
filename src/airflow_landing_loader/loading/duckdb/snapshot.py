"""A small copy of the newest loads and deliveries beside the database.

While a writer holds the database nobody else can read it. ``status`` and the page answer from this
file meanwhile; every writer renews it when it is done.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from airflow_landing_loader.loading.model import Overview

KEPT = 500


def path_of(database: Path) -> Path:
    """Return the snapshot's path."""
    return database.with_name(f"{database.name}.status.json")


def write(database: Path, overview: Overview) -> None:
    """Replace the snapshot in one step, so that no reader sees half of it.

    The caller holds the database alone, so that the new file always has the same name and takes
    the place of what a dead writer has left. A snapshot that cannot be written leaves the earlier
    one: what it copies is committed already.
    """
    target = path_of(database)
    temporary = target.with_name(f".{target.name}.new")
    with suppress(OSError):
        temporary.unlink(missing_ok=True)
        with temporary.open("xb") as stream:  # a new file: nothing is written through a link
            stream.write(_adapter().dump_json(overview))
        temporary.replace(target)


def read(database: Path) -> Overview | None:
    """Return the snapshot, ``None`` if there is none that can be read."""
    try:
        return _adapter().validate_json(path_of(database).read_bytes())
    except (OSError, ValidationError):
        return None


@cache
def _adapter() -> TypeAdapter[Overview]:
    return TypeAdapter(Overview)
