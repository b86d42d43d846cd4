"""Verdicts and outcomes in one line each, as logs show them; names, counts and places, no cells."""

from __future__ import annotations

from airflow_landing_loader.batches import Step
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.lanes import printable
from airflow_landing_loader.loading.model import Duplicate, Loaded, Refused
from airflow_landing_loader.outcome import Outcome

MAX_NAME = 250
MAX_URI = 1000


def error_text(error: ErrorDetail, *, show_values: bool = False) -> str:
    """Code, file, line, column, message and hint; the offending text only if ``show_values``."""
    shown = f" Value: {error.value!r}" if show_values and error.value is not None else ""
    return error.text() + shown


def verdict_text(verdict: Step, *, show_values: bool = False) -> str:
    """What a step found out about one file."""
    if isinstance(verdict, Refused):
        return error_text(verdict.error, show_values=show_values)
    name = printable(verdict.delivery.data.name, MAX_NAME)
    if isinstance(verdict, Validated):
        return f"{name}: {_inspected(verdict)}"
    if isinstance(verdict, Loaded):
        load = verdict.load
        rejected = f", {load.rejected_count} rejected" if load.rejected_count else ""
        said = f"{load.row_count} rows in {load.table_name}{rejected}, load {load.load_id}"
    else:
        said = f"duplicate of load {verdict.of_load_id}, nothing loaded"
    return f"{name}: {said}{_notes(verdict)}"


def outcome_text(outcome: Outcome, *, show_values: bool = False) -> str:
    """What became of one file."""
    if outcome.error is not None:
        return f"{outcome.status}: {error_text(outcome.error, show_values=show_values)}"
    name, uri = printable(outcome.name, MAX_NAME), printable(outcome.uri, MAX_URI)
    return f"{name}: {outcome.status}, now {uri}"


def _inspected(verdict: Validated) -> str:
    found = verdict.inspection
    promise = "" if verdict.expected_records is None else f" of {verdict.expected_records} promised"
    ragged = f", {found.ragged} with a wrong number of fields" if found.ragged else ""
    return (
        f"{found.records} records{promise}{ragged}, {len(found.columns)} columns,"
        f" {found.size} bytes, sha256 {found.sha256}"
    )


def _notes(verdict: Loaded | Duplicate) -> str:
    return f" ({'; '.join(verdict.notes)})" if verdict.notes else ""
