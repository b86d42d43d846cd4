"""What a person should know of a load though nothing failed, in words."""

from __future__ import annotations

from collections.abc import Sequence

from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.columns.drift import ColumnPlan
from airflow_landing_loader.loading.model import Load, short_id
from airflow_landing_loader.loading.reading.quality import LoadQuality, shown_score
from airflow_landing_loader.safe_text import counted

_NAMED = 20


def notes_of(
    validated: Validated,
    load: Load,
    plan: ColumnPlan | None = None,
    quality: LoadQuality | None = None,
) -> tuple[str, ...]:
    """Return one short sentence for each thing worth a look.

    :param plan: where the columns went; ``None``: an earlier try has loaded them.
    :param quality: what was counted, if it was now.
    """
    notes = []
    if validated.detected:
        notes.append(f"dialect detected: {validated.detected}")
    if skipped := validated.inspection.skipped_headers:
        notes.append(f"{counted(skipped, 'repeated header')} left out")
    if load.drift_columns:
        notes.append(f"new columns went to _extra: {_named(load.drift_columns)}")
    notes += [taken.sentence() for taken in (plan.taken if plan else ())[:_NAMED]]
    if plan is not None and plan.lacks_most:
        notes.append(
            f"more than half of the table's columns are missing: {len(load.missing_columns)}"
        )
    elif load.missing_columns:
        notes.append(f"missing columns are NULL: {_named(load.missing_columns)}")
    if load.rejected_count:
        notes.append(f"{counted(load.rejected_count, 'record')} rejected, see load_rejects")
    if load.quality_score is not None:
        notes.append(_quality(load.quality_score, quality))
    if load.restates_load_id:
        notes.append(f"restates load {short_id(load.restates_load_id)}")
    if load.same_content_load_id:
        notes.append(f"content equals load {short_id(load.same_content_load_id)} of another file")
    return tuple(notes)


def _quality(score: float, quality: LoadQuality | None) -> str:
    figures = f" ({quality.figures()})" if quality and quality.figures() else ""
    unknown = quality.unknown if quality else ()
    lacking = f"; neither file nor table has {_named(unknown)}" if unknown else ""
    return f"quality {shown_score(score)}{figures}{lacking}"


def _named(columns: Sequence[str]) -> str:
    """The first few names, and how many there are besides."""
    more = f" and {len(columns) - _NAMED} more" if len(columns) > _NAMED else ""
    return ", ".join(columns[:_NAMED]) + more
