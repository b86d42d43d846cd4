"""The lock's file: removed, replaced, no plain file, without rights, on a system without locks."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from tests.support.locking import PATIENT, other_process, refused, release, take

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.loading.warehouses.duckdb import lock as lock_module
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock


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
