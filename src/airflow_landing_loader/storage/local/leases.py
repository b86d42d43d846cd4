"""Whether somebody has a file open for writing: asked of the kernel, by a lease.

A read lease is only granted on a file that nobody has open for writing. It is given back at once;
it is asked for, not held.

The kernel answers for this host and for the files of the loader's own user (with ``CAP_LEASE``, as
root has it, for all). Where it does not answer, as on NFS, nothing is known, and the age of a file
has to be enough.
"""

from __future__ import annotations

import errno
import fcntl
import os
import signal
from functools import lru_cache
from pathlib import Path

# Their drivers refuse every lease of a file that the server has not promised to this host alone.
_REFUSE_ALWAYS = frozenset({"cifs", "smb3", "smbfs"})
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def is_open_for_writing(path: str) -> bool:
    """Whether somebody has the regular file at ``path`` open for writing; ``False`` also where that
    cannot be found out."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return False  # no Linux
    try:
        descriptor = os.open(path, _FLAGS)
    except OSError:
        return False  # whoever reads it will say why
    try:
        return _is_refused(descriptor)
    finally:
        os.close(descriptor)


def _is_refused(descriptor: int) -> bool:
    try:
        # Who opens it for writing in this moment makes the kernel send us a signal: one that is
        # ignored, as the usual one would end the process.
        fcntl.fcntl(descriptor, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN and _answers(os.fstat(descriptor).st_dev)
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


@lru_cache(maxsize=64)
def _answers(device: int) -> bool:
    """Whether a refusal on this device means a writer."""
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        mounts = Path("/proc/self/mountinfo").read_text(errors="replace")
    except OSError:
        return True
    for line in mounts.splitlines():
        before, _, behind = line.partition(" - ")
        fields = before.split()
        if len(fields) > 2 and fields[2] == number:
            return behind.partition(" ")[0] not in _REFUSE_ALWAYS
    return True
