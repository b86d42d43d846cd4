"""The command `doctor`: is everything there that a load needs, and how to mend what is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from airflow_landing_loader.cli import session
from airflow_landing_loader.cli.doctor import Check, Level, Topic
from airflow_landing_loader.cli.doctor.database import database_checks
from airflow_landing_loader.cli.doctor.environment import (
    airflow_checks,
    dbt_checks,
    settings_checks,
    version_checks,
)
from airflow_landing_loader.cli.doctor.places import (
    channel_checks,
    mapping_checks,
    zone_checks,
)
from airflow_landing_loader.cli.failures import ExitCode
from airflow_landing_loader.cli.grid import Grid
from airflow_landing_loader.cli.terminal import Screen
from airflow_landing_loader.exceptions import ConfigurationError, LandingError
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.settings.model import SettingRow

_STYLES: dict[Level, str] = {"ok": "green", "warn": "yellow", "error": "red"}
_BAD: tuple[tuple[Level, str], ...] = (("error", "error"), ("warn", "warning"))
_EXAMINERS: tuple[Callable[[Settings], Iterator[Check]], ...] = (
    settings_checks,
    zone_checks,
    mapping_checks,
    channel_checks,
    database_checks,
    dbt_checks,
    airflow_checks,
)


def doctor(out: Screen, *, as_json: bool) -> ExitCode:
    """Examine everything and write what was found.

    :returns: ``ENVIRONMENT`` if something must be mended before anything loads, else ``DATA`` if
        only mappings are wrong, else ``GOOD``.
    """
    rows: tuple[SettingRow, ...] = ()
    checks = list(version_checks())
    try:
        settings = session.read_settings()
    except ConfigurationError as error:
        checks.append(Check.of_error("settings", error))
    else:
        rows = settings.describe()
        for examiner in _EXAMINERS:
            checks += _examined(examiner, settings)
    if as_json:
        out.json(_document(rows, checks))
    else:
        _show(out, rows, checks)
    return _exit_code(checks)


def _examined(
    examiner: Callable[[Settings], Iterator[Check]], settings: Settings
) -> Iterator[Check]:
    """The checks of one topic; what keeps it from being examined is a check too."""
    topic: Topic = examiner.__name__.removesuffix("_checks")  # type: ignore[assignment]
    try:
        yield from examiner(settings)
    except LandingError as error:
        yield Check.of_error(topic, error)
    except OSError as error:
        yield Check(
            topic=topic,
            level="error",
            message=f"{error.filename}: {error.strerror}",
            mend="Check rights and mounts.",
        )


def _exit_code(checks: list[Check]) -> ExitCode:
    wrong = {check.topic for check in checks if check.level == "error"}
    if wrong - {"mapping", "channel"}:
        return ExitCode.ENVIRONMENT
    return ExitCode.DATA if wrong else ExitCode.GOOD


def _show(out: Screen, rows: tuple[SettingRow, ...], checks: list[Check]) -> None:
    out.grid(
        Grid(
            title="Settings",
            headers=("setting", "value", "from"),
            # What nobody has set came from nowhere: on a narrow terminal that saves its line.
            rows=tuple(
                (row.name, row.value, "" if row.origin == "default" else row.origin) for row in rows
            ),
            empty="",
        )
    )
    for check in checks:
        line = f"{check.level:<6}{check.topic:<10}{check.message}"
        out.line(line, _STYLES[check.level], hang=16)
        if check.mend:
            out.line(f"{'':<16}{check.mend}", hang=16)
    counts = Counter(check.level for check in checks)
    bad = [counted(counts[level], word) for level, word in _BAD if counts[level]]
    out.line()
    out.line(f"{' and '.join(bad)} above" if bad else "Everything is there.", "bold")


def _document(rows: tuple[SettingRow, ...], checks: list[Check]) -> dict[str, Any]:
    return {
        "ok": not any(check.level == "error" for check in checks),
        "settings": [asdict(row) for row in rows],
        "checks": [asdict(check) for check in checks],
    }
