"""Runs a command and says how long it took and how much memory its whole process tree held."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

_SAMPLE_SECONDS = 0.05


@dataclass(frozen=True)
class Measured:
    """One run.

    :param seconds: wall time of the whole process.
    :param peak_bytes: the highest sum of resident memory of the process tree.
    :param output: what it printed.
    :param cpu_seconds: of all its processes that have ended, on all cores.
    """

    seconds: float
    peak_bytes: int
    output: str
    cpu_seconds: float


def measure(
    command: Sequence[str],
    environ: Mapping[str, str] | None = None,
    *,
    accepted: Collection[int] = (0,),
) -> Measured:
    """Run a command to its end.

    :param accepted: exit codes that are no failure.
    :raises subprocess.CalledProcessError: it failed; its output is in the error.
    """
    cpu, started = _cpu_seconds(), time.perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ
    )
    sampler = _Sampler(process.pid)
    sampler.start()
    output, _ = process.communicate()
    seconds, cpu = time.perf_counter() - started, _cpu_seconds() - cpu
    sampler.stop()
    if process.returncode not in accepted:
        raise subprocess.CalledProcessError(process.returncode, command, output)
    return Measured(seconds, sampler.peak, output, cpu)


def _cpu_seconds() -> float:
    """Of all children that have ended until now."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def warm(files: Iterable[Path]) -> None:
    """Have the files in the page cache, and nothing of earlier runs waiting to be written."""
    os.sync()
    for file in files:
        with file.open("rb") as opened:
            while opened.read(1 << 20):
                pass


def cool(files: Iterable[Path]) -> None:
    """Have the files out of the page cache, and nothing of earlier runs waiting to be written."""
    os.sync()  # only what is written may be dropped
    for file in files:
        with file.open("rb") as opened:
            os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


class _Sampler(threading.Thread):
    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.peak = 0
        self._root = psutil.Process(pid)
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(_SAMPLE_SECONDS):
            self.peak = max(self.peak, self._resident())

    def stop(self) -> None:
        self._done.set()
        self.join()

    def _resident(self) -> int:
        total = 0
        try:
            processes = [self._root, *self._root.children(recursive=True)]
        except psutil.Error:
            return 0
        for process in processes:
            try:
                total += process.memory_info().rss
            except psutil.Error:
                continue
        return total
