"""What pages call things, in one place: states, problems, sizes, spans of time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from airflow_landing_loader.loading.model import ArrivalOutcome, DeliveryOutcome
from airflow_landing_loader.monitoring.arrivals import State
from airflow_landing_loader.monitoring.outcomes import Standing
from airflow_landing_loader.monitoring.overview import Level, ProblemKind

KINDS: Mapping[ProblemKind, str] = {
    "mapping": "Broken mapping",
    "failed": "Refused",
    "missing": "Missing",
    "wrong": "Wrong",
    "late": "Late",
    "refused": "Not taken",
    "stuck": "Stuck",
    "dbt": "dbt failed",
    "quality": "Quality",
    "drift": "New columns",
}
LEVELS: Mapping[Level, str] = {
    "bad": "Needs attention",
    "warning": "Worth a look",
    "good": "Good",
    "idle": "Nothing yet",
}
STANDINGS: Mapping[Standing, str] = {
    "expected": "expected",
    "arrived": "came",
    "overdue": "late",
    "unknown": "not known",
    "on_time": "on time",
    "late": "late",
    "wrong": "wrong",
    "missing": "missing",
}
OUTCOMES: Mapping[ArrivalOutcome, str] = {
    "expected": "watched from here",
    "on_time": "on time",
    "late": "late",
    "wrong": "wrong",
    "missing": "missing",
}
DELIVERIES: Mapping[DeliveryOutcome, str] = {
    "loaded": "loaded",
    "duplicate": "duplicate, not loaded again",
    "failed": "lies in failed",
    "replayed": "brought back to landing",
    "discarded": "discarded",
    "superseded": "replaced by a later delivery",
    "unloaded": "unloaded",
}
LANDED: Mapping[State, str] = {
    "ready": "ready",
    "unsettled": "still arriving",
    "waiting": "waiting",
    "orphan": "go file alone",
    "unmatched": "unmatched",
    "refused": "not taken",
}
LANDED_LEVELS: Mapping[State, Level] = {
    "ready": "good",
    "unsettled": "idle",
    "waiting": "idle",
    "orphan": "warning",
    "unmatched": "warning",
    "refused": "bad",
}

# Files in landing that are going to be loaded, as far as anybody knows.
WAITS: tuple[State, ...] = ("ready", "unsettled", "waiting")
# Of windows in which files are expected.
OF_WINDOWS: tuple[ProblemKind, ...] = ("missing", "wrong", "late")

_SPANS = ((86_400, "d"), (3_600, "h"), (60, "min"))
_BYTES = ("kB", "MB", "GB", "TB", "PB")


def span(seconds: float) -> str:
    """A span of time in its largest unit, cut: ``3 h``, ``12 min``, ``45 s``."""
    whole = int(abs(seconds))
    for unit, word in _SPANS:
        if whole >= unit:
            return f"{whole // unit:,} {word}"
    return f"{whole} s"


def duration(took: timedelta) -> str:
    """How long something took: ``1 h 20 min``, ``2 min 5 s``, ``3.2 s``."""
    seconds = max(took.total_seconds(), 0.0)
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def ago(moment: datetime, now: datetime) -> str:
    """Where a moment is, seen from now: ``3 h ago``, ``in 20 min``, ``just now``.

    :param moment: UTC without zone, as ``now`` is.
    """
    seconds = (now - moment).total_seconds()
    if abs(seconds) < 45:
        return "just now"
    return f"{span(seconds)} ago" if seconds > 0 else f"in {span(seconds)}"


def plain(moment: datetime) -> datetime:
    """A time as our tables have it, UTC without zone, whether or not it says its zone."""
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def machine_time(moment: datetime) -> str:
    """A time as HTML's ``time`` has it."""
    return f"{plain(moment).isoformat(timespec='seconds')}Z"


def utc_text(moment: datetime) -> str:
    """A time for who has no script to show it in their own zone."""
    return f"{plain(moment):%Y-%m-%d %H:%M} UTC"


def size(count: int) -> str:
    """A number of bytes with three digits at most: ``512 B``, ``1.5 MB``."""
    if count < 1000:
        return f"{count} B"
    value, units = count / 1000, iter(_BYTES)
    unit = next(units)
    while value >= 999.5:
        value, unit = value / 1000, next(units, unit)
    return f"{value:.1f} {unit}" if value < 9.95 else f"{value:,.0f} {unit}"


def short_number(count: int) -> str:
    """A number where there is no room for all its digits: ``9,010``, ``1.2 M``."""
    for least, unit in ((10**9, "G"), (10**6, "M")):
        if count >= least:
            return f"{count / least:.1f} {unit}"
    return f"{count:,}"
