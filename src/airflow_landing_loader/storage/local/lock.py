"""One mover at a time chooses and takes names in a zone."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from airflow_landing_loader.exceptions import ErrorCode, TransientError, shown
from airflow_landing_loader.storage.local.files import make_work_folder, require_no_link
from airflow_landing_loader.storage.names import WORK_FOLDER

LOCK_TIMEOUT = 60.0
"""Seconds a mover waits for another one; a move holds the lock for milliseconds."""
_PAUSE = 0.002


@contextmanager
def exclusive(zone: str, *, timeout: float = LOCK_TIMEOUT) -> Iterator[str]:
    """Only one mover at a time chooses and takes names in a zone; yields its work folder.

    The lock is the kernel's and dies with its process.

    :param zone: absolute path of the zone.
    :param timeout: seconds to wait for another mover.
    :raises TransientError: ``ZONE_UNWRITABLE``, the lock is held for longer.
    :raises OSError: the zone cannot be written.
    """
    work = f"{zone}/{WORK_FOLDER}"
    path = f"{work}/lock"
    descriptor = _open_lock(zone, work, path)
    try:
        _wait_for_lock(descriptor, path, timeout)
        try:
            yield work
        finally:
            # Explicit: a child forked meanwhile holds a copy of the descriptor.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _open_lock(zone: str, work: str, path: str) -> int:
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC
    with suppress(FileNotFoundError):
        require_no_link(work)
        return os.open(path, flags)
    mode = make_work_folder(zone)
    descriptor = os.open(path, flags | os.O_CREAT, mode & 0o666)
    with suppress(PermissionError):
        os.fchmod(descriptor, mode & 0o666)
    return descriptor


def _wait_for_lock(descriptor: int, path: str, timeout: float) -> None:
    with suppress(BlockingIOError):  # mostly nobody has it, and nothing has to be set up for it
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    attempts = Retrying(
        retry=retry_if_exception_type(BlockingIOError),
        stop=stop_after_delay(timeout),
        wait=wait_fixed(_PAUSE),
        reraise=True,
    )
    try:
        attempts(fcntl.flock, descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise TransientError(
            ErrorCode.ZONE_UNWRITABLE,
            f"Another process holds {shown(path)}.",
            hint="Wait for it to finish, or see with `fuser` which process hangs.",
        ) from error
