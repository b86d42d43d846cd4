"""The one place that tells of files that no mapping matches."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.discovery.discover import discover
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.runs.refusals import (
    Refusal,
    dump_refusals,
    judge,
    load_refusals,
    no_strangers_text,
    strangers,
    strangers_text,
    unclaimed,
)
from airflow_landing_loader.xcom.keys import REFUSED_KEY, last_said

if TYPE_CHECKING:
    from airflow.sdk import Context


class ReportUnmatchedOperator(LandingOperator):
    """Fail with the files that no mapping matches, once for each of them.

    A later run that finds the same files is skipped, so that one stranger is one alarm; ten minutes
    lie between two alarms at least.

    :param claimed_patterns: names that DAGs of your own take.
    :raises AirflowFailException: something new lies in landing that nobody will take; at most 200
        names at a time.
    :raises AirflowSkipException: there is nothing new.
    """

    ui_color = "#f7d6d0"

    def __init__(self, *, claimed_patterns: Sequence[str] = (), **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.claimed_patterns = claimed_patterns

    def execute(self, context: Context) -> NoReturn:
        """Look once; see the class."""
        with self.core(context) as pipeline:
            own, others = self.find_mappings(pipeline.settings)
            found = discover(pipeline.zones.landing, [*own, *others], now=time.time())
            landing = pipeline.zones.landing.path
            # Whoever wrote last may have left it to somebody later: an object takes few writes.
            with contextlib.suppress(LandingError):
                pipeline.warehouse.publish_summary()
        names = unclaimed(found.unmatched, self.claimed_patterns)
        over = self._new(context["ti"], names)
        if over:
            raise AirflowFailException(strangers_text(over, len(names), landing))
        raise AirflowSkipException(no_strangers_text(len(names), landing))

    def _new(self, ti: Any, names: Sequence[str]) -> tuple[Refusal, ...]:
        """Those that are to be told now; what was told is remembered for the next run."""
        now = time.time()
        judged = judge(load_refusals(last_said(ti, REFUSED_KEY)), strangers(names, now), now)
        ti.xcom_push(key=REFUSED_KEY, value=dump_refusals(judged.remembered))
        return judged.over
