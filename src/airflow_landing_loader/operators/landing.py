"""The four steps of a file as Airflow tasks: validate, load, archive, and quarantine.

Each works on one file or on several at once, reads its arguments, calls one function of the core
and says in Airflow's terms what came out. Between them travel the core's verdicts as XCom: names,
counts and hashes, never cell values.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException, conf

from airflow_landing_loader.codec import received, sendable
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.hooks.connections import Connections
from airflow_landing_loader.hooks.metrics import AirflowMeter, timed
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.model import Refused, Verdict
from airflow_landing_loader.monitoring.metrics import StepName, tell_failed, tell_verdicts
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.operators.links import FailuresLink, LoadsLink, TableLink
from airflow_landing_loader.runs.lanes import lane_label
from airflow_landing_loader.runs.steps import lane_end, not_moved, verdicts_of, without_verdict
from airflow_landing_loader.runs.wording import (
    MAX_NAME,
    errors_text,
    outcome_text,
    verdict_text,
)
from airflow_landing_loader.safe_text import printable
from airflow_landing_loader.xcom import values
from airflow_landing_loader.xcom.batches import Step, batch_names, dump_batch, load_batch
from airflow_landing_loader.xcom.keys import pull_errors

if TYPE_CHECKING:
    from airflow.providers.openlineage.extractors import OperatorLineage
    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from airflow_landing_loader.loading.warehouses.base import StillRunningError
    from airflow_landing_loader.pipeline.pipeline import Pipeline

_JOB_WAIT = 10.0  # seconds; most jobs of small batches have ended by then
_POLL = 5.0


class _LaneOperator(LandingOperator):
    """What works on a lane: in a mapped task group the grid shows it by the names of its files."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("map_index_template", "{{ task.label }}")
        super().__init__(**kwargs)


