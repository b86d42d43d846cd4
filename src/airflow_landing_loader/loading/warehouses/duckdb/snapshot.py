"""A small copy of the newest loads and deliveries beside the database.

While a writer holds the database nobody else can read it. ``status`` and the page answer from this
file meanwhile; every writer renews it when it is done.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from airflow_landing_loader.codec import adapter_of
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.loading.model import Overview
from airflow_landing_loader.storage.local import files as local_files

KEPT = 500
_MOST_BYTES = 64 * 1024 * 1024


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
            stream.write(adapter_of(Overview).dump_json(overview))
        temporary.replace(target)


def read(database: Path) -> Overview | None:
    """Return the snapshot, ``None`` if there is none that can be read."""
    path = path_of(database)
    try:
        # Anybody who may write beside the database may have put something else there.
        with local_files.open_regular(str(path), name=path.name) as stream:
            return adapter_of(Overview).validate_json(stream.read(_MOST_BYTES))
    except (OSError, LandingError, ValidationError):
        return None
