"""What reaches a person's eyes: plain text on a pipe, rich on a terminal, hostile text disarmed.

Names of files, headers and messages come from strangers. They never reach a terminal as they are:
control characters, line breaks, text-direction marks and undecodable bytes become visible escapes,
and nothing of theirs is read as markup. rich is imported only for a terminal, because importing it
costs more than most commands take.
"""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t", "\x1b": r"\x1b", "\0": r"\x00"}


def safe(text: str) -> str:
    """One line that is safe on a terminal: what cannot be printed is shown as an escape."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escape(c) for c in text)


def safe_lines(text: str) -> str:
    """As :func:`safe`, for a text of our own that has line ends."""
    return "\n".join(safe(line) for line in text.split("\n"))


def shown_name(name: str) -> str:
    """A file name as it is, or in the form ``$'a\\nb.csv'`` that a shell takes back.

    A name that can be printed whole is shown as it is; any other in the quoting of bash and zsh, in
    which a backslash of the name cannot be taken for an escape.
    """
    if name.isprintable() and not name.startswith("$'"):
        return name
    inner = "".join("\\" + c if c in "\\'" else c if c.isprintable() else _escape(c) for c in name)
    return f"$'{inner}'"


def utc(moment: datetime) -> str:
    """A moment to the second in UTC: ``2024-01-15T07:00:03Z``; one without a zone is UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return f"{aware:%Y-%m-%dT%H:%M:%SZ}"


def counted(number: int, thing: str) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


@dataclass(frozen=True, kw_only=True)
class Grid:
    """A small table: cells are text of anybody, made safe when shown.

    :param title: line above the table.
    :param headers: column names.
    :param rows: cells, as many as headers.
    :param right: headers whose cells are aligned to the right.
    :param empty: shown in place of a table without rows; ``""`` leaves the whole grid out.
    """

    title: str
    headers: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    right: tuple[str, ...] = ()
    empty: str = "none"


class Screen:
    """One output stream, written for whoever reads it.

    :param stream: where to write; a terminal gets colour and boxes (``NO_COLOR`` takes the colour
        away, ``TERM=dumb`` both), anything else gets aligned text that is never cut or wrapped.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.is_terminal = stream.isatty() and os.environ.get("TERM") not in ("dumb", "unknown")
        self._console: Console | None = None

    @property
    def console(self) -> Console:
        """rich's console on the stream; ask for it on a terminal only."""
        if self._console is None:
            from rich.console import Console

            self._console = Console(
                file=self.stream, markup=False, emoji=False, highlight=False, soft_wrap=True
            )
        return self._console

    def line(self, text: str = "", style: str | None = None) -> None:
        """Write one line or several; ``style`` is rich's and counts on a terminal only."""
        if self.is_terminal:
            from rich.text import Text

            # Not the console's own style, which would colour a progress bar below the line too.
            self.console.print(Text(safe_lines(text), style=style or ""))
        else:
            self.stream.write(safe_lines(text) + "\n")

    def grid(self, grid: Grid) -> None:
        """Write a table."""
        if not grid.rows:
            if grid.empty:
                self.line(f"{grid.title}: {grid.empty}")
            return
        if self.is_terminal:
            self.console.print(_rich_table(grid), soft_wrap=False)
            return
        self.line(f"{grid.title}:")
        for row in _aligned(grid):
            self.stream.write(f"  {row}\n")

    def panel(self, title: str, text: str, style: str) -> None:
        """Write a framed text; without a terminal, the title and the text in plain lines."""
        if not self.is_terminal:
            self.line(f"{title}: {text}")
            return
        from rich.panel import Panel
        from rich.text import Text

        self.console.print(
            Panel(Text(safe_lines(text)), title=Text(safe(title)), title_align="left", style=style),
            soft_wrap=False,
        )

    def json(self, document: dict[str, Any]) -> None:
        """Write one JSON object, in ASCII, so that every name survives every encoding."""
        json.dump(document, self.stream, indent=2, ensure_ascii=True)
        self.stream.write("\n")


def out() -> Screen:
    """Standard output: results."""
    return Screen(_forgiving(sys.stdout))


def err() -> Screen:
    """Standard error: logs, progress and errors."""
    return Screen(_forgiving(sys.stderr))


def _forgiving(stream: TextIO) -> TextIO:
    """The stream, set to escape what its encoding lacks in place of failing."""
    if isinstance(stream, io.TextIOWrapper) and stream.errors != "backslashreplace":
        stream.reconfigure(errors="backslashreplace")
    return stream


def _escape(char: str) -> str:
    point = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    if 0xDC80 <= point <= 0xDCFF:  # a byte that is not UTF-8, as os.fsdecode hands it over
        return f"\\x{point - 0xDC00:02x}"
    if point < 0x80:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _aligned(grid: Grid) -> list[str]:
    rows: list[Sequence[str]] = [grid.headers, *([safe(cell) for cell in r] for r in grid.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(grid.headers))]
    lines = []
    for row in rows:
        cells = (
            cell.rjust(width) if header in grid.right else cell.ljust(width)
            for header, cell, width in zip(grid.headers, row, widths, strict=True)
        )
        lines.append("  ".join(cells).rstrip())
    return lines


def _rich_table(grid: Grid) -> Table:
    from rich.table import Table
    from rich.text import Text

    table = Table(title=Text(safe(grid.title)), title_justify="left", header_style="bold")
    for header in grid.headers:
        justify: Any = "right" if header in grid.right else "left"
        table.add_column(header, justify=justify, overflow="fold")
    for row in grid.rows:
        table.add_row(*(Text(safe(cell)) for cell in row))
    return table
