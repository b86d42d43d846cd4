"""A rule for lines, ready to be asked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from airflow_landing_loader.config.mapping.expressions import begun, compiled

_LINE_END = re.compile(rb"[\r\n]")


class LineRule:
    """Which lines a mapping means.

    :param expression: a regular expression, as the mapping says or as it follows from it.
    """

    def __init__(self, expression: str) -> None:
        self._whole = compiled(expression)
        beginning = begun(expression)
        # What matches an empty beginning matches that of every line, and tells nothing.
        self.tells_beginnings = compiled(beginning).search(b"") is None
        self._beginning = compiled(beginning)
        self._anywhere = compiled(beginning if self.tells_beginnings else expression, of_lines=True)

    def matches(self, line: bytes) -> bool:
        """Whether a line is meant.

        :param line: without its line end.
        """
        return self._whole.search(line) is not None

    def matches_from_start(self, line: bytes) -> bool:
        """Whether what is found in a line begins with it."""
        found = self._whole.search(line)
        return found is not None and found.start() == 0

    def is_begun(self, line: bytes) -> bool:
        """Whether a line, if it were cut somewhere, could be one that is meant."""
        return self.tells_beginnings and self._beginning.search(line) is not None

    def group(self, line: bytes, name: str) -> str | None:
        """What stands in the line in a named group; ``None`` if the line is not meant."""
        found = self._whole.search(line)
        return None if found is None else (found.group(name.encode()) or b"").decode()

    def candidates(self, text: bytes) -> Iterator[int]:
        """Offsets in lines of a text that may be meant, or begun; at most one in each line.

        :param text: lines with their line ends, which may be of any kind.
        """
        lines = text.replace(b"\r", b"\n")
        at = 0
        while at < len(lines) and (found := self._anywhere.search(lines, at)) is not None:
            yield found.start()
            at = lines.find(b"\n", found.start()) + 1 or len(lines)


@lru_cache(maxsize=256)
def rule_for(expression: str) -> LineRule:
    """The rule of an expression; made once, as making it takes longer than its use."""
    return LineRule(expression)


def line_at(text: bytes, start: int) -> tuple[bytes, bool]:
    """The physical line that begins at an offset, without its line end, and whether it has one."""
    end = _LINE_END.search(text, start)
    return text[start : end.start() if end else None], end is not None
