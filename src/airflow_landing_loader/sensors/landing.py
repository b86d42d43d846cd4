"""The sensor that every generated DAG begins with."""

from __future__ import annotations

import time
from collections.abc import Sequence
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

from airflow_landing_loader import serde
from airflow_landing_loader.exceptions import ErrorDetail, LandingError, TransientError
from airflow_landing_loader.holdback import (
    LONG_PAUSE,
    PATIENCE,
    HeldBack,
    dump_held,
    load_held,
    offered,
)
from airflow_landing_loader.mapping.model import TableMapping
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.operators.gate import all_due, due_at
from airflow_landing_loader.operators.xcoms import (
    HELD_KEY,
    WAITING_KEY,
    previous_run_id,
)
from airflow_landing_loader.transport import sendable

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_landing_loader.landing.discovery import Discovery
    from airflow_landing_loader.pipeline import Pipeline

Lanes = list[list[str]]

TROUBLE_PAUSE = 60.0


class WaitForFilesSensor(LandingOperator, BaseSensorOperator):
    """Wait until files of a table are ready, and deal them out to lanes.

    A file is ready when its go file is there too, if its mapping asks for one, and both have come
    to rest. What no run takes (unmatched files, lonely go files, ...) is told once, in the log and
    to :class:`ReportRunOperator`, and again only when it changes.

    Files that an earlier run had to leave in landing are left out for some time. A zone that cannot
    be read is waited for, and fails the task after 15 minutes in a row.

    :param max_lanes: mapped tasks that a run makes of its files at most; a lane is one file unless
        there are more than that.
    :param batch_files: small files that one lane takes at most, then.
    :param neighbours: all mappings whose files lie in the same zone, so that none of those is
        called unmatched.
    :param wake_for_dbt: end early, without lanes, when dbt is due for the table.
    :param report_task_id: the :class:`ReportRunOperator` that knows what earlier runs left behind.
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
        self._wake_at: float | None = 0.0  # the past: dbt has not been asked for yet

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
            error = serde.load(event["error"])
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
        from airflow_landing_loader.triggers.landing import LandingFilesTrigger

        # Woken for nothing, the trigger and we see different things; no loop between the two.
        pause = TROUBLE_PAUSE if self._trouble_since else self.poke_interval if woken else 0.0
        settings = self.find_settings()
        self.defer(
            trigger=LandingFilesTrigger(
                landing_path=settings.landing_path,
                mappings=[m.model_dump(mode="json") for m in self.find_mappings(settings)[0]],
                deadline=deadline,
                wake_at=self._wake_at,
                held=dump_held(self._held(context)),
                start_at=time.time() + pause,
                trouble_since=self._trouble_since,
                poll_interval=self.poke_interval,
                gcp_conn_id=settings.gcp_conn_id,
                gcp_impersonation_chain=settings.gcp_impersonation_chain,
                aws_conn_id=settings.aws_conn_id,
                azure_conn_id=settings.azure_conn_id,
            ),
            method_name="execute_complete",
            # The trigger has its own deadline; this one is for the case that no triggerer runs.
            timeout=timedelta(seconds=max(0.0, deadline - time.time()) + PATIENCE + LONG_PAUSE),
        )
        raise AssertionError("defer() does not return")

    def _take(self, context: Context) -> Lanes | None:
        """Look into the zone; ``None``: there is nothing to do yet."""
        try:
            pipeline = self.make_pipeline(context)
            found = _two_looks(pipeline)
            self._tell_notices(context, pipeline)
            due = self._dbt_is_due(pipeline)
        except TransientError as error:
            self._bear(error)
            return None
        except LandingError as error:
            # Tried again, slowly: a DAG that runs without end must not fail without end.
            raise AirflowException(error.detail.text()) from None
        from airflow_landing_loader.lanes import plan_lanes

        self._trouble_since = None
        ready = offered(found.ready, self._held(context), time.time())
        if not ready:
            return [] if due else None
        lanes_at_most = min(self.max_lanes, conf.getint("core", "max_map_length", fallback=1024))
        plan = plan_lanes(ready, max_lanes=lanes_at_most, batch_files=self.batch_files)
        context["ti"].xcom_push(key=WAITING_KEY, value=plan.waiting)
        self.log.info("%d files ready, %d taken.", len(ready), len(ready) - plan.waiting)
        lanes: Lanes = sendable(plan.lanes)
        return lanes

    def _tell_notices(self, context: Context, pipeline: Pipeline) -> None:
        from airflow_landing_loader.sensors.notices import Notices

        _, others = self.find_mappings(pipeline.settings)
        Notices(context["ti"], self.log).tell(pipeline, [*self.neighbours, *others])

    def _bear(self, error: TransientError) -> None:
        """Wait for a zone to come back, but not for ever."""
        now = time.time()
        self._trouble_since = self._trouble_since or now
        self.log.warning("%s", error)
        if now - self._trouble_since >= PATIENCE:
            raise AirflowFailException(error.detail.text()) from None
        if self.reschedule:
            # No object lives from poke to poke to remember: Airflow's own retries do.
            raise AirflowException(error.detail.text()) from None

    def _dbt_is_due(self, pipeline: Pipeline) -> bool:
        """Ask the warehouse once, and again when it may have become due."""
        now = time.time()
        if self.wake_for_dbt and self._wake_at is not None and self._wake_at <= now:
            try:
                self._wake_at = min((due_at(due) for due in all_due(pipeline)), default=None)
            except TransientError as error:
                self.log.warning("Whether dbt is due will be asked again later: %s", error)
                self._wake_at = now + LONG_PAUSE
        if not self.wake_for_dbt:
            self._wake_at = None
        return self._wake_at is not None and self._wake_at <= now

    def _held(self, context: Context) -> tuple[HeldBack, ...]:
        """What earlier runs left behind; handed on, for the next run asks only this one."""
        ti = context["ti"]
        run_id = previous_run_id(ti) if self.report_task_id else None
        if run_id is None:
            return ()
        held = ti.xcom_pull(task_ids=self.report_task_id, key=HELD_KEY, run_id=run_id)
        if held:
            ti.xcom_push(key=HELD_KEY, value=held)
        return load_held(held)

    def _nothing_came(self) -> AirflowException:
        text = f"No file came within {self.timeout:g} seconds."
        return AirflowSkipException(text) if self.skip_on_timeout else AirflowSensorTimeout(text)


def _two_looks(pipeline: Pipeline) -> Discovery:
    """A file must look the same twice; the second look is spared if it cannot change anything."""
    from airflow_landing_loader.landing.discovery import LOOK_INTERVAL

    found = pipeline.discover()
    if not found.unsettled:
        return found
    time.sleep(LOOK_INTERVAL)
    return pipeline.discover(found.look)
