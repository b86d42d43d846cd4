"""Trouble of the surroundings, real where the machine allows it."""

from __future__ import annotations

import os
import select
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import duckdb

from chaos.child import Child
from chaos.ground import FILLER, Ground

_DISK = 16 * 1024 * 1024


class NotPossibleError(Exception):
    """This machine cannot bring the fault about: it takes root and mounts."""


@contextmanager
def own_disk(folder: Path) -> Iterator[None]:
    """Let ``folder``, which is empty, be a small file system of its own.

    :raises NotPossibleError: nothing can be mounted.
    """
    _call("mount", "-t", "tmpfs", "-o", f"size={_DISK}", "chaos", str(folder))
    try:
        yield
    finally:
        _call("umount", "-l", str(folder))


@contextmanager
def full_disk(folder: Path, room: int) -> Iterator[None]:
    """Fill the disk of ``folder`` up.

    :param folder: one that :func:`own_disk` has made a disk of.
    :param room: bytes that stay free.
    """
    filler = folder / FILLER
    status = os.statvfs(folder)
    with open(filler, "wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, max(status.f_bavail * status.f_frsize - room, 1))
    try:
        yield
    finally:
        filler.unlink()


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let the disk of ``folder`` be one that nobody can write to."""
    _call("mount", "-o", "remount,ro", str(folder))
    try:
        yield
    finally:
        _call("mount", "-o", "remount,rw", str(folder))


@contextmanager
def locked(ground: Ground) -> Iterator[None]:
    """Let another process have the database open, as a person with DuckDB's command line has."""
    ready, said = os.pipe()
    end, told = os.pipe()

    def hold() -> int:
        with duckdb.connect(str(ground.database)):
            os.write(said, b"x")
            os.close(told)
            os.read(end, 1)
        return 0

    holder = Child(hold, ground.log)
    try:
        select.select([ready], [], [], 60)
        yield
    finally:
        os.close(told)
        holder.wait()
        for descriptor in (ready, said, end):
            os.close(descriptor)


def disks(stack: ExitStack, ground: Ground) -> None:
    """Mount what the world's fault needs, for as long as ``stack`` is open.

    :raises NotPossibleError: nothing can be mounted.
    """
    if ground.world.fault == "database disk full":
        stack.enter_context(own_disk(ground.database.parent))
    if ground.world.fault in ("archive disk full", "read-only archive"):
        stack.enter_context(own_disk(ground.zones["archive"]))


def _call(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotPossibleError(done.stderr.strip())
