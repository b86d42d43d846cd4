"""Waiting for conditions, with a line that says what is being waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

from rich.console import Console
from rich.markup import escape

from airflow_api import NotThereError

_PAUSE = 1.0


class TimeIsUpError(Exception):
    """A condition did not come true in time; the text says which, and what was still missing."""


class Waiter:
    """Waits for one condition after the other, all within one time limit.

    :param console: where progress is shown.
    :param seconds: time limit for everything together.
    :param check: called at every look; raises to give up at once.
    """

    def __init__(
        self, console: Console, *, seconds: float, check: Callable[[], None] = lambda: None
    ) -> None:
        self.console = console
        self.check = check
        self._started = time.monotonic()
        self._end = self._started + seconds

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    def until(self, what: str, missing: Callable[[], str]) -> None:
        """Look again and again until nothing is missing.

        :param what: what is waited for, for the person.
        :param missing: says what is missing still; ``""`` when the condition holds.
        :raises TimeIsUpError: the time limit has passed.
        """
        begun, lacking = time.monotonic(), ""
        with self.console.status(what) as status:
            while lacking := self._look(missing):
                if time.monotonic() > self._end:
                    raise TimeIsUpError(
                        f"{what}: still missing after {self.elapsed:.0f} s: {lacking}"
                    )
                status.update(f"{what} [dim]({escape(lacking)})[/dim]")
                time.sleep(_PAUSE)
        self.done(what, time.monotonic() - begun)

    def done(self, what: str, seconds: float) -> None:
        """Say that something is done."""
        self.console.print(f"  [green]✓[/green] {what} [dim]{seconds:.0f} s[/dim]")

    def _look(self, missing: Callable[[], str]) -> str:
        self.check()
        try:
            return missing()
        except NotThereError as error:
            return f"no answer from {error}"
