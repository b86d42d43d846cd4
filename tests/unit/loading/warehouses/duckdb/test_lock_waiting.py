"""Who waits for the lock gets it in the end, or is told who has it."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.support.locking import HOLD, PATIENT, other_process, refused, release, take

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.loading.warehouses.duckdb import lock as lock_module
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

HOG = """
import sys
from pathlib import Path
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
database, done = map(Path, sys.argv[1:])
while not done.exists():
    with DatabaseLock(database).exclusive("hogging", timeout=60):
        sum(range(100_000))
"""


def test_who_takes_it_again_and_again_starves_nobody(database: Path, tmp_path: Path) -> None:
    done = tmp_path / "done"
    hogs = [subprocess.Popen([sys.executable, "-c", HOG, str(database), str(done)]) for _ in "12"]
    try:
        for mode in ("exclusive", "shared") * 10:
            take(DatabaseLock(database), mode, timeout=PATIENT)
    finally:
        done.touch()
    assert [hog.wait(timeout=PATIENT) for hog in hogs] == [0, 0]


def test_readers_coming_and_going_let_a_writer_in(database: Path) -> None:
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            with DatabaseLock(database).shared("a reader", timeout=PATIENT):
                stop.wait(0.01)  # long enough that they overlap

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    try:
        for _ in range(5):
            take(DatabaseLock(database), "exclusive", timeout=PATIENT)
    finally:
        stop.set()
        for reader in readers:
            reader.join()


def test_a_killed_waiter_leaves_its_place(database: Path) -> None:
    with other_process("exclusive", database) as holder:
        waiter = subprocess.Popen([sys.executable, "-c", HOLD, "exclusive", str(database), "b"])
        lock = DatabaseLock(database)
        while lock.queue_path.exists() and _free(lock.queue_path):
            pass
        waiter.kill()
        waiter.wait()
        release(holder)
    take(lock, "exclusive")


def _free(path: Path) -> bool:
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_a_waiter_is_told_at_once_and_again_and_gets_the_lock(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock_module, "_TELL_AFTER", 0.0)
    monkeypatch.setattr(lock_module, "_TELL_EVERY", 0.05)
    lines: list[str] = []
    with other_process("exclusive", database) as process:

        def on_wait(line: str) -> None:
            lines.append(line)
            if len(lines) == 3:
                release(process)

        take(DatabaseLock(database), "exclusive", timeout=PATIENT, on_wait=on_wait)
    assert len(lines) >= 3
    assert f"held by pid {process.pid} on host" in lines[0]
    assert str(database) in lines[0]


def test_a_moment_of_waiting_is_not_told(database: Path) -> None:
    lines: list[str] = []
    with other_process("exclusive", database):
        refused(
            lambda: take(DatabaseLock(database), "exclusive", timeout=0.2, on_wait=lines.append)
        )
    assert lines == []


def test_a_wait_is_told_once_however_often_it_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(lock_module.time, "monotonic", lambda: clock[0])
    lines: list[str] = []
    wait = lock_module.Wait(300, lines.append)
    for clock[0] in (0.0, 0.5, 0.99, 1.0, 1.5, 2.0, 30.9, 31.0, 60.9):
        wait.report(lambda: f"{clock[0]:g}")
    assert lines == ["1", "31"]


def test_no_waiting_no_report(database: Path) -> None:
    lines: list[str] = []
    take(DatabaseLock(database), "exclusive", on_wait=lines.append)
    assert lines == []


def test_timeout_raises_after_waiting(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_module, "_TELL_AFTER", 0.0)
    lines: list[str] = []
    with other_process("exclusive", database):
        error = refused(
            lambda: take(DatabaseLock(database), "exclusive", timeout=0.2, on_wait=lines.append)
        )
    assert error.code is ErrorCode.WAREHOUSE_LOCKED
    assert len(lines) == 1
