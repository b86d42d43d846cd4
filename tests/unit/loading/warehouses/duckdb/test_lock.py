"""The lock keeps apart what must not meet, in processes, threads and children."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.support.locking import PATIENT, other_process, refused, release, take

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

COUNT_UP = """
import sys
from pathlib import Path
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
database, counter, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
for _ in range(times):
    with DatabaseLock(database).exclusive("counting", timeout=60):
        counter.write_text(str(int(counter.read_text()) + 1))
"""

SPAWN_CHILD = """
import os, subprocess, sys
from pathlib import Path
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
with DatabaseLock(Path(sys.argv[1])).exclusive("parent of a writer", timeout=60) as descriptor:
    child = subprocess.Popen(["sleep", "60"], pass_fds=(descriptor,), stdout=subprocess.DEVNULL)
    print(child.pid, flush=True)
    child.wait()
"""


@pytest.mark.parametrize(
    ("held", "wanted", "free"),
    [
        ("exclusive", "exclusive", False),
        ("exclusive", "shared", False),
        ("shared", "exclusive", False),
        ("shared", "shared", True),
    ],
)
def test_modes_between_processes(database: Path, held: str, wanted: str, free: bool) -> None:
    with other_process(held, database) as process:
        if free:
            take(DatabaseLock(database), wanted)
        else:
            error = refused(lambda: take(DatabaseLock(database), wanted))
            assert error.code is ErrorCode.WAREHOUSE_LOCKED
            assert f"pid {process.pid} on host" in error.detail.message
            assert "(a load) since 2" in error.detail.message
            assert error.detail.hint
        release(process)
    take(DatabaseLock(database), wanted)


def test_writers_in_many_processes_exclude_one_another(database: Path, tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")
    arguments = [sys.executable, "-c", COUNT_UP, str(database), str(counter), "40"]
    processes = [subprocess.Popen(arguments) for _ in range(4)]
    assert [p.wait(timeout=PATIENT) for p in processes] == [0] * 4
    assert counter.read_text() == "160"


def test_threads_of_one_process_exclude_one_another(database: Path) -> None:
    inside = 0
    most = 0

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with DatabaseLock(database).exclusive("a thread", timeout=PATIENT):
                inside += 1
                most = max(most, inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_an_error_inside_lets_go(database: Path) -> None:
    lock = DatabaseLock(database)
    for mode in ("exclusive", "shared"):
        with pytest.raises(ZeroDivisionError), getattr(lock, mode)("a test", timeout=0):
            raise ZeroDivisionError
        take(lock, "exclusive")
    assert lock.holder() is None


def test_no_file_descriptor_stays_open(database: Path) -> None:
    lock = DatabaseLock(database)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with other_process("exclusive", database) as process:
        for mode in ("exclusive", "shared"):
            refused(lambda mode=mode: take(lock, mode))
        lock.holder()
        release(process)
    take(lock, "exclusive")
    take(lock, "shared")
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_child_that_inherits_the_descriptor_keeps_the_lock(database: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", SPAWN_CHILD, str(database)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    try:
        parent.kill()
        parent.wait(timeout=PATIENT)
        error = refused(lambda: take(DatabaseLock(database), "exclusive"))
        assert f"pid {parent.pid}" in error.detail.message
    finally:
        os.kill(child, signal.SIGKILL)
        parent.stdout.close()
    take(DatabaseLock(database), "exclusive", timeout=PATIENT)


def test_the_descriptor_does_not_leak_into_other_children(database: Path) -> None:
    with DatabaseLock(database).exclusive("a test", timeout=0) as descriptor:
        assert not os.get_inheritable(descriptor)


def test_two_names_of_one_database_are_one_lock(tmp_path: Path, database: Path) -> None:
    database.touch()
    alias = tmp_path / "alias.duckdb"
    alias.symlink_to(database)
    with other_process("exclusive", database):
        assert refused(lambda: take(DatabaseLock(alias), "exclusive")).code is (
            ErrorCode.WAREHOUSE_LOCKED
        )
