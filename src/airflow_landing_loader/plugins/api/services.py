"""What endpoints read beside Airflow: the books."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Protocol, Self

from fastapi import Depends, Request

from airflow_landing_loader.loading.operations import ExecutionRecord
from airflow_landing_loader.monitoring.monitor import Monitor
from airflow_landing_loader.monitoring.quality import KeptQuality, QualityBooks


class ExecutionBooks(Protocol):
    """The books' page on executions. It may take as long as the warehouse does.

    Raises :class:`~airflow_landing_loader.exceptions.LandingError`.
    """

    def executions(self, execution_ids: Sequence[str]) -> Sequence[ExecutionRecord]:
        """The runs and layers of executions; those that the books do not have are left out.

        :param execution_ids: at most 500.
        """
        ...


@dataclass(frozen=True)
class Books:
    """The books as endpoints ask them; in a thread of their own, as a warehouse takes its time."""

    executions: ExecutionBooks
    quality: QualityBooks

    @classmethod
    def of(cls, monitor: Monitor) -> Self:
        """Those of the installation that a monitor looks at."""
        return cls(executions=monitor.history, quality=KeptQuality(monitor.history))


OpenBooks = Callable[[], Books]
"""Opens them for one request. May raise :class:`~airflow_landing_loader.exceptions.LandingError`:
the settings are read then, and not while Airflow starts."""


def _books(request: Request) -> Books:
    """No coroutine, so that it runs in a thread: settings are read, and clients opened."""
    open_books: OpenBooks = request.app.state.open_books
    return open_books()


BooksDep = Annotated[Books, Depends(_books)]
