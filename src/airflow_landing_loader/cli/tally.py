"""What one `run` has done, in bounded memory: a loop runs for months."""

from __future__ import annotations

import threading
from collections import Counter, deque

from airflow_landing_loader.cli.terminal import Grid, counted, shown_name
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.outcome import Outcome

LOADED_SHOWN = 50
OTHERS_SHOWN = 200


class Tally:
    """Counts outcomes and keeps the newest of them. Safe for several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: deque[Outcome] = deque(maxlen=LOADED_SHOWN)
        self._others: deque[Outcome] = deque(maxlen=OTHERS_SHOWN)
        self._counts: Counter[str] = Counter()
        self._rows = 0
        self._rejected = 0

    def add(self, outcome: Outcome) -> None:
        """Count one outcome."""
        with self._lock:
            self._counts[outcome.status] += 1
            self._rows += outcome.rows
            self._rejected += outcome.rejected
            (self._loaded if outcome.status == "loaded" else self._others).append(outcome)

    def count(self, status: str) -> int:
        """How many outcomes had this status."""
        return self._counts[status]

    @property
    def files(self) -> int:
        """How many outcomes there were."""
        return self._counts.total()

    def total(self) -> str:
        """One line: files by outcome, and rows."""
        parts = [f"{self._counts[s]:,} {s}" for s in ("loaded", "duplicate", "failed", "left")]
        rejected = f", {self._rejected:,} rejected" if self._rejected else ""
        return f"{', '.join(parts)}; {counted(self._rows, 'row')}{rejected}"

    def grid(self) -> Grid:
        """One row per file, what went wrong last; the oldest are left out when there are many."""
        shown = [*self._loaded, *self._others]
        hidden = self.files - len(shown)
        title = "Files" if not hidden else f"Files (the newest; {hidden:,} more)"
        return Grid(
            title=title,
            headers=("file", "table", "rows", "outcome", "why"),
            rows=tuple(
                (shown_name(o.name), o.table, f"{o.rows:,}", o.status, why(o)) for o in shown
            ),
            right=("rows",),
            empty="",
        )


def why(outcome: Outcome) -> str:
    """The error, or what a person should know though nothing failed."""
    if outcome.error is None:
        return "; ".join(outcome.notes)
    return told(outcome.error)


def told(error: ErrorDetail) -> str:
    """An error beside its file: where in the file, what, and what to do next."""
    hint = f" Hint: {error.hint}" if error.hint else ""
    return f"[{error.code}] {_place(error)}{error.message}{hint}"


def _place(detail: ErrorDetail) -> str:
    """Where in the file, as far as known; the file itself is in another column."""
    parts = (("line", detail.line), ("record", detail.record), ("column", detail.column))
    known = ", ".join(f"{word} {value}" for word, value in parts if value is not None)
    return f"{known}: " if known else ""
