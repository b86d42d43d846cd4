"""Another time of day for one process: as where a machine's clock was set, or jumped."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Self

_LOADER = "airflow_landing_loader"
_real_time, _real_time_ns = time.time, time.time_ns


def shift(seconds: float) -> None:
    """Let the clock of this process, as the loader reads it, be ahead of the true one.

    :param seconds: negative: behind.
    """
    ahead = timedelta(seconds=seconds)
    time.time = lambda: _real_time() + seconds
    time.time_ns = lambda: _real_time_ns() + int(seconds * 1e9)

    class Shifted(datetime):
        """Tells a shifted time; else as its base."""

        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            told = datetime.now(UTC) + ahead
            local = told.astimezone(tz) if tz else told.astimezone().replace(tzinfo=None)
            return cls.fromisoformat(local.isoformat())

        @classmethod
        def __get_pydantic_core_schema__(cls, _: Any, handler: Any) -> Any:
            return handler(datetime)

    for name, module in list(sys.modules.items()):
        if name.startswith(_LOADER) and getattr(module, "datetime", None) is datetime:
            module.datetime = Shifted  # type: ignore[attr-defined]
