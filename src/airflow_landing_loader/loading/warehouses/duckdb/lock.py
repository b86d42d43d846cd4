"""The lock file beside a DuckDB database: one writer or many readers, and the holder has a name.

A DuckDB file takes one writing process; a second one fails at once with a message that does not say
what the first is doing. So everything of ours that opens the database takes ``<database>.lock``
first: loads and dbt exclusively, ``status`` and ``verify`` shared, each only while it works. Who
has to wait is told for whom.

It is ``flock`` on an ordinary file: the kernel lets go when the holder ends, however it ends, and
every acquisition opens the file anew, so that threads of one process exclude one another too. The
file is never deleted: deleting it would let two holders lock two different files of the same name.
``filelock`` would not do, as its plain lock has neither a shared mode nor a holder one can name.

Who waits, waits in ``<database>.queue.lock``: only one at a time tries for the lock itself, and
everybody has to pass there. So neither a loader that takes the lock again and again nor a stream of
readers can keep others waiting for ever.

The lock is advisory. It cannot keep out a person with the DuckDB command line; the warehouse waits
for those by DuckDB's own lock.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import socket
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.safe_text import printable

_FIRST_PAUSE = 0.01
_LONGEST_PAUSE = 0.05
_TELL_AFTER = 1.0
_TELL_EVERY = 30.0
_MAX_DESCRIPTION = 4096
_MAX_SHOWN = 200
_Open = Callable[[Path], int | None]
_FLAGS = os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO in its place must not hang us


@dataclass(frozen=True, kw_only=True)
class Holder:
    """Who holds the lock, as it described itself; all ``None`` if it did not (yet).

    :param pid: process id, as seen on ``host``.
    :param host: host name (a container's name where it runs in one).
    :param purpose: what it does, in a few words.
    :param since: since when it holds the lock, UTC.
    :param shared: whether it is a reader; else it is the one writer.
    """

    pid: int | None = None
    host: str | None = None
    purpose: str | None = None
    since: datetime | None = None
    shared: bool = False

    def text(self) -> str:
        """``pid 12 on host etl1 (load of raw_trades) since 2024-01-15 07:00:03 UTC``."""
        if self.pid is None or self.since is None:
            return "another process"
        return (
            f"pid {self.pid} on host {self.host} ({self.purpose})"
            f" since {self.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        )


class DatabaseLock:
    """The lock of one DuckDB database file.

    :param database: path of the database; it need not exist yet, its folder must. Symbolic links
        are resolved, so that two names of one database mean one lock.
    """

    def __init__(self, database: Path) -> None:
        # Not resolve(): before Python 3.13 it raises an error of its own for a link to itself.
        self.database = Path(os.path.realpath(database))
        self.path = self.database.with_name(self.database.name + ".lock")
        self.queue_path = self.database.with_name(self.database.name + ".queue.lock")

    @contextlib.contextmanager
    def exclusive(
        self, purpose: str, *, timeout: float, on_wait: Callable[[str], None] | None = None
    ) -> Iterator[int]:
        """Hold the database alone, for as long as the ``with`` block runs.

        :param purpose: what the holder does, in a few words; those who wait read it.
        :param timeout: seconds to wait at most, 0 or more; 0 tries once.
        :param on_wait: told one line that names the holder after a second of waiting, and about
            every 30 seconds; a shorter wait is nothing to tell.
        :return: the file descriptor of the lock. A child process that inherits it keeps the
            database locked until it has ended, even if this process is killed.
        :raises TransientError: ``WAREHOUSE_LOCKED`` when ``timeout`` has passed, naming the holder;
            ``WAREHOUSE_UNAVAILABLE`` when the lock file cannot be opened for writing or locked.
        """
        with self._held(_open_for_writer, fcntl.LOCK_EX, purpose, timeout, on_wait) as descriptor:
            if descriptor is None:
                raise AssertionError("a writer is never without a lock")
            yield descriptor

    @contextlib.contextmanager
    def shared(
        self, purpose: str, *, timeout: float, on_wait: Callable[[str], None] | None = None
    ) -> Iterator[None]:
        """Keep writers out while the ``with`` block runs; other readers may come in.

        A reader who may not write beside the database uses the lock file that is there. If there is
        none, or it may not be read either, it reads without a lock: DuckDB's own lock decides then,
        and a writer may have to wait for it without a name.

        :param purpose: as in :meth:`exclusive`.
        :param timeout: as in :meth:`exclusive`.
        :param on_wait: as in :meth:`exclusive`.
        :raises TransientError: as :meth:`exclusive`.
        """
        with self._held(_open_for_reader, fcntl.LOCK_SH, purpose, timeout, on_wait):
            yield

    def holder(self) -> Holder | None:
        """Who holds the database alone at this moment, without waiting; ``None`` if nobody does.

        Readers are not reported. ``None`` also when there is no lock file or it may not be read.
        """
        holder = self._seen_holder()
        return None if holder is None or holder.shared else holder

    @contextlib.contextmanager
    def _held(
        self,
        open_file: _Open,
        operation: int,
        purpose: str,
        timeout: float,
        on_wait: Callable[[str], None] | None,
    ) -> Iterator[int | None]:
        """Wait for the lock, describe ourselves in it, and let go at the end.

        Yields ``None`` if ``open_file`` says that there is nothing to lock.
        """
        with contextlib.ExitStack() as stack:
            descriptor = self._acquire(open_file, operation, Wait(timeout, on_wait))
            if descriptor is not None:
                stack.callback(_release, descriptor)
                shared = operation == fcntl.LOCK_SH
                me = Holder(
                    pid=os.getpid(),
                    host=socket.gethostname(),
                    purpose=printable(purpose, _MAX_SHOWN),
                    since=datetime.now(UTC),
                    shared=shared,
                )
                _write_description(descriptor, me)
                if not shared:
                    stack.callback(_write_description, descriptor, None)
            yield descriptor

    def _acquire(self, open_file: _Open, operation: int, wait: Wait) -> int | None:
        turn = self._poll(self.queue_path, open_file, fcntl.LOCK_EX, wait)
        try:
            return self._poll(self.path, open_file, operation, wait)
        finally:
            if turn is not None:
                _release(turn)

    def _poll(self, path: Path, open_file: _Open, operation: int, wait: Wait) -> int | None:
        # Without tenacity: the wait is one over both files, and a failure is told as it goes on.
        pause = _FIRST_PAUSE
        while True:
            descriptor = open_file(path)
            if descriptor is None or _locks(descriptor, operation, path):
                return descriptor
            os.close(descriptor)
            if wait.over:
                raise self._still_held(wait.seconds)
            wait.report(lambda: f"waiting for database {self.database}: {self._held_by()}")
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def _still_held(self, waited: float) -> TransientError:
        return TransientError(
            ErrorCode.WAREHOUSE_LOCKED,
            f"after {waited:.0f} s of waiting, database {self.database} is still {self._held_by()}",
            hint="Wait until it has ended, or end it; the lock frees itself when its holder ends.",
        )

    def _held_by(self) -> str:
        return f"held by {(self._seen_holder() or Holder()).text()}"

    def _seen_holder(self) -> Holder | None:
        """The writer, or else the reader that came last, or ``None`` if nobody can be named."""
        try:
            descriptor = os.open(self.path, os.O_RDONLY | _FLAGS)
        except OSError:
            return None
        try:
            held_alone = not _try(descriptor, fcntl.LOCK_SH)
            described = _read_description(descriptor)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        # A killed holder leaves its description behind: it counts only if it fits the lock.
        if described is not None and described.shared != held_alone:
            return described
        return Holder() if held_alone else None


class Wait:
    """How long somebody has waited, and when he was last told for whom.

    :param timeout: seconds to wait at most.
    :param on_wait: told for whom: after a second, and then every 30 seconds. Loaders that take the
        database in turns wait for one another a moment each time, which nobody needs to know.
    """

    def __init__(self, timeout: float, on_wait: Callable[[str], None] | None) -> None:
        self._started = time.monotonic()
        self._timeout = timeout
        self._on_wait = on_wait
        self._tell_at = _TELL_AFTER

    @property
    def seconds(self) -> float:
        """How long it has been."""
        return time.monotonic() - self._started

    @property
    def over(self) -> bool:
        """Whether it has been long enough."""
        return self.seconds >= self._timeout

    def report(self, line: Callable[[], str]) -> None:
        """Tell it, if it is time to."""
        if self._on_wait is not None and self.seconds >= self._tell_at:
            self._tell_at = self.seconds + _TELL_EVERY
            self._on_wait(line())


def _open_for_writer(path: Path) -> int:
    try:
        # As open to others as DuckDB makes the database itself: who may open one may lock it.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o666)
    except OSError as error:
        raise _unusable(path, error) from error
    return _regular(descriptor, path)


def _open_for_reader(path: Path) -> int | None:
    for flags in (os.O_RDWR | os.O_CREAT, os.O_RDONLY):
        try:
            descriptor = os.open(path, flags | _FLAGS, 0o666)
        except (PermissionError, FileNotFoundError):
            continue
        except OSError as error:
            if error.errno == errno.EROFS:
                continue
            raise _unusable(path, error) from error
        return _regular(descriptor, path)
    return None


def _regular(descriptor: int, path: Path) -> int:
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise _unusable(path, OSError(errno.EINVAL, "not a regular file"))


def _unusable(path: Path, error: OSError) -> TransientError:
    return TransientError(
        ErrorCode.WAREHOUSE_UNAVAILABLE,
        f"the lock file {path} cannot be used: {error.strerror}",
        hint="The folder of the database must exist, be writable and lie on a file system that has"
        " file locks; the lock file must be a regular file.",
    )


def _locks(descriptor: int, operation: int, path: Path) -> bool:
    """Try once. A lock on a file that no longer has the name is none: somebody replaced it."""
    try:
        return _try(descriptor, operation) and _same_file(descriptor, path)
    except OSError as error:
        os.close(descriptor)
        raise _unusable(path, error) from error


def _release(descriptor: int) -> None:
    # By name: closing alone would leave it locked while a forked child lives.
    fcntl.flock(descriptor, fcntl.LOCK_UN)
    os.close(descriptor)


def _try(descriptor: int, operation: int) -> bool:
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _same_file(descriptor: int, path: Path) -> bool:
    try:
        named = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(descriptor))


def _write_description(descriptor: int, holder: Holder | None) -> None:
    """Describe the holder in the file, or nobody. It helps people only, so it may fail in silence:
    a reader may lack the right to write, the disk may be full."""
    text = b""
    if holder is not None:
        fields = asdict(holder) | {"since": holder.since and holder.since.isoformat()}
        text = json.dumps(fields).encode()
    with contextlib.suppress(OSError):
        os.pwrite(descriptor, text, 0)
        os.ftruncate(descriptor, len(text))


def _read_description(descriptor: int) -> Holder | None:
    """What the file says; ``None`` if it is empty or half written. Anybody may have written it."""
    try:
        fields = json.loads(os.pread(descriptor, _MAX_DESCRIPTION, 0))
        return Holder(
            pid=int(fields["pid"]),
            host=printable(str(fields["host"]), _MAX_SHOWN),
            purpose=printable(str(fields["purpose"]), _MAX_SHOWN),
            since=datetime.fromisoformat(fields["since"]),
            shared=bool(fields["shared"]),
        )
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return None
