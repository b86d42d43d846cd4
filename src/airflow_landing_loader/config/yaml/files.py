"""The walk through the folder of mappings: which files are read, in which order, each once."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True)
class Found:
    """One file, or one place that could not be looked into.

    :param path: where it is.
    :param root: the folder that the walk began in.
    :param error: why it cannot be read, if that is already known.
    """

    path: Path
    root: Path
    error: ConfigurationError | None = None

    @property
    def shown(self) -> str:
        """Its path below the root with ``/``, printable whatever the name holds."""
        return shown(self.path, self.root)

    @property
    def is_document(self) -> bool:
        """Whether it is a file that is read, by its name, and no folder."""
        return self.path.name.endswith(SUFFIXES)


def walk(root: Path) -> Iterator[Found]:
    """All mapping files below ``root``, in order of their names, folder by folder.

    Names that begin with a dot are skipped, files and folders. Symlinks are followed, but every
    real folder and file counts once, under the name that comes first. Both together make a
    Kubernetes ConfigMap mount work, whose files are links into a hidden ``..data`` folder, and keep
    links that lead back up from going round for ever.

    :param root: the folder to start in.
    """
    real_root = os.path.realpath(root)
    seen = {real_root}
    error = _no_folder(root)
    pending, error = ([], error) if error else _children(root, real_root)
    if error:
        yield Found(root, root, error)
    while pending:
        entry, real_folder = pending.pop()
        path = Path(entry.path)
        try:
            mode = entry.stat().st_mode
        except OSError as failure:
            if _is_mapping(entry):  # other dangling links are none of our business
                yield Found(path, root, unreadable(failure))
            continue
        real = _real(entry, real_folder)
        if real in seen:
            continue
        if stat.S_ISDIR(mode):
            seen.add(real)
            children, error = _children(path, real)
            pending += children
            if error:
                yield Found(path, root, error)
        elif _is_mapping(entry):
            seen.add(real)
            yield Found(path, root, _unfit(mode))


def _real(entry: os.DirEntry[str], real_folder: str) -> str:
    """Where an entry really is; quick for what is no link, for there may be thousands of files."""
    if entry.is_symlink():
        return os.path.realpath(entry.path)
    return os.path.join(real_folder, entry.name)  # noqa: PTH118 - a Path for each takes longer


def _is_mapping(entry: os.DirEntry[str]) -> bool:
    return entry.name.endswith(SUFFIXES)


_Pending = list[tuple[os.DirEntry[str], str]]


def _children(folder: Path, real: str) -> tuple[_Pending, ConfigurationError | None]:
    """What is looked at in a folder, last one first, as it is put on a stack."""
    try:
        with os.scandir(folder) as entries:
            visible = [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        return [], unreadable(error)
    visible.sort(key=lambda entry: entry.name, reverse=True)
    return [(entry, real) for entry in visible], None


def _no_folder(root: Path) -> ConfigurationError | None:
    try:
        if stat.S_ISDIR(root.stat().st_mode):
            return None
    except OSError as error:
        return unreadable(error)
    return ConfigurationError(
        ErrorCode.CONFIG_UNREADABLE,
        "This is not a folder.",
        hint="TABLE_CONFIG_PATH names the root folder of the mappings.",
    )


def _unfit(mode: int) -> ConfigurationError | None:
    if stat.S_ISREG(mode):
        return None
    # Opening a FIFO would wait for a writer that may never come.
    return ConfigurationError(
        ErrorCode.CONFIG_UNREADABLE, "This is not a regular file.", hint="Remove or rename it."
    )


def unreadable(error: OSError) -> ConfigurationError:
    """The system's reason why something cannot be read.

    :param error: what the system said.
    """
    return ConfigurationError(
        ErrorCode.CONFIG_UNREADABLE,
        f"It cannot be read: {error.strerror or error}.",
        hint="Check that it is there and that this process may read it.",
    )


def shown(path: Path, root: Path) -> str:
    """``path`` below ``root`` as text that any terminal and JSON can take.

    :param path: a path below ``root``, or ``root`` itself.
    :param root: the root of the tree.
    """
    relative = path.relative_to(root).as_posix() if path != root else root.as_posix()
    return os.fsencode(relative).decode("utf-8", "backslashreplace")
