"""What should have come by a deadline and did not, told once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_landing_loader.codec import received, sendable
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.hooks.metrics import AirflowMeter
from airflow_landing_loader.loading.model import ArrivalRecord
from airflow_landing_loader.monitoring.metrics import tell_windows
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.runs.wording import arrivals_text, errors_text
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.xcom import values
from airflow_landing_loader.xcom.keys import TOLD_KEY, last_said

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_landing_loader.monitoring.news import News

Notify = Callable[["Context", Sequence[ArrivalRecord]], None]


class CheckArrivalsOperator(LandingOperator):
    """See what became of the files that mappings expect, write it into the books, and tell what is
    late, wrong or missing.

    Each window is told when its deadline has passed, again when it ends wrong or missing, and when
    that is mended. That something is late is no failure of this task: it fails only where it cannot
    look.

    :param notify: called with the context and what is to be told, before it counts as told: if it
        fails, the next try tells it again. Not called where there is nothing.
    :return: what is told, each as :func:`~airflow_landing_loader.xcom.values.dump` writes an
        :class:`~airflow_landing_loader.loading.model.ArrivalRecord`; of a window that has not
        ended the outcome is ``late``, or ``wrong`` if something has come.
    :raises AirflowException: the warehouse cannot be asked, or somebody else holds it.
    :raises AirflowFailException: a mapping names a calendar that nobody knows; all other mappings
        are looked at, and told.
    """

    def __init__(self, *, notify: Notify | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.notify = notify

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Look once; see the class."""
        ti: Any = context["ti"]
        before = received(last_said(ti, TOLD_KEY) or [])
        # Also when this task fails: the next run asks only this one.
        ti.xcom_push(key=TOLD_KEY, value=sendable(before))
        news, problems = self._look(context, before)
        if news.records:
            said = counted(len(news.records), "window")
            self.log.warning("To be told of %s:\n%s", said, arrivals_text(news.records))
            if self.notify is not None:
                self.notify(context, news.records)
        else:
            self.log.info("Nothing is late, wrong or missing that was not told before.")
        ti.xcom_push(key=TOLD_KEY, value=sendable([list(astuple(told)) for told in news.told]))
        said_now = [sendable(values.dump(record)) for record in news.records]
        if problems:
            ti.xcom_push(key="return_value", value=said_now)
            raise AirflowFailException(errors_text(problems))
        return said_now

    def _look(
        self, context: Context, before: Sequence[Sequence[str]]
    ) -> tuple[News, Sequence[ErrorDetail]]:
        # Imported here: the scheduler parses DAGs without ever asking the books.
        from airflow_landing_loader.monitoring.expected import look_and_record
        from airflow_landing_loader.monitoring.news import Told, news_of

        run: Any = context["dag_run"]
        with self.core(context) as pipeline:
            expected = look_and_record(
                pipeline.warehouse,
                pipeline.mappings,
                # The clock of a worker may be behind that of the scheduler.
                not_before=run.run_after,
                patience=pipeline.settings.lock_timeout,
            )
        tell_windows(AirflowMeter(), expected.news)
        return news_of(expected, [Told(*entry) for entry in before]), expected.problems
