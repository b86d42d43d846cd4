"""Who has the lock, as its file says; the file is believed in nothing else."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import pytest
from tests.support.locking import PATIENT, other_process, refused, take

from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock, Holder


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
