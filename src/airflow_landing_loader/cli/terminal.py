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
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TextIO

from airflow_landing_loader.cli.grid import Cell, Grid, Line, laid_out, wrapped
from airflow_landing_loader.safe_text import escaped

if TYPE_CHECKING:
    from rich.console import Console


def safe_lines(text: str) -> str:
    """As ``escaped``, for a text of our own that has line ends."""
    return "\n".join(escaped(line) for line in text.split("\n"))


def utc(moment: datetime) -> str:
    """A moment to the second in UTC: ``2024-01-15T07:00:03Z``; one without a zone is UTC."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return f"{aware:%Y-%m-%dT%H:%M:%SZ}"


def when(moment: datetime) -> str:
    """As :func:`utc`, for a column whose header says UTC: ``2024-01-15 07:00:03``."""
    return utc(moment).replace("T", " ").removesuffix("Z")


class Screen:
    """One output stream, written for whoever reads it.

    :param stream: where to write; a terminal gets colour (``NO_COLOR`` takes it away, ``TERM=dumb``
        too) and lines that fit, anything else aligned text that is never cut or wrapped.
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

    def line(self, text: str = "", style: str | None = None, *, hang: int = 0) -> None:
        """Write one line or several; a terminal breaks them between words.

        :param style: rich's; it counts on a terminal only.
        :param hang: blanks before the rest of a line that was broken.
        """
        for line in safe_lines(text).split("\n"):
            if not self.is_terminal:
                self.stream.write(line + "\n")
                continue
            for piece in wrapped(line, self.console.width, hang=hang):
                self._print((Cell(before=0, text=piece, style=style or ""),))

    def grid(self, grid: Grid) -> None:
        """Write a table."""
        if not grid.rows:
            if grid.empty:
                self.line(f"{grid.title}: {grid.empty}")
            return
        self.line(f"{grid.title}:", "bold")
        for line in laid_out(grid, self.console.width if self.is_terminal else None, escaped):
            if self.is_terminal:
                self._print(line)
            else:
                text = "".join(" " * cell.before + cell.text for cell in line)
                self.stream.write(text + "\n")

    def _print(self, line: Line) -> None:
        from rich.text import Text

        # Not the console's own style, which would colour a progress bar below the line too.
        text = Text()
        for cell in line:
            text.append(" " * cell.before)
            text.append(cell.text, cell.style or None)
        self.console.print(text)

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
