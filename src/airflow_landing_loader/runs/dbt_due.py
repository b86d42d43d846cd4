"""Which tables' dbt is due, and from when on it may run."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_landing_loader.exceptions import ErrorCode, TerminalError, TransientError
from airflow_landing_loader.loading.model import DbtDue
from airflow_landing_loader.runs.holdback import LONG_PAUSE

if TYPE_CHECKING:
    from airflow_landing_loader.pipeline.pipeline import Pipeline


@dataclass(frozen=True, kw_only=True)
class DueTables:
    """Tables whose newest load dbt has not covered.

    :param now: those that dbt may run for.
    :param later: those that it failed for within the last ten minutes.
    """

    now: tuple[DbtDue, ...] = ()
    later: tuple[DbtDue, ...] = ()

    @property
    def not_before(self) -> datetime | None:
        """From when on dbt may run for all of them together; ``None``: it may now."""
        return max(map(again_at, self.later), default=None)


@dataclass(frozen=True, kw_only=True)
class Wake:
    """When a table's sensor wakes for dbt, as far as it is known.

    :param at: seconds since the epoch; ``None``: never. The past, at first: nobody was asked yet.
    :param trouble: why the warehouse could not be asked.
    """

    at: float | None = 0.0
    trouble: TransientError | None = None

    def asked_again(self, pipeline: Pipeline, now: float) -> Wake:
        """Ask the warehouse, if dbt may have become due since it was asked last.

        :param now: seconds since the epoch.
        """
        if self.at is None or self.at > now:
            return Wake(at=self.at)
        try:
            return Wake(at=min(map(due_at, all_due(pipeline)), default=None))
        except TransientError as error:
            return Wake(at=now + LONG_PAUSE, trouble=error)

    def is_due(self, now: float) -> bool:
        """Whether dbt may run."""
        return self.at is not None and self.at <= now


NEVER = Wake(at=None)


def all_due(pipeline: Pipeline) -> tuple[DbtDue, ...]:
    """The pipeline's tables whose newest load dbt has not covered.

    :raises TransientError: the warehouse cannot be read.
    """
    return pipeline.warehouse.dbt_due(sorted({m.table for m in pipeline.mappings}))


def due_tables(pipeline: Pipeline, now: float) -> DueTables:
    """:func:`all_due`, by whether dbt may run already: a failed attempt is not repeated at once.

    :param now: seconds since the epoch.
    :raises TransientError: the warehouse cannot be read.
    """
    due = all_due(pipeline)
    return DueTables(
        now=tuple(entry for entry in due if due_at(entry) <= now),
        later=tuple(entry for entry in due if due_at(entry) > now),
    )


def due_at(due: DbtDue) -> float:
    """From when on dbt may run for it, seconds since the epoch."""
    if due.last_attempt is None:
        return 0.0
    return due.last_attempt.replace(tzinfo=UTC).timestamp() + LONG_PAUSE


def again_at(due: DbtDue) -> datetime:
    """:func:`due_at` as people read it."""
    return datetime.fromtimestamp(due_at(due), UTC)


def may_be_due(loaded: Collection[object], lanes: Collection[object] | None) -> bool:
    """Whether a run has to ask for what is due: one without files asks no database.

    :param loaded: what it has loaded.
    :param lanes: what its sensor dealt out: none, if it woke for dbt; ``None``, if it was skipped.
    """
    return bool(loaded) or (lanes is not None and not lanes)


def dbt_failure(tasks: Sequence[str]) -> TerminalError:
    """The error of a run whose dbt failed.

    :param tasks: those of dbt that failed.
    """
    return TerminalError(
        ErrorCode.DBT_FAILED,
        f"dbt failed in {', '.join(tasks)}",
        hint="See the logs of these tasks; dbt runs again in ten minutes.",
    )
