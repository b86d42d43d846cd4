"""Windows in which files are expected, as marks in a row of days and as a list of what comes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.loading.model import ArrivalRecord
from airflow_landing_loader.monitoring.outcomes import WindowState
from airflow_landing_loader.monitoring.overview import Level
from airflow_landing_loader.plugins.pages.words import OUTCOMES, STANDINGS, plain
from airflow_landing_loader.safe_text import counted

_SAID = ("overdue", "unknown")
"""Windows of which is said why."""


@dataclass(frozen=True, kw_only=True)
class Mark:
    """What became of one day's window.

    :param kind: the outcome, which has a colour and a sign; ``mended``: it was bad and is not.
    :param words: day, outcome, reason.
    """

    kind: str
    words: str


@dataclass(frozen=True, kw_only=True)
class Coming:
    """A window that has not ended.

    :param by: when files are due; ``until``: when they are missing.
    :param came: files that are there.
    """

    table: str
    pattern: str
    by: datetime
    until: datetime
    level: Level
    standing: str
    reason: str
    came: str


@dataclass(frozen=True, kw_only=True)
class Ended:
    """A window that has ended otherwise than it should."""

    record: ArrivalRecord
    level: Level
    outcome: str


def mark(record: ArrivalRecord) -> Mark:
    """The mark of a window that has ended."""
    bad = record.outcome in ("missing", "wrong")
    said = [f"{record.day}: {OUTCOMES[record.outcome]}"]
    said += [record.reason] if record.reason else []
    said += [f"{counted(record.file_count, 'file')}, {counted(record.row_count, 'row')}"]
    said += ["mended since"] if bad and not record.is_open else []
    kind = "mended" if bad and not record.is_open else record.outcome
    return Mark(kind=kind, words=", ".join(said))


def coming(open_windows: Sequence[tuple[TableMapping, WindowState]]) -> Iterator[Coming]:
    """The windows that have not ended."""
    levels: dict[str, Level] = {"arrived": "good", "overdue": "bad"}
    for mapping, state in open_windows:
        files, rows = counted(state.file_count, "file"), counted(state.row_count, "row")
        yield Coming(
            table=mapping.table,
            pattern=mapping.pattern,
            by=plain(state.window.by),
            until=plain(state.window.until),
            level=levels.get(state.standing, "idle"),
            standing=STANDINGS[state.standing],
            reason=state.reason if state.standing in _SAID else "",
            came=f"{files}, {rows}" if state.file_count else "",
        )


def ended(records: Sequence[ArrivalRecord]) -> Iterator[Ended]:
    """What did not come as it should, the newest first."""
    for record in reversed(records):
        if record.outcome in ("late", "wrong", "missing"):
            level: Level = (
                "bad" if record.is_open else "warning" if not record.mended_at else "idle"
            )
            yield Ended(record=record, level=level, outcome=OUTCOMES[record.outcome])


def open_mark(state: WindowState) -> Mark:
    """The mark of a window that has not ended."""
    said = [f"{state.window.day}: {STANDINGS[state.standing]}"]
    said += [state.reason] if state.reason and state.standing in _SAID else []
    return Mark(kind=state.standing, words=", ".join(said))
