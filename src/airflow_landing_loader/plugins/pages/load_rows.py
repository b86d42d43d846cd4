"""Loads as rows of a list."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from airflow_landing_loader.loading.model import Load, short_id
from airflow_landing_loader.loading.reading.quality import shown_score
from airflow_landing_loader.loading.summary import MOST_NAMES
from airflow_landing_loader.monitoring.overview import Level
from airflow_landing_loader.safe_text import counted


@dataclass(frozen=True, kw_only=True)
class Note:
    """What sets a load apart."""

    level: Level
    text: str


@dataclass(frozen=True, kw_only=True)
class LoadRow:
    """One load, and what sets it apart."""

    load: Load
    notes: tuple[Note, ...]


def load_row(load: Load) -> LoadRow:
    """The load as a row."""
    return LoadRow(load=load, notes=tuple(notes_of(load)))


def notes_of(load: Load) -> Iterator[Note]:
    """What sets a load apart, the worst first."""
    if load.removed_sequence is not None:
        yield Note(level="idle", text="rows are out of the table again")
    if load.rejected_count:
        text = f"{counted(load.rejected_count, 'record')} rejected"
        yield Note(level="warning", text=text)
    if load.quality_score is not None and load.quality_score < 100:
        yield Note(level="warning", text=f"quality {shown_score(load.quality_score)} %")
    if load.drift_columns:
        text = _at_least(load.drift_columns, "new column")
        yield Note(level="warning", text=text)
    if load.missing_columns:
        text = f"{_at_least(load.missing_columns, 'column')} missing"
        yield Note(level="idle", text=text)
    if load.restates_load_id is not None:
        yield Note(level="idle", text=f"restates {short_id(load.restates_load_id)}")
    if load.same_content_load_id is not None:
        yield Note(level="idle", text=f"same content as {short_id(load.same_content_load_id)}")


def _at_least(names: Sequence[str], thing: str) -> str:
    """How many there are: of a load that is remembered, the first ones alone are known."""
    return f"{counted(len(names), thing)}{' or more' if len(names) == MOST_NAMES else ''}"
