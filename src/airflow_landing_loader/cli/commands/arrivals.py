"""The command `arrivals`: what should have come by now, what comes next, and how often in time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.cli.terminal import Screen, utc, when
from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    ErrorDetail,
    TransientError,
)
from airflow_landing_loader.loading.model import ArrivalRecord, RunContext
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.monitoring.expected import Expected, Rate, look, rates
from airflow_landing_loader.monitoring.late import late_records
from airflow_landing_loader.monitoring.outcomes import WindowState
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.storage.opening import open_zones

_STYLES = {
    "missing": "red",
    "wrong": "red",
    "overdue": "red",
    "late": "yellow",
    "unknown": "yellow",
    "arrived": "green",
    "on_time": "green",
}
_PATIENCE = 5.0
"""Seconds that the writing of what was decided waits for another writer."""


def show_arrivals(
    out: Screen, *, table: str | None, at: str | None, hours: int, windows: int, as_json: bool
) -> bool:
    """Write what is missing, what is expected, and rates; whether all is there that should be.

    What is decided is written into ``load_arrivals``, unless another time than now is asked for.

    :param table: only this one.
    :param at: a time in ISO 8601 for which to say it; one without a zone is UTC. ``None``: now.
    :param hours: windows are told that are due within so many hours.
    :param windows: the rate is that of the last so many windows.
    :raises ConfigurationError: settings or options are wrong.
    :raises LandingError: the warehouse cannot be asked.
    """
    settings = session.read_settings()
    found = session.mappings_of(settings)
    mappings = _chosen(found.mappings, table)
    short = replace(settings, lock_timeout=min(_PATIENCE, settings.lock_timeout))
    warehouse = open_warehouse(short, open_zones(settings))
    now = datetime.now(UTC) if at is None else moment(at)
    expected = look(warehouse, mappings, now, timedelta(hours=hours))
    if at is None and not expected.busy_with:
        _write(warehouse, expected, mappings, session.channels_of(settings))
    lately = rates(expected.records, windows)
    problems = [*(problem.detail for problem in found.errors), *expected.problems]
    good = not expected.incidents and not expected.overdue and not problems
    if as_json:
        out.json(_document(expected, lately, now, problems))
        return good
    _tell(out, mappings, expected, lately, hours)
    if problems:
        wrong = counted(len(problems), "problem")
        out.line(f"{wrong} in the mappings: see `landing-loader validate`", "red")
    return good


def moment(text: str) -> datetime:
    """A time that somebody has typed.

    :raises ConfigurationError: ``config.bad_value``.
    """
    try:
        typed = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(
            ErrorCode.CONFIG_BAD_VALUE,
            f"--at is no time: {text!r}",
            hint="Write it as 2024-01-15T07:30, or with a zone as 2024-01-15T07:30+01:00.",
        ) from None
    return typed.replace(tzinfo=UTC) if typed.tzinfo is None else typed.astimezone(UTC)


def _chosen(mappings: Sequence[TableMapping], table: str | None) -> list[TableMapping]:
    chosen = [m for m in mappings if m.expect is not None and table in (None, m.table)]
    if table is not None and not chosen:
        raise ConfigurationError(
            ErrorCode.CONFIG_BAD_VALUE,
            f"no mapping of a table {table!r} says when its files are expected",
            hint="`landing-loader list` shows the mappings; the key is expect.",
        )
    return chosen


def _write(
    warehouse: Ledger, expected: Expected, mappings: Sequence[TableMapping], channels: ChannelSet
) -> None:
    told = late_records(expected.news, mappings, channels, RunContext(events=channels.event_plan))
    try:
        warehouse.record_arrivals(expected.news, told)
    except TransientError as error:
        if error.code is not ErrorCode.WAREHOUSE_LOCKED:
            raise  # else the next one who looks writes the same


def _tell(
    out: Screen,
    mappings: Sequence[TableMapping],
    expected: Expected,
    lately: Sequence[Rate],
    hours: int,
) -> None:
    if not mappings:
        out.line("No mapping says when its files are expected: the key is expect.")
        return
    if expected.busy_with:
        out.line(f"The database is busy: {expected.busy_with}.", "yellow")
        out.line(f"What follows is as of {utc(expected.as_of)}.", "yellow")
        out.line()
    for grid in (
        _incidents(expected.incidents),
        _coming(expected.open, hours),
        _rates(lately),
    ):
        out.grid(grid)
        if grid.rows or grid.empty:
            out.line()
    counts = [
        f"{number:,} {what}"
        for what, number in (
            ("open", len(expected.incidents)),
            ("overdue", expected.overdue),
            ("not known", expected.unknown),
        )
        if number
    ]
    out.line(", ".join(counts) or "all is there that should be", "red" if counts else "green")


def _incidents(records: Iterable[ArrivalRecord]) -> Grid:
    return Grid(
        title="Not as expected",
        headers=("outcome", "table", "day", "due (UTC)", "files", "rows", "pattern", "why"),
        rows=tuple(
            (
                r.outcome,
                r.table_name,
                r.day,
                _minute(r.due_at),
                f"{r.file_count:,}",
                f"{r.row_count:,}",
                r.pattern,
                r.reason,
            )
            for r in records
        ),
        right=("files", "rows"),
        styled="outcome",
        styles=_STYLES,
    )


def _coming(states: Iterable[tuple[TableMapping, WindowState]], hours: int) -> Grid:
    return Grid(
        title=f"Expected now and within {counted(hours, 'hour')}",
        headers=("state", "table", "due (UTC)", "until (UTC)", "files", "rows", "pattern", "why"),
        rows=tuple(
            (
                state.standing,
                mapping.table,
                _minute(state.window.by),
                _minute(state.window.until),
                f"{state.file_count:,}",
                f"{state.row_count:,}",
                mapping.pattern,
                state.reason if state.standing != "expected" or state.file_count else "",
            )
            for mapping, state in states
        ),
        right=("files", "rows"),
        styled="state",
        styles=_STYLES,
    )


def _rates(lately: Iterable[Rate]) -> Grid:
    return Grid(
        title="Lately",
        headers=("table", "on time", "windows", "late", "wrong", "missing"),
        rows=tuple(
            (
                rate.table,
                f"{rate.share:.1%}",
                f"{rate.windows:,}",
                f"{rate.late:,}",
                f"{rate.wrong:,}",
                f"{rate.missing:,}",
            )
            for rate in lately
        ),
        right=("on time", "windows", "late", "wrong", "missing"),
        empty="no window has ended yet",
    )


def _minute(instant: datetime) -> str:
    return when(instant)[:16]


def _document(
    expected: Expected, lately: Sequence[Rate], now: datetime, problems: Sequence[ErrorDetail]
) -> dict[str, Any]:
    return {
        "at": utc(now),
        "as_of": utc(expected.as_of),
        "busy_with": expected.busy_with,
        "incidents": [_fields(record) for record in expected.incidents],
        "windows": [_fields(record) for record in expected.records],
        "expected": [
            {
                "table_name": mapping.table,
                "pattern": mapping.pattern,
                "day": state.window.day.isoformat(),
                "opens_at": utc(state.window.opens),
                "due_at": utc(state.window.by),
                "until_at": utc(state.window.until),
                "state": state.standing,
                "reason": state.reason,
                "file_count": state.file_count,
                "row_count": state.row_count,
                "arrived_at": None if state.arrived_at is None else utc(state.arrived_at),
            }
            for mapping, state in expected.open
        ],
        "problems": [problem.to_dict() for problem in problems],
        "rates": [asdict(rate) | {"on_time_share": round(rate.share, 4)} for rate in lately],
    }


def _fields(record: ArrivalRecord) -> dict[str, Any]:
    return {
        name: utc(value) if isinstance(value, datetime) else value
        for name, value in asdict(record).items()
        if name != "recorded_at"
    }
