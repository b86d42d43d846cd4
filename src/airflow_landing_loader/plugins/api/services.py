"""What endpoints read beside Airflow: the books."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from airflow_landing_loader.monitoring.executions import EmptyBooks, ExecutionBooks, QualityBooks


@dataclass(frozen=True)
class Books:
    """The books as endpoints ask them; in a thread of their own, as a warehouse takes its time."""

    executions: ExecutionBooks
    quality: QualityBooks


def no_books() -> Books:
    """Books in which nothing stands."""
    empty = EmptyBooks()
    return Books(executions=empty, quality=empty)


OpenBooks = Callable[[], Books]
"""Opens them for one request. May raise :class:`~airflow_landing_loader.exceptions.LandingError`:
the settings are read then, and not while Airflow starts."""


def _books(request: Request) -> Books:
    open_books: OpenBooks = request.app.state.open_books
    return open_books()


BooksDep = Annotated[Books, Depends(_books)]
