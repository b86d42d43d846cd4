"""The four steps of a file as Airflow tasks: validate, load, archive, and quarantine.

Each works on one file or on several at once, reads its arguments, calls one function of the core
and says in Airflow's terms what came out. Between them travel the core's verdicts as XCom: names,
counts and hashes, never cell values.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowSkipException, conf

from airflow_landing_loader import serde
from airflow_landing_loader.batches import Step, batch_names, dump_batch, load_batch
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.holdback import is_of_the_file
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.lanes import lane_label, printable
from airflow_landing_loader.loading.model import Duplicate, Loaded, Refused, Verdict
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.operators.xcoms import ERROR_KEY
from airflow_landing_loader.transport import received, sendable
from airflow_landing_loader.wording import MAX_NAME, outcome_text, verdict_text

if TYPE_CHECKING:
    from airflow.sdk import Context
    from airflow.triggers.base import BaseTrigger

    from airflow_landing_loader.loading.warehouse import StillRunningError
    from airflow_landing_loader.outcome import Outcome
    from airflow_landing_loader.pipeline import Pipeline

_JOB_WAIT = 10.0  # seconds; most jobs of small batches have ended by then
_POLL = 5.0


class _VerdictOperator(LandingOperator):
    """What validating and loading share: how verdicts become the end of a task.

    :param leave_to_next_run: a file that is not fit *yet* (it changes, or is too young to be called
        wrong) is left in landing and the task skipped, instead of trying again while the whole run
        waits. For a DAG whose next run begins at once and holds it back for a while.
    """

    def __init__(self, *, leave_to_next_run: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.leave_to_next_run = leave_to_next_run

    def settle(self, context: Context, verdicts: Sequence[Step]) -> dict[str, Any]:
        """Log the verdicts and return them for the next step, if there is anything for it to do.

        A lane goes on as long as one of its files does: its refused files travel along and are
        quarantined, or left, in the end.
        """
        present = [verdict for verdict in verdicts if not _has_gone(verdict)]
        if not present:
            names = lane_label([verdict.delivery.data.name for verdict in verdicts])
            raise AirflowSkipException(f"No longer in the landing zone, nothing to do: {names}")
        refused = [verdict for verdict in present if isinstance(verdict, Refused)]
        if len(refused) == len(present):
            self._stop(context, refused)
        for verdict in present:
            say = self.log.error if isinstance(verdict, Refused) else self.log.info
            say("%s", verdict_text(verdict, show_values=self.show_values))
        return dump_batch(present, show_values=self.show_values)

    def _stop(self, context: Context, refused: Sequence[Refused]) -> None:
        """Fail, come back, or be skipped; return only if a refused file is left to be moved."""
        transient = [verdict.error for verdict in refused if verdict.error.transient]
        later = self.leave_to_next_run and all(is_of_the_file(error) for error in transient)
        if not transient or not later:
            raise self.give_up(context, [r.error for r in refused], refused) from None
        if len(transient) == len(refused):
            text = self.give_up(context, transient, refused)
            raise AirflowSkipException(f"Left to the next run: {text}")


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
        with self.core(context) as pipeline:
            verdicts = pipeline.validate_batch(file_names(self.files))
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
        self._pipeline: Pipeline | None = None

    @property
    def label(self) -> str:
        """As :class:`ValidateFilesOperator`."""
        return lane_label(batch_names(self.validated))

    def execute(self, context: Context) -> dict[str, Any]:
        """Load the files; see the class."""
        # Imported here: the scheduler parses DAGs without ever loading a file.
        from airflow_landing_loader.loading.warehouse import StillRunningError

        batch = [v for v in load_batch(self.validated) if isinstance(v, Validated | Refused)]
        try:
            with self.core(context) as self._pipeline:
                verdicts = self._pipeline.load(batch)
        except StillRunningError as running:
            self.log.info("%s; this task gives up its worker until then", running)
            self.defer(trigger=self._trigger(running), method_name="resume")
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

        from airflow_landing_loader.hooks.connections import ConnectionClients

        clients = ConnectionClients.of(self.find_settings())
        return BigQueryInsertJobTrigger(
            conn_id=clients.gcp_conn_id,
            job_id=running.job_id,
            project_id=running.project,
            location=running.location,
            poll_interval=_POLL,
            impersonation_chain=list(clients.impersonation_chain) or None,
            cancel_on_kill=running.own,
        )


class ArchiveFilesOperator(LandingOperator):
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
        return _finish(self, context, _verdicts(load_batch(self.verdicts)))


class QuarantineFilesOperator(LandingOperator):
    """Move refused files to the failed zone, each with a sidecar that says why.

    Only what a retry cannot help is moved. A file whose tasks used up their retries, or died
    without a word, stays in landing, and the log says so.

    :param files: names of the lane's files, as :class:`ValidateFilesOperator` takes them.
    :param error_task_ids: tasks that may have refused them, in the same lane.
    :return: the outcome of each file that a task gave a reason for.
    :raises AirflowException: a file could not be moved; it is still where it was.
    """

    template_fields: Sequence[str] = ("files", "error_task_ids", *LandingOperator.template_fields)

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
        ti = context["ti"]
        said = ti.xcom_pull(
            task_ids=list(self.error_task_ids), key=ERROR_KEY, map_indexes=ti.map_index
        )
        refused = [v for error in said if error for v in _verdicts(load_batch(error["refused"]))]
        known = {verdict.delivery.data.name for verdict in refused}
        for name in file_names(self.files):
            if name not in known:
                self.log.warning(
                    "%s is left in landing: its task gave no verdict.", printable(name, MAX_NAME)
                )
        return _finish(self, context, refused) if refused else {"outcomes": []}


def file_names(files: str | Sequence[str]) -> tuple[str, ...]:
    """Names of files from an operator's argument: a name, several, or a JSON list as text.

    A template that is not rendered as a native object can only give text.
    """
    if not isinstance(files, str):
        return tuple(received(list(files)))
    if files.startswith('["') and files.endswith('"]'):
        try:
            return tuple(received(str(name)) for name in json.loads(files))
        except ValueError:
            pass  # a file with a strange name
    return (files,)


def _finish(task: LandingOperator, context: Context, verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Move files as their verdicts say; come back for those that could not be moved."""
    with task.core(context) as pipeline:
        outcomes = pipeline.finish(verdicts)
    for outcome in outcomes:
        task.log.info("%s", outcome_text(outcome, show_values=task.show_values))
    said = {"outcomes": [sendable(serde.dump(o, show_values=task.show_values)) for o in outcomes]}
    stuck = [o.error for v, o in zip(verdicts, outcomes, strict=True) if o.error and _stuck(v, o)]
    if stuck:
        # Pushed, because a task that fails returns nothing, and the report has to know.
        context["ti"].xcom_push(key="return_value", value=said)
        raise task.give_up(context, stuck) from None
    return said


def _stuck(verdict: Verdict, outcome: Outcome) -> bool:
    """Whether the file should have been moved, and was not."""
    to_stay = isinstance(verdict, Refused) and verdict.error.transient
    return outcome.status == "left" and not to_stay


def _has_gone(verdict: Step) -> bool:
    return isinstance(verdict, Refused) and verdict.error.code == ErrorCode.LANDING_DISAPPEARED


def _verdicts(steps: Sequence[Step]) -> list[Verdict]:
    return [step for step in steps if isinstance(step, Loaded | Duplicate | Refused)]
