"""Worlds in parallel: processes that have everything imported and fork a child per loader."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from pathlib import Path

from chaos.model import Fault

_CONTEXT = get_context("spawn")
_MEMORY = Path("/dev/shm")


@dataclass(frozen=True, kw_only=True)
class Task:
    """A world to be tried; see :func:`chaos.worlds.make_world`.

    :param sabotage: name of a promise that the loaders break on purpose.
    """

    seed: int
    fault: Fault | None = None
    sabotage: str | None = None


class Workers:
    """A number of worker processes.

    :param count: how many.
    """

    def __init__(self, count: int) -> None:
        # One thread each: what is forked must not have others.
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        self._connections: list[Connection] = []
        for _ in range(count):
            ours, theirs = _CONTEXT.Pipe()
            _CONTEXT.Process(target=_serve, args=(theirs,), daemon=True).start()
            theirs.close()
            self._connections.append(ours)

    def results(self, tasks: Iterator[Task]) -> Iterator[object]:
        """Try worlds as long as there are tasks; yield each result as it comes.

        The next task is asked for only when a worker is free.

        :raises RuntimeError: a worker has died.
        """
        busy = [c for c in self._connections if _give(c, tasks)]
        while busy:
            for connection in wait(busy):
                assert isinstance(connection, Connection)
                try:
                    yield connection.recv()
                except EOFError:
                    raise RuntimeError("a worker has died; its words stand above") from None
                if not _give(connection, tasks):
                    busy.remove(connection)

    def close(self) -> None:
        """Let the workers end; none may be at work."""
        for connection in self._connections:
            connection.close()


def _give(connection: Connection, tasks: Iterator[Task]) -> bool:
    task = next(tasks, None)
    if task is not None:
        connection.send(task)
    return task is not None


def _serve(connection: Connection) -> None:
    # Imported here: the process that counts and prints needs none of it.
    from chaos.loader import warm_up
    from chaos.trial import try_world
    from chaos.worlds import make_world

    warm_up()
    gc.freeze()
    home = _MEMORY if os.access(_MEMORY, os.W_OK) else None
    with suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        while True:
            task: Task = connection.recv()
            with (
                tempfile.TemporaryDirectory(prefix="chaos-", dir=home) as one,
                tempfile.TemporaryDirectory(prefix="chaos-") as two,
            ):
                world = make_world(task.seed, task.fault)
                grounds = Path(one, "world"), Path(two, "world")
                result = try_world(world, *grounds, sabotage=task.sabotage)
            # Only now: whoever has the last result ends, and us with it.
            connection.send(result)
    # Not through the interpreter's end: what was frozen looks to extensions as if it had leaked.
    os._exit(0)
