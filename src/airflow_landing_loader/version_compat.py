"""The only file that looks at Airflow's version.

A feature of a newer Airflow is guarded by the constant of the release that brought it, so that
dropping a release is one search for its constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow import __version__
from packaging.version import Version

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Asset

AIRFLOW_VERSION: tuple[int, ...] = Version(__version__).release[:2]

AIRFLOW_V_3_2_PLUS: bool = AIRFLOW_VERSION >= (3, 2)
AIRFLOW_V_3_3_PLUS: bool = AIRFLOW_VERSION >= (3, 3)


def any_asset_or_cron(assets: Sequence[Asset], cron: str) -> Any:
    """A schedule that runs a DAG when one of the assets is updated, and by the clock as well.

    :param assets: at least one.
    :param cron: when by the clock, UTC.
    """
    from airflow.providers.common.compat.sdk import AssetAny

    if AIRFLOW_V_3_2_PLUS:
        from airflow.sdk import AssetOrTimeSchedule
    else:
        from airflow.timetables.assets import AssetOrTimeSchedule  # type: ignore[assignment]
    return AssetOrTimeSchedule(timetable=by_the_clock(cron), assets=AssetAny(*assets))


def by_the_clock(cron: str) -> Any:
    """A schedule of cron whose runs have the second before them for their data interval.

    Airflow's own have an interval of no length. After such a run ``@continuous`` begins where the
    interval ended, on a logical date that a run has already: the scheduler skips it, for ever.

    :param cron: UTC.
    """
    if AIRFLOW_V_3_2_PLUS:
        from airflow.sdk import CronTriggerTimetable
    else:
        from airflow.timetables.trigger import CronTriggerTimetable  # type: ignore[assignment]
    return CronTriggerTimetable(cron, timezone="UTC", interval=timedelta(seconds=1))


def after_login(url: str) -> str:
    """An address as Airflow's login takes it as ``next``, which is not yet quoted as a parameter.

    Airflow 3.1 hands the parameter on without quoting it again: all after an ``&`` would be lost.

    :param url: absolute, quoted as a browser asks for it.
    """
    return url if AIRFLOW_V_3_2_PLUS else quote(url, safe=":/?=")
