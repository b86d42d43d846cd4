"""Schedules: presets and cron."""

from __future__ import annotations

from typing import Any

from airflow_landing_loader.config.yaml.values import any_case, matches, pattern_schema, refusal
from airflow_landing_loader.exceptions import ErrorCode

PRESETS = ("continuous", "hourly", "daily", "weekly", "monthly", "once")


def _cron_field(value: str, extra: str = "") -> str:
    item = rf"(?:(?:\*|{value}(?:-{value})?)(?:/[1-9][0-9]?)?{extra})"
    return f"{item}(?:,{item})*"


_MONTH = "(?:0?[1-9]|1[0-2]|" + any_case("jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec") + ")"


_WEEKDAY = "(?:[0-7]|" + any_case("sun|mon|tue|wed|thu|fri|sat") + ")"


CRON_PATTERN = (
    "^"
    + " +".join(
        (
            _cron_field("(?:[0-5]?[0-9])"),
            _cron_field("(?:[01]?[0-9]|2[0-3])"),
            _cron_field("(?:0?[1-9]|[12][0-9]|3[01])", "|[lL]"),
            _cron_field(_MONTH),
            _cron_field(_WEEKDAY),
        )
    )
    + "$"
)


SCHEDULE_SCHEMA: dict[str, Any] = {
    "type": "string",
    "anyOf": [
        {"enum": [*PRESETS, *(f"@{name}" for name in PRESETS)]},
        pattern_schema(CRON_PATTERN, "A preset, or five cron fields."),
    ],
}


def check_schedule(text: str) -> str | None:
    """A schedule as Airflow takes it: ``None`` for continuous, ``@preset`` or a cron expression.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    name = text.removeprefix("@")
    if name == "continuous":
        return None
    if name in PRESETS:
        return f"@{name}"
    if not matches(CRON_PATTERN, text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not a schedule. Allowed: {', '.join(PRESETS)}, or five cron fields "
            "(minute, hour, day of month, month, day of week).",
            hint='For example "*/15 6-20 * * MON-FRI".',
        )
    if _never(text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"The schedule {text!r} names only days that no month has.",
            hint="Correct the day of month or the month.",
        )
    return text


def _never(cron: str) -> bool:
    """Whether no day ever comes that it names: the 30th of February."""
    # Imported here: most mappings have no schedule, and every task reads them.
    from croniter import CroniterBadDateError, croniter

    try:
        croniter(cron, 0.0).get_next(float)
    except CroniterBadDateError:
        return True
    return False
