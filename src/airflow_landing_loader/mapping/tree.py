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
    :param shown: its path below the root with ``/``, printable whatever the name holds.
    :param error: why it cannot be read, if that is already known.
    """

    path: Path
    shown: str
    error: ConfigurationError | None = None


def walk(root: Path) -> Iterator[Found]:
    """All mapping files below ``root``, in order of their names, folder by folder.

    Names that begin with a dot are skipped, files and folders. Symlinks are followed, but every
    real folder and file counts once, under the name that comes first. Both together make a
    Kubernetes ConfigMap mount work, whose files are links into a hidden ``..data`` folder, and keep
    links that lead back up from going round for ever.

    :param root: the folder to start in.
    """
    seen: set[Path] = set()
    pending: list[tuple[Path, Path | None]] = [(root, None)]
    while pending:
        path, real_folder = pending.pop()
        try:
            mode = path.stat().st_mode
        except OSError as error:
            if path == root or _is_mapping(path):  # other dangling links are none of our business
                yield Found(path, shown(path, root), unreadable(error))
            continue
        real = _real(path, real_folder)
        if real in seen:
            continue
        if stat.S_ISDIR(mode):
            seen.add(real)
            try:
                pending += [(child, real) for child in _children(path)]
            except OSError as error:
                yield Found(path, shown(path, root), unreadable(error))
        elif path == root or _is_mapping(path):
            seen.add(real)
            yield Found(path, shown(path, root), _unfit(path, root, mode))


def _real(path: Path, real_folder: Path | None) -> Path:
    """Where a path really is; quick for what is no link, for there may be thousands of files.

    :param real_folder: where its folder really is, if that is known.
    """
    if real_folder is not None and not path.is_symlink():
        return real_folder / path.name
    return Path(os.path.realpath(path))


def _is_mapping(path: Path) -> bool:
    return path.name.endswith(SUFFIXES)


def _children(folder: Path) -> list[Path]:
    """What is looked at in a folder, last one first, as it is put on a stack."""
    visible = (path for path in folder.iterdir() if not path.name.startswith("."))
    return sorted(visible, key=lambda path: path.name, reverse=True)


def _unfit(path: Path, root: Path, mode: int) -> ConfigurationError | None:
    if path == root:
        return ConfigurationError(
            ErrorCode.MAPPING_UNREADABLE,
            "This is not a folder.",
            hint="TABLE_CONFIG_PATH names the root folder of the mappings.",
        )
    if stat.S_ISREG(mode):
        return None
    # Opening a FIFO would wait for a writer that may never come.
    return ConfigurationError(
        ErrorCode.MAPPING_UNREADABLE, "This is not a regular file.", hint="Remove or rename it."
    )


def unreadable(error: OSError) -> ConfigurationError:
    """The system's reason why something cannot be read.

    :param error: what the system said.
    """
    return ConfigurationError(
        ErrorCode.MAPPING_UNREADABLE,
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
