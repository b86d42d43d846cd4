"""What a person should know of a load though nothing failed, in words."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.model import Load

_NAMED = 20


def notes_of(validated: Validated, load: Load, *, lacks_most: bool) -> tuple[str, ...]:
    """Return one short sentence for each thing worth a look.

    :param lacks_most: whether the file lacks more than half of the table's columns.
    """
    notes = []
    if validated.detected:
        notes.append(f"dialect detected: {validated.detected}")
    if load.drift_columns:
        notes.append(f"new columns went to _extra: {_named(load.drift_columns)}")
    if load.missing_columns and lacks_most:
        notes.append(
            f"more than half of the table's columns are missing: {len(load.missing_columns)}"
        )
    elif load.missing_columns:
        notes.append(f"missing columns are NULL: {_named(load.missing_columns)}")
    if load.rejected_count:
        notes.append(f"{load.rejected_count} records were rejected, see load_rejects")
    if load.restates_load_id:
        notes.append(f"restates load {load.restates_load_id}")
    if load.same_content_load_id:
        notes.append(f"content equals load {load.same_content_load_id} of another file")
    return tuple(notes)


def _named(columns: Sequence[str]) -> str:
    """The first few names, and how many there are besides."""
    more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
    return ", ".join(columns[:_NAMED]) + more
