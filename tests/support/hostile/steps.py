"""Death just before any step on the file system, in a child of ours."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from airflow_landing_loader.storage.local import files as local_files

_STEPS = {
    "open",
    "os.rename",
    "os.link",
    "os.remove",
    "os.mkdir",
    "os.rmdir",
    "os.utime",
    "os.chmod",
    "fcntl.flock",
}
_fork = multiprocessing.get_context("fork")


def killed_at(number: int, action: Callable[[], Any], about: str = "") -> bool:
    """Run ``action`` in a child that dies just before a step is done; whether it died.

    :param number: of the step, from 1.
    :param about: only steps count that have this text in one of their paths, and what is removed
        from an open folder, as its path is not told.
    """
    child = _fork.Process(target=_run_to_step, args=(action, number, about))
    child.start()
    child.join()
    assert child.exitcode in (0, -signal.SIGKILL)
    return child.exitcode != 0


def _run_to_step(action: Callable[[], Any], kill_at: int, about: str) -> None:
    count, running = 0, True

    def step(values: tuple[Any, ...], *, counts: bool = False) -> None:
        nonlocal count
        paths = [os.fsdecode(value) for value in values if isinstance(value, str | bytes)]
        if not counts and not any(about in path for path in paths or [""]):
            return
        count += running
        if count == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def audit(event: str, values: tuple[Any, ...]) -> None:
        if event in _STEPS:
            step(values, counts=event == "os.remove" and values[-1] != -1)

    real = local_files._renameat2
    if real is not None:

        def stepping(*values: Any) -> Any:
            step(values)
            return real(*values)

        local_files._renameat2 = stepping
    sys.addaudithook(audit)
    action()
    running = False
