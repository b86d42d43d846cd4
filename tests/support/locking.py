"""The lock of a database, held by other processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from airflow_landing_loader.exceptions import TransientError
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

PATIENT = 60.0  # seconds; only a broken lock ever waits so long

HOLD = """
import sys
from pathlib import Path
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
mode, database, purpose = sys.argv[1:]
with getattr(DatabaseLock(Path(database)), mode)(purpose, timeout=60):
    print("held", flush=True)
    sys.stdin.readline()
print("released", flush=True)
"""
"""A program that holds the lock until it is told something: ``MODE DATABASE PURPOSE``."""


@contextmanager
def other_process(mode: str, database: Path, purpose: str = "a load") -> Iterator[subprocess.Popen]:
    """Another process that holds the lock; it is killed in the end.

    :param mode: ``exclusive`` or ``shared``.
    """
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, mode, str(database), purpose],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def release(process: subprocess.Popen) -> None:
    """Let the other process let go."""
    assert process.communicate("\n", timeout=PATIENT)[0] == "released\n"


def refused(call: Callable[[], object]) -> TransientError:
    """The error of a call that must fail with one that may go away."""
    with pytest.raises(TransientError) as caught:
        call()
    return caught.value


def take(lock: DatabaseLock, mode: str, **options: object) -> None:
    """Take the lock for a moment, at once unless the options have a timeout.

    :param mode: ``exclusive`` or ``shared``.
    """
    with getattr(lock, mode)("a test", **{"timeout": 0, **options}):
        pass
