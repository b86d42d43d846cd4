"""The text of a go file: decoded, without byte order mark, at most a mebibyte."""

from __future__ import annotations

import re

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.control.go_file.at_hand import Hand
from airflow_landing_loader.landing.text.encoding import UndecodableTextError, decoded

SIZE_LIMIT = 1024 * 1024

LINE_END = re.compile(r"\r\n|\n|\r")


def decode(content: bytes, hand: Hand) -> str:
    """The text of a go file; byte order marks and one Ctrl-Z at its end are no text.

    :param content: its bytes, or one more than :data:`SIZE_LIMIT` of them.
    :raises TerminalError: ``GO_FILE_UNREADABLE``.
    """
    if len(content) > SIZE_LIMIT:
        hand.fail(
            ErrorCode.GO_FILE_UNREADABLE,
            f"The go file is larger than {SIZE_LIMIT:,} bytes.",
            hint="Check the go file's pattern: does it match data files?",
        )
    encoding = hand.rules.encoding or "utf-8"
    pieces: list[bytes] = []
    try:
        pieces.extend(decoded(iter([content] if content else []), encoding, hand.name))
    except UndecodableTextError as error:
        hand.fail(
            ErrorCode.GO_FILE_UNREADABLE,
            f"The go file is no text in {encoding}. {error.detail.message}",
            hint="Set go_file.encoding in the mapping to what the sender writes, or ask for utf-8.",
            line=_line_behind(b"".join(pieces).decode()),
        )
    text = b"".join(pieces).decode()
    if "\0" in text:
        hand.fail(
            ErrorCode.GO_FILE_UNREADABLE,
            "The go file holds a NUL character: it is binary, in another encoding, or was cut by "
            "a crash.",
            hint="Set go_file.encoding in the mapping to what the sender writes, or ask for utf-8.",
            line=_line_behind(text[: text.index("\0")]),
        )
    return text


def _line_behind(text: str) -> int:
    return len(LINE_END.findall(text)) + 1