class _VerdictOperator(_LaneOperator):
    """What validating and loading share: how verdicts become the end of a task.

    :param leave_to_next_run: a file that is not fit *yet* (it changes, or is too young to be called
        wrong) is left in landing and the task skipped, instead of trying again while the whole run
        waits. For a DAG whose next run begins at once and holds it back for a while.
    """

    def __init__(self, *, leave_to_next_run: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.leave_to_next_run = leave_to_next_run
        self._pipeline: Pipeline | None = None
        self._batch: Sequence[Step] = ()
        self._verdicts: Sequence[Step] = ()

    def settle(self, context: Context, verdicts: Sequence[Step]) -> dict[str, Any]:
        """Log the verdicts and return them for the next step, or end as they say."""
        self._verdicts = verdicts
        end = lane_end(verdicts, leave_to_next_run=self.leave_to_next_run)
        if end.ending == "gone":
            names = lane_label([verdict.delivery.data.name for verdict in verdicts])
            raise self._skipped(f"No longer in the landing zone, nothing to do: {names}")
        if end.ending == "left" and not self._waits_for_others(context, end.errors):
            self.hand_on(context, end.errors, end.refused)
            raise self._skipped(f"Left to the next run: {errors_text(end.errors)}")
        if end.errors:
            raise self.give_up(context, end.errors, end.refused) from None
        for verdict in end.present:
            say = self.log.error if isinstance(verdict, Refused) else self.log.info
            say("%s", verdict_text(verdict, show_values=self.show_values))
        return {"began": self.began, **dump_batch(end.present, show_values=self.show_values)}

    def get_openlineage_facets_on_complete(self, task_instance: Any) -> OperatorLineage[Any, Any]:  # noqa: ARG002
        """What has been read and written; Airflow's provider for OpenLineage asks."""
        # Imported here, as is what stands there: nobody else has the provider.
        from airflow_landing_loader.operators.lineage import operator_lineage
        from airflow_landing_loader.runs.lineage import Lineage, lineage_of

        refused = [verdict.error for verdict in self._verdicts if isinstance(verdict, Refused)]
        reason = errors_text(self.errors or refused)
        if self._pipeline is None:
            return operator_lineage(Lineage(), reason=reason)
        settings = self._pipeline.settings
        lineage = lineage_of(self._batch, self._verdicts, settings)
        job = self._pipeline.warehouse.last_job if lineage.writes else None
        return operator_lineage(
            lineage,
            reason=reason,
            job=None if job is None else (settings.loader_backend, job),
        )

    def get_openlineage_facets_on_failure(self, task_instance: Any) -> OperatorLineage[Any, Any]:
        """The same of a task that failed."""
        return self.get_openlineage_facets_on_complete(task_instance)

    def _waits_for_others(self, context: Context, errors: Sequence[ErrorDetail]) -> bool:
        """Whether another machine is in trouble, and is asked again before files are left."""
        troubled = [error for error in errors if error.trouble is not None]
        return bool(troubled) and self.next_retry(context, troubled) is not None

    def _skipped(self, why: str) -> AirflowSkipException:
        """The end of a task, whose reason Airflow's own line in the log leaves out."""
        self.log.info("%s", why)
        return AirflowSkipException(why)


class ValidateFilesOperator(_VerdictOperator):
    """Inspect files and check them against their go file, trailer and header; change nothing.

    :param files: names of data files in the landing zone: one, several, or a JSON list as text.
    :param leave_to_next_run: do not try again when a file is not fit *yet* (it changes, or is too
        young to be called wrong): leave it in landing.
    :return: the verdicts, for :class:`LoadFilesOperator`.
    :raises AirflowFailException: every file is refused for good; XCom ``landing_error`` says why.
    :raises AirflowException: no file is good, and one may be by the next try.
    :raises AirflowSkipException: no file is there any more; somebody has dealt with them. Or, with
        ``leave_to_next_run``, none is fit yet.
    """

    template_fields: Sequence[str] = ("files", *LandingOperator.template_fields)

    def __init__(self, *, files: str | Sequence[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.files = files

    @property
    def label(self) -> str:
        """What the grid calls this task: the file's name, or ``250 files: a.csv … b.csv``."""
        return lane_label(file_names(self.files))

    def execute(self, context: Context) -> dict[str, Any]:
        """Validate the files; see the class."""
        self.began = time.time()
        with self.core(context) as self._pipeline, timed("validate", self._pipeline):
            verdicts = self._pipeline.validate_batch(file_names(self.files))
        return self.settle(context, verdicts)


class LoadFilesOperator(_VerdictOperator):
    """Load validated files into their table, each as one transaction.

    :param validated: what :class:`ValidateFilesOperator` returned: its ``output``.
    :param deferrable: give up the worker while BigQuery works on a job for longer than ten
        seconds. DuckDB works in the worker itself.
    :param leave_to_next_run: as :class:`ValidateFilesOperator`.
    :return: the verdicts, for :class:`ArchiveFilesOperator`.
    :raises AirflowFailException: every file is refused for good; XCom ``landing_error`` says why.
    :raises AirflowException: no file is loaded, and one may be by the next try: the database is
        locked, a file has changed.
    :raises AirflowSkipException: as :class:`ValidateFilesOperator`.
    """

    template_fields: Sequence[str] = ("validated", *LandingOperator.template_fields)
    operator_extra_links = (TableLink(), LoadsLink())

    def __init__(
        self,
        *,
        validated: Any,
        deferrable: bool = conf.getboolean("operators", "default_deferrable", fallback=False),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.validated = validated
        self.deferrable = deferrable
        self.job_wait = _JOB_WAIT if deferrable else None

    @property
    def label(self) -> str:
        """As :class:`ValidateFilesOperator`."""
        return lane_label(batch_names(self.validated))

    def execute(self, context: Context) -> dict[str, Any]:
        """Load the files; see the class."""
        # Imported here: the scheduler parses DAGs without ever loading a file.
        from airflow_landing_loader.loading.warehouses.base import StillRunningError

        batch = [v for v in load_batch(self.validated) if isinstance(v, Validated | Refused)]
        self._batch = batch
        self.began = self.validated.get("began")
        try:
            with self.core(context) as self._pipeline, timed("load", self._pipeline):
                verdicts = self._pipeline.load(batch)
        except StillRunningError as running:
            self.log.info("%s; this task gives up its worker until then", running)
            self.defer(trigger=self._trigger(running), method_name="resume")
        tell_verdicts(AirflowMeter(), verdicts)
        return self.settle(context, verdicts)

    def resume(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Go on when the job has ended, in whatever way: loading again takes its result."""
        self.log.info("the job has ended: %s", event.get("status"))
        return self.execute(context)

    def on_kill(self) -> None:
        """Stop the job that this task has submitted; the next try begins another one."""
        if self._pipeline is not None:
            self._pipeline.warehouse.cancel()

    def _trigger(self, running: StillRunningError) -> BaseTrigger:
        # Imported here: DuckDB does without the Google provider.
        from airflow.providers.google.cloud.triggers.bigquery import BigQueryInsertJobTrigger

        connections = Connections.of(self.find_settings())
        return BigQueryInsertJobTrigger(
            conn_id=connections.gcp_conn_id,
            job_id=running.job_id,
            project_id=running.project,
            location=running.location,
            poll_interval=_POLL,
            impersonation_chain=connections.impersonated,
            cancel_on_kill=running.own,
        )


class ArchiveFilesOperator(_LaneOperator):
    """Move loaded files to the archive, and the refused ones of the same lane to the failed zone.

    :param verdicts: what :class:`LoadFilesOperator` returned: its ``output``.
    :return: the outcome of each file.
    :raises AirflowException: a file could not be moved; it is still where it was.
    """

    template_fields: Sequence[str] = ("verdicts", *LandingOperator.template_fields)

    def __init__(self, *, verdicts: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.verdicts = verdicts

    @property
    def label(self) -> str:
        """As :class:`ValidateFilesOperator`."""
        return lane_label(batch_names(self.verdicts))

    def execute(self, context: Context) -> dict[str, Any]:
        """Move the files; see the class."""
        self.began = self.verdicts.get("began")
        return _finish(self, "archive", context, verdicts_of(load_batch(self.verdicts)))


class QuarantineFilesOperator(_LaneOperator):
    """Move refused files to the failed zone, each with a sidecar that says why.

    Only what a retry cannot help is moved. A file whose tasks used up their retries, or died
    without a word, stays in landing, and the log says so.

    :param files: names of the lane's files, as :class:`ValidateFilesOperator` takes them.
    :param error_task_ids: tasks that may have refused them, in the same lane.
    :return: the outcome of each file that a task gave a reason for.
    :raises AirflowException: a file could not be moved; it is still where it was.
    """

    template_fields: Sequence[str] = ("files", "error_task_ids", *LandingOperator.template_fields)
    operator_extra_links = (TableLink(), FailuresLink())

    def __init__(
        self,
        *,
        files: str | Sequence[str],
        error_task_ids: Sequence[str] = ("validate", "load"),
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.files = files
        self.error_task_ids = error_task_ids

    @property
    def label(self) -> str:
        """As :class:`ValidateFilesOperator`."""
        return lane_label(file_names(self.files))

    def execute(self, context: Context) -> dict[str, Any]:
        """Move the files; see the class."""
        said = pull_errors(context["ti"], self.error_task_ids, dag_id=self.dag_id)
        refused = [v for error in said for v in verdicts_of(load_batch(error["refused"]))]
        for name in without_verdict(file_names(self.files), refused):
            self.log.warning(
                "%s is left in landing: its task gave no verdict.", printable(name, MAX_NAME)
            )
        self.began = next((error["began"] for error in said if error.get("began")), None)
        return _finish(self, "fail", context, refused) if refused else {"outcomes": []}


def file_names(files: str | Sequence[str]) -> tuple[str, ...]:
    """Names of files from an operator's argument: a name, several, or a JSON list as text.

    Lanes, as the sensor returns them, count as one: what is not mapped works on all files. A
    template that is not rendered as a native object can only give text.
    """
    if not isinstance(files, str):
        lanes = ([entry] if isinstance(entry, str) else entry for entry in files)
        return tuple(received([name for lane in lanes for name in lane]))
    if files.startswith('["') and files.endswith('"]'):
        try:
            return tuple(received(str(name)) for name in json.loads(files))
        except ValueError:
            pass  # a file with a strange name
    return (files,)


def _finish(
    task: _LaneOperator, step: StepName, context: Context, verdicts: Sequence[Verdict]
) -> dict[str, Any]:
    """Move files as their verdicts say; come back for those that could not be moved."""
    with task.core(context) as pipeline, timed(step, pipeline):
        outcomes = pipeline.finish(verdicts)
    for outcome in outcomes:
        task.log.info("%s", outcome_text(outcome))
    said = {
        "outcomes": [sendable(values.dump(o, show_values=task.show_values)) for o in outcomes],
        "began": task.began,
        "ended": time.time(),
    }
    stuck = not_moved(verdicts, outcomes)
    if stuck:
        # Pushed, because a task that fails returns nothing, and the report has to know.
        context["ti"].xcom_push(key="return_value", value=said)
        raise task.give_up(context, stuck) from None
    tell_failed(AirflowMeter(), outcomes)  # at the end: a try that comes back would tell them again
    return said
