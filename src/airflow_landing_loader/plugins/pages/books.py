"""What the books say, for pages that do without where a writer has them just now, or where they are
not on this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.plugins.pages.visits import Visit

_Answer = TypeVar("_Answer")

_NOT_TOLD = (ErrorCode.WAREHOUSE_LOCKED, ErrorCode.WAREHOUSE_ELSEWHERE)


def if_told(ask: Callable[[], _Answer]) -> _Answer | None:
    """The answer; ``None`` while a writer has the books, and where they are not here.

    :raises LandingError: they cannot be asked for another reason.
    """
    try:
        return ask()
    except TransientError as error:
        if error.code not in _NOT_TOLD:
            raise
        return None


def why_not_told(visit: Visit, what: str) -> str:
    """Why the books do not tell something, as a sentence.

    :param what: with its verb: ``layers are``.
    """
    if visit.overview.is_copy:
        return f"The database is not on this machine: {what} not known here."
    return f"A writer has the database now: {what} told afterwards."
