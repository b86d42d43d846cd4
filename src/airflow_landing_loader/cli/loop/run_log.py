"""What `run` tells on standard error while it works: a line per event, or a bar on a terminal."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from airflow_landing_loader.cli.failures import explain
from airflow_landing_loader.cli.loop.tally import OUTCOME_STYLES
from airflow_landing_loader.cli.terminal import Screen, utc
from airflow_landing_loader.config.mapping.mapping_set import MappingProblem
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.wording import reason_text
from airflow_landing_loader.safe_text import counted, escaped, shown_name

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class RunLog:
    """One line per event, with the time in UTC. Safe for several threads.

    :param screen: where to write.
    :param hints: say with an outcome what to do; not where a summary says it soon.
    """

    def __init__(self, screen: Screen, *, hints: bool = True) -> None:
        self._screen = screen
        self._hints = hints
        self._lock = threading.Lock()

    def say(self, text: str, style: str | None = None) -> None:
        """Write one line."""
        with self._lock:
            self._screen.line(f"{self._stamp()} {escaped(text)}", style, hang=11)

    def _stamp(self) -> str:
        return utc(datetime.now(UTC))

    def error(self, detail: ErrorDetail, *, prefix: str = "") -> None:
        """Write an error in one line."""
        self.say(prefix + detail.text(), "red")

    def problem(self, problem: MappingProblem) -> None:
        """Write what is wrong with a mapping, with the line it is about."""
        with self._lock:
            explain(problem.detail, self._screen, snippet=problem.snippet)

    def outcome(self, outcome: Outcome) -> None:
        """Write what became of one file."""
        reason = reason_text(outcome, hint=self._hints)
        rows = f" {counted(outcome.rows, 'row')}" if outcome.error is None else ""
        self.say(
            f"{outcome.status:<9} {shown_name(outcome.name)} -> {outcome.table}"
            f"{rows}{': ' + reason if reason else ''}",
            None if outcome.status == "loaded" else OUTCOME_STYLES.get(outcome.status),
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

    def _stamp(self) -> str:
        # Somebody looks on: the date and the zone are no news, and lines are short.
        return f"{datetime.now(UTC):%H:%M:%SZ}"

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


def run_log(screen: Screen, *, once: bool = False) -> RunLog:
    """The log that fits the stream.

    :param once: the summary, which says what to do, comes at the end of a single round.
    """
    return TerminalRunLog(screen, hints=not once) if screen.is_terminal else RunLog(screen)
