"""What the books say, for pages that do without where a writer has them just now."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from airflow_landing_loader.exceptions import ErrorCode, TransientError

_Answer = TypeVar("_Answer")


def unless_busy(ask: Callable[[], _Answer]) -> _Answer | None:
    """The answer; ``None`` while a writer has the books.

    :raises LandingError: they cannot be asked for another reason.
    """
    try:
        return ask()
    except TransientError as error:
        if error.code is not ErrorCode.WAREHOUSE_LOCKED:
            raise
        return None
