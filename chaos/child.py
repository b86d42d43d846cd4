"""Forked children: started in milliseconds since everything is imported, and killed at will."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

LONGEST = 120.0
"""Seconds after which a child is taken to hang."""


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a child ended.

    :param killed: whether by SIGKILL.
    :param code: its exit code; ``None`` if a signal has ended it.
    :param hung: whether it was killed because it took longer than :data:`LONGEST`.
    """

    killed: bool
    code: int | None
    seconds: float
    hung: bool = False


class Child:
    """A process that does one job.

    :param job: returns the exit code.
    :param log: what it prints goes there.
    :param prepare: called in the child first.
    """

    def __init__(
        self, job: Callable[[], int], log: Path, prepare: Callable[[], None] | None = None
    ) -> None:
        self._started = time.monotonic()
        self.pid = os.fork()
        if self.pid == 0:
            _work(job, log, prepare)
        self._handle = os.pidfd_open(self.pid)

    def wait(self, kill_after: float | None = None) -> Ended:
        """Wait for its end, and bring it about.

        :param kill_after: seconds from its start after which it is killed.
        """
        longest = LONGEST if kill_after is None else kill_after
        left = self._started + longest - time.monotonic()
        in_time = select.select([self._handle], [], [], max(left, 0.0))[0]
        if not in_time:
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        os.close(self._handle)
        signalled = os.WIFSIGNALED(status)
        return Ended(
            killed=signalled and os.WTERMSIG(status) == signal.SIGKILL,
            code=None if signalled else os.WEXITSTATUS(status),
            seconds=time.monotonic() - self._started,
            hung=not in_time and kill_after is None,
        )


def _work(job: Callable[[], int], log: Path, prepare: Callable[[], None] | None) -> None:
    code = 99
    try:
        output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(output, 1)
        os.dup2(output, 2)
        if prepare is not None:
            prepare()
        code = job()
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
