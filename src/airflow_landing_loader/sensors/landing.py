"""The sensor that every generated DAG begins with."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    AirflowSensorTimeout,
    AirflowSkipException,
    BaseSensorOperator,
    PokeReturnValue,
    conf,
)

from airflow_landing_loader.codec import sendable
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorDetail, LandingError, TransientError, shown
from airflow_landing_loader.hooks.connections import Connections
from airflow_landing_loader.hooks.metrics import AirflowMeter
from airflow_landing_loader.monitoring.metrics import tell_waiting
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.runs.dbt_due import NEVER, Wake
from airflow_landing_loader.runs.holdback import HeldBack, dump_held, load_held
from airflow_landing_loader.runs.refusals import dump_refusals, load_refusals
from airflow_landing_loader.xcom import values
from airflow_landing_loader.xcom.keys import (
    ALARM_KEY,
    HELD_KEY,
    NEWS_KEY,
    NOTICES_KEY,
    REFUSED_KEY,
    WAITING_KEY,
    last_said,
    previous_run_id,
)

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_landing_loader.pipeline.pipeline import Pipeline
    from airflow_landing_loader.runs.lanes import LanePlan
    from airflow_landing_loader.runs.waiting import Memory, Weighed

Lanes = list[list[str]]


class WaitForFilesSensor(LandingOperator, BaseSensorOperator):
    """Wait until files of a table are ready, and deal them out to lanes.

    A file is ready when its go file is there too, if its mapping asks for one, and both have come
    to rest. What the table should take and no run does (a folder, a lonely go file, ...) is told
    once, in the log and to :class:`ReportRunOperator`, and again only when it changes; that a file
    waits for its go file, in the log alone. What no mapping matches is told by
    :class:`ReportUnmatchedOperator`.

    Files that an earlier run had to leave in landing are left out for some time. A zone that cannot
    be read is waited for, and fails the task after 15 minutes in a row.

    :param max_lanes: mapped tasks that a run makes of its files at most; a lane is one file unless
        there are more than that.
    :param batch_files: small files that one lane takes at most, then.
    :param neighbours: all mappings whose files lie in the same zone: a file that two of them may
        take is taken by none.
    :param wake_for_dbt: end early, without lanes, when dbt is due for the table.
    :param report_task_id: the :class:`ReportRunOperator` that knows what earlier runs left behind,
        and that fails the run over a refused file. The wait ends early, without lanes, when one
        comes; each fails one run, and ten minutes lie between two such runs.
    :param skip_on_timeout: whether the task is skipped when no file came within ``timeout``
        seconds; else it fails.
    :param deferrable: wait in the triggerer instead of on a worker.
    :return: lanes, each a list of file names; for ``.expand(files=...)``.
    :raises AirflowSkipException: no file came in time.
    :raises AirflowSensorTimeout: the same, without ``skip_on_timeout``.
    :raises AirflowFailException: the zone could not be read for 15 minutes.
    """

    def __init__(
        self,
        *,
        max_lanes: int = 50,
        batch_files: int = 2000,
        neighbours: Sequence[TableMapping] = (),
        wake_for_dbt: bool = False,
        report_task_id: str | None = None,
        skip_on_timeout: bool = True,
        poke_interval: float = 10.0,
        timeout: float = 3600.0,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(poke_interval=poke_interval, timeout=timeout, **kwargs)
        self.max_lanes = max_lanes
        self.batch_files = batch_files
        self.neighbours = neighbours
        self.wake_for_dbt = wake_for_dbt
        self.report_task_id = report_task_id
        self.skip_on_timeout = skip_on_timeout
        self.deferrable = deferrable
        self._trouble_since: float | None = None
        self._in_gaps: tuple[HeldBack, ...] = ()
        self._wake = Wake() if wake_for_dbt else NEVER

    def execute(self, context: Context) -> Lanes:
        """Wait; see the class."""
        if self.deferrable:
            return self._take_or_defer(context, deadline=time.time() + self.timeout)
        try:
            return super().execute(context)  # type: ignore[no-any-return]
        except AirflowSensorTimeout as error:
            raise self._nothing_came() from error

    def poke(self, context: Context) -> bool | PokeReturnValue:
        """Look once, as :class:`BaseSensorOperator` asks for it."""
        lanes = self._take(context)
        return False if lanes is None else PokeReturnValue(is_done=True, xcom_value=lanes)

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Lanes:
        """Go on after :class:`LandingFilesTrigger` fired: look again with the mappings of now.

        :param event: what the trigger said.
        """
        if event["status"] == "error":
            error = values.load(event["error"])
            raise AirflowFailException(error.text() if isinstance(error, ErrorDetail) else "")
        if event["status"] == "timeout":
            raise self._nothing_came()
        self._trouble_since = event["trouble_since"]
        return self._take_or_defer(context, deadline=event["deadline"], woken=True)

    def _take_or_defer(self, context: Context, *, deadline: float, woken: bool = False) -> Lanes:
        lanes = self._take(context)
        if lanes is not None:
            return lanes
        # Imported here, as are those below: a DAG file is read without ever looking into a zone.
        from airflow_landing_loader.runs.waiting import OVERTIME, next_look
        from airflow_landing_loader.triggers.landing import LandingFilesTrigger

        now = time.time()
        look = next_look(
            now,
            self.poke_interval,
            woken=woken,
            trouble=self._trouble_since is not None,
            wake_at=self._wake.at,
        )
        settings = self.find_settings()
        if not woken:
            self.log.info("No file is ready in %s; waiting for one.", settings.landing_path)
        self.defer(
            trigger=LandingFilesTrigger(
                landing_path=settings.landing_path,
                mappings=[
                    m.model_dump(mode="json")
                    for m in self.mappings_taken(*self.find_mappings(settings))
                ],
                deadline=deadline,
                wake_at=look.wake_at,
                held=dump_held([*self._held(context["ti"]), *self._in_gaps]),
                refused=last_said(context["ti"], REFUSED_KEY) if self.report_task_id else None,
                start_at=look.start_at,
                trouble_since=self._trouble_since,
                poll_interval=self.poke_interval,
                **asdict(Connections.of(settings)),
            ),
            method_name="execute_complete",
            # The trigger has its own deadline; this one is for the case that no triggerer runs.
            timeout=timedelta(seconds=max(0.0, deadline - now) + OVERTIME),
        )
        raise AssertionError("defer() does not return")

    def _take(self, context: Context) -> Lanes | None:
        """Look into the zone; ``None``: there is nothing to do yet."""
        from airflow_landing_loader.runs.waiting import held_for_numbers, look_twice, weigh

        ti = context["ti"]
        try:
            pipeline = self.make_pipeline(context)
            found = look_twice(pipeline)
            self._log_notices(ti, pipeline)
            self._ask_for_dbt(pipeline)
        except TransientError as error:
            self._tolerate(error)
            return None
        except LandingError as error:
            # Tried again, slowly: a DAG that runs without end must not fail without end.
            raise AirflowException(error.detail.text()) from None
        self._trouble_since = None
        now = time.time()
        self._in_gaps = held_for_numbers(found, now)
        for held in found.held:
            name = shown(held.delivery.data.name)
            self.log.info("%s waits for number %d of its sequence.", name, held.missing)
        weighed = weigh(found, self._memory(ti), now)
        self._hand_on(ti, weighed)
        plan = weighed.plan(
            due=self._wake.is_due(now),
            max_lanes=min(self.max_lanes, conf.getint("core", "max_map_length", fallback=1024)),
            batch_files=self.batch_files,
        )
        taken = () if plan is None else {name for lane in plan.lanes for name in lane}
        tell_waiting(AirflowMeter(), found, pipeline.taken, taken=taken)
        return None if plan is None else self._lanes(ti, plan, pipeline)

    def _lanes(self, ti: Any, plan: LanePlan, pipeline: Pipeline) -> Lanes:
        from airflow_landing_loader.runs.lanes import ready_text

        if plan.lanes:
            ti.xcom_push(key=WAITING_KEY, value=plan.waiting)
            self.log.info("%s", ready_text(plan, pipeline.zones.landing.path))
        lanes: Lanes = sendable(plan.lanes)
        return lanes

    def _log_notices(self, ti: Any, pipeline: Pipeline) -> None:
        from airflow_landing_loader.runs.notices import all_new_notices, new_notices

        _, others = self.find_mappings(pipeline.settings)
        known = last_said(ti, NOTICES_KEY) or ()
        notices = new_notices(pipeline, [*self.neighbours, *others], known)
        wrong = [text for text in notices.new if text not in notices.waits]
        for text in notices.waits:
            self.log.info("%s", text)
        for text in wrong:
            self.log.warning("%s", text)
        # Also when nothing has changed: the next run asks only this one.
        ti.xcom_push(key=NOTICES_KEY, value=list(notices.current))
        if wrong:
            said = ti.xcom_pull(task_ids=ti.task_id, key=NEWS_KEY) or ()
            ti.xcom_push(key=NEWS_KEY, value=all_new_notices(said, wrong))

    def _tolerate(self, error: TransientError) -> None:
        """Wait for a zone to come back, as long as that is no failure."""
        from airflow_landing_loader.runs.waiting import is_tolerable

        now = time.time()
        self._trouble_since = self._trouble_since or now
        self.log.warning("%s", error)
        if not is_tolerable(self._trouble_since, now):
            raise AirflowFailException(error.detail.text()) from None
        if self.reschedule:
            # No object lives from poke to poke to remember: Airflow's own retries do.
            raise AirflowException(error.detail.text()) from None

    def _ask_for_dbt(self, pipeline: Pipeline) -> None:
        self._wake = self._wake.asked_again(pipeline, time.time())
        if self._wake.trouble is not None:
            self.log.warning("Whether dbt is due will be asked again later: %s", self._wake.trouble)

    def _memory(self, ti: Any) -> Memory:
        from airflow_landing_loader.runs.waiting import Memory

        known = load_refusals(last_said(ti, REFUSED_KEY)) if self.report_task_id else None
        return Memory(held=self._held(ti), refused=known)

    def _held(self, ti: Any) -> tuple[HeldBack, ...]:
        """What earlier runs left behind; handed on, for the next run asks only this one."""
        run_id = previous_run_id(ti) if self.report_task_id else None
        if run_id is None:
            return ()
        held = ti.xcom_pull(task_ids=self.report_task_id, key=HELD_KEY, run_id=run_id)
        if held:
            ti.xcom_push(key=HELD_KEY, value=held)
        return load_held(held)

    def _hand_on(self, ti: Any, weighed: Weighed) -> None:
        """What is refused, to the next look, and to the report what fails this run."""
        if weighed.refusals is not None:
            ti.xcom_push(key=REFUSED_KEY, value=dump_refusals(weighed.refusals.remembered))
        if weighed.alarm:
            ti.xcom_push(key=ALARM_KEY, value=dump_refusals(weighed.alarm))

    def _nothing_came(self) -> AirflowException:
        text = f"No file came within {self.timeout:g} seconds."
        return AirflowSkipException(text) if self.skip_on_timeout else AirflowSensorTimeout(text)
