"""A mapping as somebody has written it: the lines of its file."""

from __future__ import annotations

from pathlib import Path

from airflow_landing_loader.safe_text import masked

_MOST_BYTES = 1024 * 1024
_MOST_LINES = 300


def text_of(root: Path, origin: str) -> tuple[str, ...]:
    """The lines of a mapping, without what may be a secret in a URI; none if they are gone.

    A mapping ends where the next one begins: at the next line that is not indented.

    :param root: folder of the mappings.
    :param origin: ``file:line`` below it, as the reader has set it.
    """
    file, _, line = origin.rpartition(":")
    if not line.isdigit():
        return ()
    try:
        with (root / file).open("rb") as stream:
            text = stream.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ()
    lines = text.splitlines()[int(line) - 1 :]
    own = lines[:1]
    for each in lines[1:_MOST_LINES]:
        if each[:1].strip() and not each.startswith("#"):
            break
        own.append(each)
    while own and (not own[-1].strip() or own[-1].startswith("#")):
        own.pop()
    return tuple(masked(each.replace("\t", "    ")) for each in own)
