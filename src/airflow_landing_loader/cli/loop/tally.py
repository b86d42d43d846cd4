"""What one `run` has done, in bounded memory: a loop runs for months."""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Iterable

from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.wording import reason_text
from airflow_landing_loader.safe_text import counted, shown_name

LOADED_SHOWN = 50
OUTCOME_STYLES = {"loaded": "green", "duplicate": "yellow", "failed": "red", "left": "yellow"}
OTHERS_SHOWN = 200


class Tally:
    """Counts outcomes and keeps the newest of them. Safe for several threads.

    :ivar unmatched: how many files no mapping matched at the last look.
    :ivar dbt_error: why dbt failed, if it did when it ran last.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loaded: deque[Outcome] = deque(maxlen=LOADED_SHOWN)
        self._others: deque[Outcome] = deque(maxlen=OTHERS_SHOWN)
        self._counts: Counter[str] = Counter()
        self._rows = 0
        self._rejected = 0
        self.unmatched = 0
        self.dbt_error: ErrorDetail | None = None

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
        parts += [f"{self.unmatched:,} unmatched"] if self.unmatched else []
        parts += ["dbt failed"] if self.dbt_error else []
        rejected = f", {self._rejected:,} rejected" if self._rejected else ""
        return f"{', '.join(parts)}; {counted(self._rows, 'row')}{rejected}"

    def grid(self) -> Grid:
        """One row per file, what went wrong last; the oldest are left out when there are many."""
        shown = [*self._loaded, *self._others]
        hidden = self.files - len(shown)
        title = "Files" if not hidden else f"Files (the newest; {hidden:,} more)"
        return Grid(
            title=title,
            headers=("outcome", "file", "table", "rows", "why"),
            rows=tuple(
                (o.status, shown_name(o.name), o.table, f"{o.rows:,}", reason_text(o, hint=False))
                for o in shown
            ),
            right=("rows",),
            styled="outcome",
            styles=OUTCOME_STYLES,
            empty="",
        )

    def cures(self) -> Grid:
        """What to do about the files that are shown, and about dbt."""
        errors = [outcome.error for outcome in self._others]
        return cures(error for error in (*errors, self.dbt_error) if error is not None)


def cures(errors: Iterable[ErrorDetail]) -> Grid:
    """What to do about errors, each cure once: many files may fail for one reason."""
    rows = {(error.code, error.hint): None for error in errors if error.hint}
    return Grid(
        title="What to do",
        headers=("code", "hint"),
        rows=tuple((code, hint or "") for code, hint in rows),
        empty="",
    )
