"""A text without its last lines, while its end is not known."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from airflow_landing_loader.landing.text.encoding import UndecodableTextError


class HeldBack:
    """Blocks of a text without the last lines of it, which are kept.

    :param blocks: the text.
    :param lines: how many lines are held back; none: all blocks are handed on as they come.
    :param limit: bytes of a line. If one is longer, nothing is held back any more: whoever reads
        the text refuses that line.
    :ivar footer: the lines, once all blocks were taken.
    """

    def __init__(self, blocks: Iterator[bytes], lines: int, limit: int) -> None:
        self._blocks = blocks
        self._lines = lines
        self._limit = limit
        self.footer = b""

    def __iter__(self) -> Iterator[bytes]:
        if not self._lines:
            yield from self._blocks
            return
        held: deque[bytes] = deque()
        try:
            for block in self._blocks:
                # The last line may go on, and a CR at its end may be half of a CRLF.
                begun = held.pop() if held else b""
                held.extend((begun + block).splitlines(keepends=True))
                if max(map(len, held)) > self._limit:
                    yield _taken(held, 0)
                    yield from self._blocks
                    return
                if len(held) > self._lines:
                    yield _taken(held, self._lines)
        except UndecodableTextError:
            if held:
                yield _taken(held, 0)
            raise
        self.footer = b"".join(held)


def _taken(lines: deque[bytes], left: int) -> bytes:
    """The first lines, all but some, taken away."""
    return b"".join(lines.popleft() for _ in range(len(lines) - left))
