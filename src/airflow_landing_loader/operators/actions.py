"""The tasks of the DAG that carries out what people ask for in the landing zone's page or API.

check -> act -> record: what lies in the failed zone is written down before anything moves, so that
a try after a dead one knows what that had done; and how it ended gets into the books also if the
task that acted has died.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.hooks.connections import ConnectionClients
from airflow_landing_loader.hooks.tickets import checked
from airflow_landing_loader.loading.model import RunContext
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.runs.acted import (
    as_table,
    dump_lying,
    dump_results,
    load_lying,
    load_results,
    record_of,
    result_of,
)
from airflow_landing_loader.runs.actions import ActionRequest
from airflow_landing_loader.runs.retries import RetryWaits
from airflow_landing_loader.safe_text import shown
from airflow_landing_loader.xcom import values
from airflow_landing_loader.xcom.keys import ERROR_KEY, RESULTS_KEY

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_landing_loader.runs.acting import Place


class ActionOperator(LandingOperator):
    """Base of the three: knows the action by its ticket, and where it is carried out."""

    ui_color = "#e4e4f7"

    def request(self, context: Context) -> ActionRequest:
        """The action that the run is for.

        :raises TerminalError: ``ACTION_NO_TICKET``.
        """
        return checked(context["dag_run"].conf or {}, str(context["run_id"]))

    def place(self) -> Place:
        """Where it is carried out."""
        # Imported here: the scheduler parses DAGs without any of it.
        from airflow_landing_loader.config.mapping.reader import read_mappings
        from airflow_landing_loader.loading.warehouses.opening import open_warehouse
        from airflow_landing_loader.runs.acting import Place
        from airflow_landing_loader.storage.opening import open_zones

        settings = self.find_settings()
        self._waits = RetryWaits.of(settings)
        clients = ConnectionClients.of(settings)
        zones = open_zones(settings, clients)
        return Place(
            zones=zones,
            warehouse=open_warehouse(settings, zones, clients=clients, on_wait=self.log.info),
            clients=clients,
            mappings=lambda: read_mappings(Path(settings.table_config_path)).mappings,
        )

    @contextlib.contextmanager
    def explained(self, context: Context) -> Iterator[None]:
        """Turn the core's errors into Airflow's.

        :raises AirflowException: a transient error: Airflow tries again.
        :raises AirflowFailException: any other error of ours, or one more than there are retries
            for: Airflow does not.
        :raises TaskDeferred: a transient error that is waited for within this try.
        """
        try:
            yield
        except LandingError as error:
            raise self.give_up(context, [error.detail]) from None


class CheckActionOperator(ActionOperator):
    """Make sure of the ticket, and write down what lies in the failed zone before anything moves.

    :return: those targets that lie there, each with its key in the books.
    :raises AirflowFailException: the run has no ticket.
    """

    def execute(self, context: Context) -> list[dict[str, Any]]:
        """Check; see the class."""
        from airflow_landing_loader.runs.acting import lying_in_failed

        with self.explained(context):
            request = self.request(context)
            self.log.info(
                "%s of %s, asked for by %s: %s",
                request.action,
                shown(request.table),
                shown(request.asked_by),
                shown(request.reason) or "no reason given",
            )
            return dump_lying(lying_in_failed(request, self.place().zones))


class CarryOutActionOperator(ActionOperator):
    """Carry the action out, each target alone.

    :param check_task_id: the :class:`CheckActionOperator` task.
    :raises AirflowException: some targets failed, and for one of them another try may help; it
        finds the work of this one done.
    :raises AirflowFailException: some targets failed, or the run has no ticket.
    :raises AirflowSkipException: the books have it already: somebody has cleared the run.
    """

    def __init__(self, *, check_task_id: str = "check", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.check_task_id = check_task_id

    def execute(self, context: Context) -> None:
        """Act; see the class."""
        from airflow_landing_loader.runs.acting import carry_out

        ti = context["ti"]
        with self.explained(context):
            request, place = self.request(context), self.place()
            if place.warehouse.action(request.action_id) is not None:
                raise AirflowSkipException("It was carried out before. To have it again, ask anew.")
        lay_in_failed = load_lying(ti.xcom_pull(task_ids=self.check_task_id) or ())
        results = carry_out(request, place, lay_in_failed)
        self.log.info("What became of it:\n%s", as_table(results))
        ti.xcom_push(key=RESULTS_KEY, value=dump_results(results))
        errors = [result.error for result in results if result.error is not None]
        if errors:
            raise self.give_up(context, errors)


class RecordActionOperator(ActionOperator):
    """Write into the books how it ended, whatever became of the tasks before.

    Needs ``trigger_rule="all_done"`` and should be the only leaf.

    :param check_task_id: the :class:`CheckActionOperator` task.
    :param act_task_id: the :class:`CarryOutActionOperator` task.
    :return: how it ended, with a result for each target.
    :raises AirflowFailException: it did not end well; names each target with its reason. Or the run
        has no ticket: of that nothing is written, as nothing that it says is known to be true.
    """

    def __init__(
        self, *, check_task_id: str = "check", act_task_id: str = "act", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.check_task_id = check_task_id
        self.act_task_id = act_task_id

    def execute(self, context: Context) -> dict[str, Any]:
        """Record; see the class."""
        ti = context["ti"]
        with self.explained(context):
            request, warehouse = self.request(context), self.place().warehouse
            results = load_results(ti.xcom_pull(task_ids=self.act_task_id, key=RESULTS_KEY) or ())
            record = warehouse.action(request.action_id)
            if record is None:
                run = RunContext(dag_id=self.dag_id, run_id=str(context["run_id"]))
                record = record_of(request, results, self._why_not(ti), run)
                warehouse.record_actions([record])
        if record.outcome == "failed":
            raise AirflowFailException(record.message)
        return result_of(record, results)

    def _why_not(self, ti: Any) -> str:
        tasks = (self.check_task_id, self.act_task_id)
        said = [e for t in tasks for e in values.errors_in(ti.xcom_pull(task_ids=t, key=ERROR_KEY))]
        return "; ".join(e.text() for e in said) or "The task that acted has died: see its log."
