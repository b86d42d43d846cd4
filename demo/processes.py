"""Processes of our own: started in sessions of their own, stopped without leaving one behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

import psutil

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_MARK = "LANDING_LOADER_STARTED_BY"
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_unheard: list[int] = []


class Interrupted(BaseException):
    """A person or a supervisor asked us to stop.

    :param number: the signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code = 128 + number


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Turn SIGINT, SIGTERM and SIGHUP into :class:`Interrupted`. Main thread only.

    What waits in it calls :func:`raise_if_interrupted` at each look.
    """

    def interrupt(number: int, _frame: FrameType | None) -> None:
        # Once is enough: what follows is the clean-up, which has its own time limit.
        for each in _SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        _unheard.append(number)
        raise Interrupted(number)

    before = {number: signal.signal(number, interrupt) for number in _SIGNALS}
    try:
        yield
        raise_if_interrupted()
    finally:
        _unheard.clear()
        for number, handler in before.items():
            signal.signal(number, handler)


def raise_if_interrupted() -> None:
    """Raise again what a signal has raised where Python ignores exceptions, as in a ``__del__``.

    :raises Interrupted: a signal came since :func:`interruptible` began.
    """
    if _unheard:
        raise Interrupted(_unheard[0])


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Ignore the signals of :func:`interruptible`, for a clean-up that ends by itself."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Processes:
    """A set of child processes and everything that they start in turn.

    Airflow's components start workers, supervisors and task processes, some in process groups of
    their own. Whatever lives in one of our sessions or carries our mark in its environment is ours.
    """

    def __init__(self) -> None:
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self._mark = secrets.token_hex(16)

    def start(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        folder: Path,
    ) -> subprocess.Popen[bytes]:
        """Start a process in a session of its own.

        :param name: what :meth:`ended` calls it.
        :param environment: its whole environment.
        :param log: file that its output is appended to.
        :param folder: its working directory.
        """
        # SPT_NOENV: a process that renames itself must not overwrite the environment we look for.
        marked = {**environment, _MARK: self._mark, "SPT_NOENV": "1"}
        with log.open("ab") as output:
            child = subprocess.Popen(
                command,
                env=marked,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self._children[name] = child
        return child

    def ended(self) -> dict[str, int]:
        """Exit codes of the children that have ended, by name."""
        codes = {name: child.poll() for name, child in self._children.items()}
        return {name: code for name, code in codes.items() if code is not None}

    def living(self) -> list[psutil.Process]:
        """Every process of ours that is alive, the children's children too."""
        sessions = {child.pid for child in self._children.values()}
        return [p for p in psutil.process_iter() if _alive(p) and self._is_ours(p, sessions)]

    def stop(self, *, patience: float = 10.0) -> list[int]:
        """Stop everything: first as a person would, then by force.

        :param patience: seconds until force.
        :return: ids of processes that are alive even so; empty unless the system is in trouble.
        """
        for child in self._children.values():
            if child.poll() is None:
                child.terminate()
        self._wait(patience)
        for number, seconds in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
            for process in self.living():
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.send_signal(number)
            self._wait(seconds)
        for child in self._children.values():
            child.poll()
        return [process.pid for process in self.living()]

    def _wait(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.living():
            self.ended()
            time.sleep(0.1)

    def _is_ours(self, process: psutil.Process, sessions: set[int]) -> bool:
        try:
            if os.getsid(process.pid) in sessions:
                return True
            return bool(process.environ().get(_MARK) == self._mark)
        except (OSError, psutil.Error):
            return False


def _alive(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.Error:
        return False


def _die_with_parent() -> None:
    """Ask Linux to end this child if we are killed, when nothing of ours can run any more."""
    if _LIBC is not None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
