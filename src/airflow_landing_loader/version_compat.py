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
from airflow.providers.common.compat.sdk import AirflowException
from packaging.version import Version

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Asset

AIRFLOW_VERSION: tuple[int, ...] = Version(__version__).release[:2]

AIRFLOW_V_3_2_PLUS: bool = AIRFLOW_VERSION >= (3, 2)
AIRFLOW_V_3_3_PLUS: bool = AIRFLOW_VERSION >= (3, 3)

WAITS_AS_TOLD: bool = AIRFLOW_V_3_3_PLUS
"""Whether a task that fails can say how long Airflow waits before it tries it again."""


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


def at_times(crons: Sequence[str], timezone: str) -> Any:
    """A schedule of several crons, in a zone whose clocks are put forward and back.

    A time that no clock shows is when it would have been, and one that comes twice is the second:
    never before the clocks have reached it.

    :param crons: at least one.
    """
    if AIRFLOW_V_3_2_PLUS:
        from airflow.sdk import MultipleCronTriggerTimetable
    else:
        from airflow.timetables.trigger import (  # type: ignore[assignment]
            MultipleCronTriggerTimetable,
        )
    return MultipleCronTriggerTimetable(*crons, timezone=timezone)


class RetryInError(AirflowException):
    """A try has failed, and the next one comes after a while.

    :param wait: seconds, where Airflow can be told (:data:`WAITS_AS_TOLD`).
    :param reason: in words.
    """

    def __init__(self, text: str, *, wait: float, reason: str) -> None:
        super().__init__(text)
        self.wait = wait
        self.reason = reason


def wait_as_told() -> dict[str, Any]:
    """Arguments of a task by which :class:`RetryInError` decides how long Airflow waits.

    Before Airflow 3.3 there are none: the task's own ``retry_delay`` counts.
    """
    if not WAITS_AS_TOLD:
        return {}
    from airflow.sdk import RetryDecision, RetryPolicy

    class WaitAsTold(RetryPolicy):
        def evaluate(
            self,
            exception: BaseException,
            try_number: int,  # noqa: ARG002 - whoever raised it has counted
            max_tries: int,  # noqa: ARG002
            context: Any = None,  # noqa: ARG002
        ) -> RetryDecision:
            if isinstance(exception, RetryInError):
                wait = timedelta(seconds=exception.wait)
                return RetryDecision.retry(wait, reason=exception.reason)
            return RetryDecision.default()

    return {"retry_policy": WaitAsTold()}


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
