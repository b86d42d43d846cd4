"""What takes files out of the failed zone dies at one of its steps, in a child of ours."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from airflow_landing_loader.loading.warehouses.duckdb import DuckDBWarehouse
from airflow_landing_loader.storage.local.folder import LocalFolder
from tests.support.moving import fork

_FOLDER = ("bring", "write", "discard", "remove", "let_stand_for", "renewed")
_BOOKS = ("mark_replayed", "mark_discarded")
MOST_STEPS = 60


def killed(work: Callable[[], Any], number: int, *, after: bool) -> bool:
    """Do work in a process that dies before or after its step of this number; whether it had so
    many."""

    def dying() -> None:
        _die_at(number, after=after)
        work()

    child = fork.Process(target=dying)
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def _die_at(number: int, *, after: bool) -> None:
    made = 0

    def dying(method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **keys: Any) -> Any:
            nonlocal made
            made += 1
            last = made == number  # within it there may be others
            if last and not after:
                os.kill(os.getpid(), signal.SIGKILL)
            result = method(*arguments, **keys)
            if last:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        return call

    for owner, names in ((LocalFolder, _FOLDER), (DuckDBWarehouse, _BOOKS)):
        for name in names:
            setattr(owner, name, dying(getattr(owner, name)))
