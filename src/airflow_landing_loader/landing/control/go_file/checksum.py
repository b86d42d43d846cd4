r"""Checksums, as ``md5sum`` and ``sha256sum`` write them, or BSD's and OpenSSL's.

``HEX``, ``HEX  name``, ``HEX *name`` (``\HEX  name`` where the name has escapes), ``SHA256 (name) =
HEX``; lines that begin with ``#`` or ``;`` are comments. Of several lines the one that names the
data file counts. The algorithm is told by the number of digits, which its other signs must not
contradict: the ending of the go file's name, the word before the name.
"""

from __future__ import annotations

import re

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.control.checksums import ALGORITHMS
from airflow_landing_loader.landing.control.go_file.at_hand import (
    BLANKS,
    AtHand,
    ByName,
    Entry,
    Hand,
    Listed,
    Said,
    Words,
)
from airflow_landing_loader.landing.control.go_file.text import LINE_END

_FORMS = tuple(
    re.compile(form)
    for form in (
        r"(?P<hex>[0-9A-Fa-f]+)",
        r"(?P<escaped>\\?)(?P<hex>[0-9A-Fa-f]+)(?: [ *]|[ \t]+)(?P<name>.+)",
        r"(?P<escaped>\\?)(?P<word>[A-Za-z0-9-]+) ?\((?P<name>.+)\) ?= ?(?P<hex>[0-9A-Fa-f]+)",
    )
)
_Line = Entry[tuple[str, str | None]]
_LINES = "lines with checksums"
_ESCAPE = re.compile(r"\\(.)")
_MEANT = {"n": "\n", "r": "\r"}


def read(text: str, hand: AtHand) -> Said:
    """What a go file in this form says.

    :raises TerminalError: as ``read_go_file``.
    """
    return _said(hand.own(_entries(text, hand), _LINES, ErrorCode.GO_FILE_BAD_CHECKSUM), hand)


def listed(text: str, hand: Hand) -> Listed:
    """What a go file in this form says of each data file that it names.

    :raises TerminalError: as ``read_go_file``.
    """
    entries = _entries(text, hand)
    for entry in entries:
        if not entry.texts:
            hand.fail(
                ErrorCode.GO_FILE_NO_KEY,
                "The line has a checksum and names no file.",
                hint="Ask the sender for the names behind the checksums, as sha256sum writes them; "
                "or remove lists_files from the mapping.",
                line=entry.line,
            )
    by_name = ByName([(entry.texts[0], entry) for entry in entries])

    def said(hand: AtHand) -> Said:
        own = by_name.of(hand.delivery)
        return _said(hand.agreed(own, _LINES, ErrorCode.GO_FILE_BAD_CHECKSUM), hand)

    names = tuple(Words(text=entry.texts[0], line=entry.line) for entry in entries)
    return Listed(names=names, said=said)


def _entries(text: str, hand: Hand) -> list[_Line]:
    return [
        _entry(line.strip(BLANKS), number, hand)
        for number, line in enumerate(LINE_END.split(text), start=1)
        if line.strip(BLANKS) and line.lstrip(BLANKS)[0] not in "#;"
    ]


def _said(own: _Line, hand: Hand) -> Said:
    said, word = own.content
    known = ALGORITHMS.get(len(said))
    ending = hand.name.rpartition(".")[2].casefold().removesuffix("sum")
    for sign in (word, ending if ending in ALGORITHMS.values() else None):
        if known is not None and sign is not None and sign != known:
            hand.fail(
                ErrorCode.GO_FILE_BAD_CHECKSUM,
                f"The go file promises a checksum by {sign}, but {len(said)} digits are {known}.",
                hint="Ask the sender which of the two it is.",
                line=own.line,
            )
    return Said(checksum=Words(text=said, line=own.line))


def _entry(text: str, line: int, hand: Hand) -> _Line:
    found = next((found for form in _FORMS if (found := form.fullmatch(text))), None)
    if found is None:
        hand.fail(
            ErrorCode.GO_FILE_BAD_CHECKSUM,
            "The line is no checksum: neither hexadecimal digits alone, nor with a name as "
            "sha256sum writes them, nor as SHA256 (name) = digits.",
            hint="Ask the sender for a proper go file, or correct its format in the mapping.",
            line=line,
        )
    parts = found.groupdict()
    name = parts.get("name")
    if name is not None and parts["escaped"]:
        name = _ESCAPE.sub(lambda escape: _MEANT.get(escape[1], escape[1]), name)
    word = parts.get("word")
    if word is not None:
        word = word.casefold().replace("sha2-", "sha").replace("-", "")
    content = (parts["hex"].lower(), word)
    return Entry(texts=() if name is None else (name,), content=content, line=line)
