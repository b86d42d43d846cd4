"""What all tables of somebody come to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Self

from airflow_landing_loader.monitoring.overview import LandingOverview
from airflow_landing_loader.plugins.pages import words
from airflow_landing_loader.plugins.pages.days import day_of
from airflow_landing_loader.plugins.pages.visits import total_open_failures


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Figures over tables.

    :param failures: deliveries that lie in failed.
    :param late: tables of which files are late, missing or wrong.
    :param waiting: files in landing that are going to be loaded; ``None``: it cannot be read.
    :param loaded_today: loads of this day (UTC); ``rows_today``: their rows.
    """

    failures: int
    late: int
    waiting: int | None
    loaded_today: int
    rows_today: int

    @classmethod
    def of(cls, overview: LandingOverview, today: date) -> Self:
        """The figures of an overview."""
        waiting = sum(state.landed.count(*words.WAITS) for state in overview.tables)
        days = [day_of(state.books, today) for state in overview.tables]
        return cls(
            failures=total_open_failures(overview.tables),
            late=sum(
                any(problem.kind in words.OF_WINDOWS for problem in state.problems)
                for state in overview.tables
            ),
            waiting=waiting if overview.landing_trouble is None else None,
            loaded_today=sum(day.loads for day in days if day is not None),
            rows_today=sum(day.rows for day in days if day is not None),
        )
