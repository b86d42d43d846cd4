"""What `run` tells on standard error while it works: a line per event, or a bar on a terminal."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_landing_loader.cli.tally import why
from airflow_landing_loader.cli.terminal import Screen, counted, safe, shown_name, utc
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.mapping.result import MappingProblem
from airflow_landing_loader.outcome import Outcome

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

_STYLES = {"duplicate": "yellow", "failed": "red", "left": "yellow"}


class RunLog:
    """One line per event, with the time in UTC. Safe for several threads.

    :param screen: where to write.
    """

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._lock = threading.Lock()

    def say(self, text: str, style: str | None = None) -> None:
        """Write one line."""
        with self._lock:
            self._screen.line(f"{utc(datetime.now(UTC))} {safe(text)}", style)

    def error(self, detail: ErrorDetail, *, prefix: str = "") -> None:
        """Write an error in one line."""
        self.say(prefix + detail.text(), "red")

    def problem(self, problem: MappingProblem) -> None:
        """Write what is wrong with a mapping, with the line it is about."""
        with self._lock:
            self._screen.line(problem.render(), "red")

    def outcome(self, outcome: Outcome) -> None:
        """Write what became of one file."""
        reason = why(outcome)
        self.say(
            f"{outcome.status:<9} {shown_name(outcome.name)} -> {outcome.table}"
            f" {counted(outcome.rows, 'row')}{': ' + reason if reason else ''}",
            _STYLES.get(outcome.status),
        )

    @contextlib.contextmanager
    def progress(self, files: int) -> Iterator[None]:
        """Show how far it is while the block runs; here the lines say it.

        :param files: how many outcomes will come.
        """
        del files
        yield


class TerminalRunLog(RunLog):
    """As :class:`RunLog`; while files load, a bar counts those that went well."""

    _bar: tuple[Progress, TaskID] | None = None

    def outcome(self, outcome: Outcome) -> None:
        """Write what became of one file if it needs a look, and move the bar."""
        if self._bar is None:
            super().outcome(outcome)
            return
        if outcome.status != "loaded" or outcome.notes:
            super().outcome(outcome)
        progress, task = self._bar
        progress.advance(task)

    @contextlib.contextmanager
    def progress(self, files: int) -> Iterator[None]:
        """Show a bar while the block runs."""
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("loading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._screen.console, transient=True) as progress:
            self._bar = (progress, progress.add_task("loading", total=files))
            try:
                yield
            finally:
                self._bar = None


def run_log(screen: Screen) -> RunLog:
    """The log that fits the stream."""
    return TerminalRunLog(screen) if screen.is_terminal else RunLog(screen)
