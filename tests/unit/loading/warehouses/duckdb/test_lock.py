from __future__ import annotations

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.warehouses.duckdb import lock as lock_module
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock, Holder

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

COUNT_UP = """
import sys
from pathlib import Path
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
database, counter, times = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
for _ in range(times):
    with DatabaseLock(database).exclusive("counting", timeout=60):
        counter.write_text(str(int(counter.read_text()) + 1))
"""

HOG = """
import sys
from pathlib import Path
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
database, done = map(Path, sys.argv[1:])
while not done.exists():
    with DatabaseLock(database).exclusive("hogging", timeout=60):
        sum(range(100_000))
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


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "dev.duckdb"


@contextmanager
def other_process(mode: str, database: Path, purpose: str = "a load") -> Iterator[subprocess.Popen]:
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
    assert process.communicate("\n", timeout=PATIENT)[0] == "released\n"


def refused(call: Callable[[], object]) -> TransientError:
    with pytest.raises(TransientError) as caught:
        call()
    return caught.value


def take(lock: DatabaseLock, mode: str, **options: object) -> None:
    with getattr(lock, mode)("a test", **{"timeout": 0, **options}):
        pass


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


def test_killed_holder_frees_the_lock_and_is_no_longer_named(database: Path) -> None:
    with other_process("exclusive", database) as process:
        holder = DatabaseLock(database).holder()
        assert holder is not None
        assert (holder.pid, holder.purpose, holder.shared) == (process.pid, "a load", False)
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=PATIENT)
    lock = DatabaseLock(database)
    assert lock.path.read_bytes()  # the killed one could not clean up
    assert lock.holder() is None
    take(lock, "exclusive")
    assert lock.path.read_bytes() == b""


def test_description_left_by_a_killed_writer_is_not_taken_for_a_reader(database: Path) -> None:
    with other_process("exclusive", database) as process:
        process.kill()
        process.wait(timeout=PATIENT)
    lock = DatabaseLock(database)
    stale = lock.path.read_bytes()
    with other_process("shared", database):
        lock.path.write_bytes(stale)
        assert "held by another process" in refused(lambda: take(lock, "exclusive")).detail.message


def test_readers_are_not_holders(database: Path) -> None:
    with other_process("shared", database):
        assert DatabaseLock(database).holder() is None


def test_nobody_holds_a_lock_that_was_never_taken(database: Path) -> None:
    lock = DatabaseLock(database)
    assert lock.holder() is None
    assert not lock.path.exists()


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


def test_the_lock_file_survives_and_is_as_open_as_the_umask_lets(database: Path) -> None:
    previous = os.umask(0o027)
    try:
        take(DatabaseLock(database), "exclusive")
    finally:
        os.umask(previous)
    assert DatabaseLock(database).path.stat().st_mode & 0o777 == 0o640


def test_a_lock_file_that_somebody_removed_is_made_anew(database: Path) -> None:
    lock = DatabaseLock(database)
    with other_process("exclusive", database) as process:

        def on_wait(_: str) -> None:
            lock.path.unlink()
            release(process)

        take(lock, "exclusive", timeout=PATIENT, on_wait=on_wait)
    assert lock.path.exists()


def test_a_lock_on_a_replaced_file_is_none(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = DatabaseLock(database)
    original = lock_module._open_for_writer
    opened: list[int] = []

    def open_and_replace(path: Path) -> int:
        descriptor = original(path)
        if path == lock.path:
            if not opened:
                path.unlink()
            opened.append(descriptor)
        return descriptor

    monkeypatch.setattr(lock_module, "_open_for_writer", open_and_replace)
    with lock.exclusive("a test", timeout=PATIENT) as descriptor:
        assert len(opened) == 2
        assert os.path.samestat(os.fstat(descriptor), lock.path.stat())


def test_two_names_of_one_database_are_one_lock(tmp_path: Path, database: Path) -> None:
    database.touch()
    alias = tmp_path / "alias.duckdb"
    alias.symlink_to(database)
    with other_process("exclusive", database):
        assert refused(lambda: take(DatabaseLock(alias), "exclusive")).code is (
            ErrorCode.WAREHOUSE_LOCKED
        )


@pytest.mark.parametrize("mode", ["exclusive", "shared"])
def test_a_link_in_place_of_the_lock_file_is_not_followed(database: Path, mode: str) -> None:
    target = database.with_name("precious")
    target.write_text("precious")
    DatabaseLock(database).path.symlink_to(target)
    error = refused(lambda: take(DatabaseLock(database), mode))
    assert error.code is ErrorCode.WAREHOUSE_UNAVAILABLE
    assert target.read_text() == "precious"


@pytest.mark.parametrize("mode", ["exclusive", "shared"])
def test_a_fifo_in_place_of_the_lock_file_hangs_nobody(database: Path, mode: str) -> None:
    lock = DatabaseLock(database)
    os.mkfifo(lock.path)
    assert refused(lambda: take(lock, mode)).code is ErrorCode.WAREHOUSE_UNAVAILABLE
    assert lock.holder() is None


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    lock = DatabaseLock(tmp_path / "absent" / "dev.duckdb")
    error = refused(lambda: take(lock, "exclusive"))
    assert error.code is ErrorCode.WAREHOUSE_UNAVAILABLE
    assert str(lock.database) in error.detail.message
    take(lock, "shared")  # nothing to protect


def test_a_file_system_without_locks_is_named(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_locks(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(lock_module.fcntl, "flock", no_locks)
    for mode in ("exclusive", "shared"):
        error = refused(lambda mode=mode: take(DatabaseLock(database), mode))
        assert error.code is ErrorCode.WAREHOUSE_UNAVAILABLE
        assert "not supported" in error.detail.message
    assert DatabaseLock(database).holder() is None


@contextmanager
def without_rights(monkeypatch: pytest.MonkeyPatch, *, can_read: bool) -> Iterator[None]:
    """As if we were not root: a real read-only folder does not stop root."""
    original = os.open

    def restricted(path: object, flags: int, *rest: int) -> int:
        if str(path).endswith(".lock") and (flags & os.O_RDWR or not can_read):
            raise PermissionError(13, "Permission denied", str(path))
        return original(path, flags, *rest)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(os, "open", restricted)
        yield


def test_a_reader_without_write_permission_still_waits_for_the_writer(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = DatabaseLock(database)
    with other_process("exclusive", database) as process, ExitStack() as reading:
        with without_rights(monkeypatch, can_read=True):
            assert f"pid {process.pid}" in refused(lambda: take(lock, "shared")).detail.message
            release(process)
            reading.enter_context(lock.shared("a test", timeout=0))
        assert refused(lambda: take(lock, "exclusive")).code is ErrorCode.WAREHOUSE_LOCKED


def test_a_reader_without_any_right_reads_without_a_lock(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with other_process("exclusive", database), without_rights(monkeypatch, can_read=False):
        take(DatabaseLock(database), "shared")
        assert refused(lambda: take(DatabaseLock(database), "exclusive")).code is (
            ErrorCode.WAREHOUSE_UNAVAILABLE
        )
        assert DatabaseLock(database).holder() is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 5000,
        b'{"pid": 1e999, "host": "", "purpose": "", "since": "2024-01-15", "shared": false}',
        b'{"pid": 1, "host": "", "purpose": "", "since": "yesterday", "shared": false}',
        json.dumps({"pid": 1}).encode(),
    ],
)
def test_a_spoilt_description_is_another_process(database: Path, content: bytes) -> None:
    lock = DatabaseLock(database)
    with other_process("exclusive", database):
        lock.path.write_bytes(content)
        assert lock.holder() == Holder()
        assert "held by another process" in refused(lambda: take(lock, "exclusive")).detail.message


def test_a_hostile_purpose_is_one_short_printable_line(database: Path) -> None:
    purpose = 'load "a\n\x1b[31mb".csv ' + "x" * 9000
    with DatabaseLock(database).exclusive(purpose, timeout=0):
        holder = DatabaseLock(database).holder()
        assert holder is not None
        assert holder.purpose is not None
        assert holder.purpose.startswith('load "a\ufffd\ufffd[31mb".csv xxx')
        assert len(holder.purpose) == 200
        assert holder.text().isprintable()
