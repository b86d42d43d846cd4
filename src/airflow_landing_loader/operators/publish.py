"""The task that tells: messages for people and events for programs, from the outbox."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowException, AirflowSkipException

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.events.publishing import Published, publish
from airflow_landing_loader.loading.ledger.events import Event, event_records, started
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.model import ArrivalRecord, Load, Loaded
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.notifications.targets import target_of
from airflow_landing_loader.operators.base import LandingOperator
from airflow_landing_loader.operators.executions import dag_run_of, dbt_work
from airflow_landing_loader.operators.run_end import RunEnd, RunEndOperator
from airflow_landing_loader.runs.layers import layers_completed, records_of_run
from airflow_landing_loader.runs.messages import run_links, run_message
from airflow_landing_loader.runs.report import RunReport, run_ended
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.settings.airflow import airflow_base_url
from airflow_landing_loader.xcom.batches import load_batch
from airflow_landing_loader.xcom.keys import pull_all

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_landing_loader.pipeline.pipeline import Pipeline


class PublishEventsOperator(LandingOperator):
    """Send what is in the outbox: messages and events that no channel has taken yet.

    :param all_tables: also what is about tables of other DAGs.
    :return: how many were sent.
    :raises AirflowException: a channel did not take all; what is left stays in the outbox.
    :raises AirflowSkipException: there was nothing to send.
    """

    def __init__(self, *, all_tables: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.all_tables = all_tables

    def execute(self, context: Context) -> int:
        """Send; see the class."""
        with self.core(context) as pipeline:
            tables = None if self.all_tables else tables_of(pipeline)
            return said(self, send(self, pipeline, tables))


class PublishRunOperator(RunEndOperator):
    """Write down how the run ended, and send what is in the outbox about its tables.

    Stands before :class:`ReportRunOperator`, with its arguments and ``trigger_rule="all_done"``.

    :return: how many messages and events were sent.
    :raises AirflowException: a channel did not take all; what is left stays in the outbox.
    :raises AirflowSkipException: there was nothing to send.
    """

    def execute(self, context: Context) -> int:
        """Write and send; see the class."""
        end = self.run_end(context)
        with self.core(context) as pipeline:
            pipeline.warehouse.record_events(told_of_run(self, context, end, pipeline))
            return said(self, send(self, pipeline, tables_of(pipeline)))


def told_of_run(
    task: RunEndOperator, context: Context, end: RunEnd, pipeline: Pipeline
) -> tuple[EventRecord, ...]:
    """The rows of the outbox that tell how a run ended."""
    report = end.report
    if report.nothing_happened and not report.refused:
        return ()
    first = pipeline.mappings[0]
    at, run = now(), pipeline.run
    begun = context["dag_run"].start_date or datetime.now(UTC)
    records = [
        *event_records(started(run, first.table, begun.astimezone(UTC).replace(tzinfo=None)), run),
        *event_records(_layers(task, context, end, pipeline, first.table), run),
        *event_records(
            [run_ended(report, run, first.table, at, fail_on_files=task.fail_on_files)], run
        ),
    ]
    records += _messages(task, context, report, pipeline, first)
    return tuple(records)


def _layers(
    task: RunEndOperator, context: Context, end: RunEnd, pipeline: Pipeline, table: str
) -> Iterator[Event]:
    """What dbt's layers tell, which are not counted where nobody listens."""
    if end.states.dbt == "not run" or not pipeline.run.events:
        return iter(())
    records = records_of_run(
        dag_run_of(context, table),
        end.report,
        end.lanes,
        dbt_work(context["ti"], end.states, pipeline.warehouse),
        fail_on_files=task.fail_on_files,
        at=datetime.now(UTC),
    )
    return layers_completed(records, [table])


def _messages(
    task: RunEndOperator,
    context: Context,
    report: RunReport,
    pipeline: Pipeline,
    first: TableMapping,
) -> tuple[EventRecord, ...]:
    notify = task.find_channels(pipeline.settings).notify_of(first.notify)
    if notify is None:
        return ()
    run_id = str(context["run_id"])
    message = run_message(
        report,
        list(_loads(task, context)),
        notify,
        table=first.table,
        links=run_links(airflow_base_url(), first.table, task.dag_id, run_id),
    )
    if message is None:
        return ()
    about = ("run", task.dag_id, run_id)
    return message.records(notify.to, pipeline.run, about=about, table=first.table, at=now())


def _loads(task: RunEndOperator, context: Context) -> Iterator[Load]:
    for batch in pull_all(context["ti"], f"{task.group_id}.load"):
        for verdict in load_batch(batch):
            if isinstance(verdict, Loaded):
                yield verdict.load


def tell_late(context: Context, records: Sequence[ArrivalRecord]) -> None:
    """Write into the outbox what windows tell; the ``notify`` of
    :class:`~airflow_landing_loader.operators.arrivals.CheckArrivalsOperator`.

    :param context: of a task of ours.
    """
    # Imported here: a table's run knows nothing of windows.
    from airflow_landing_loader.monitoring.late import late_records

    task: Any = context["task"]
    with task.core(context) as pipeline:
        channels = task.find_channels(pipeline.settings)
        told = late_records(records, pipeline.mappings, channels, pipeline.run, airflow_base_url())
        pipeline.warehouse.record_events(told)


def tables_of(pipeline: Pipeline) -> list[str]:
    """The tables that a task works for."""
    mappings = (*pipeline.mappings, *pipeline.taken)
    return list(dict.fromkeys(mapping.table for mapping in mappings))


def send(task: LandingOperator, pipeline: Pipeline, tables: Sequence[str] | None) -> Published:
    """Send what is in the outbox."""
    channels = task.find_channels(pipeline.settings)
    return publish(pipeline.warehouse, target_of(channels), tables, is_wanted=channels.is_wanted)


def said(task: LandingOperator, published: Published) -> int:
    """The end of a task that has sent."""
    for stuck in published.stuck:
        task.log.warning("Channel %s did not take all: %s", stuck.channel, stuck.why)
    if published.stuck:
        names = ", ".join(stuck.channel for stuck in published.stuck)
        raise AirflowException(
            f"{counted(published.sent, 'message')} or events sent; not taken by: {names}. Nothing "
            "is lost: what is left is sent by the next try, run, or `airflow landing-loader events "
            "publish`."
        )
    if not published.in_time:
        task.log.info("There was no time for all; the next run goes on.")
    if not published.sent:
        raise AirflowSkipException("There is nothing to send.")
    task.log.info("%s or events sent.", counted(published.sent, "message"))
    return published.sent
