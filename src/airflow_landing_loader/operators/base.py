"""What every task of ours shares: where its settings and mappings come from, and how an error of
the core becomes one that Airflow understands."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import (
    AirflowException,
    AirflowFailException,
    BaseOperator,
    TaskDeferred,
)

from airflow_landing_loader.codec import sendable
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.sets import by_set, mappings_taken
from airflow_landing_loader.exceptions import ErrorDetail, LandingError
from airflow_landing_loader.hooks.connections import ConnectionClients, Connections
from airflow_landing_loader.loading.model import Refused, RunContext
from airflow_landing_loader.operators.links import TableLink
from airflow_landing_loader.runs.retries import Retry, RetryWaits
from airflow_landing_loader.runs.wording import error_text, errors_text
from airflow_landing_loader.settings.airflow import airflow_settings
from airflow_landing_loader.version_compat import WAITS_AS_TOLD, RetryInError, wait_as_told
from airflow_landing_loader.xcom import values
from airflow_landing_loader.xcom.batches import dump_batch
from airflow_landing_loader.xcom.keys import ERROR_KEY

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_landing_loader.config.channels.channel_set import ChannelSet
    from airflow_landing_loader.pipeline.pipeline import Pipeline
    from airflow_landing_loader.runs.tasks import RunStates
    from airflow_landing_loader.settings import Settings

# Settings that a task may have of its own, as arguments of the same names.
_OWN = (
    *("landing_path", "archive_path", "failed_path", "table_config_path", "duckdb_path"),
    *Connections.names(),
)


class LandingOperator(BaseOperator):
    """Base of the operators and the sensor: finds settings and mappings when the task runs.

    :param table: table to work for; its mappings are read from ``table_config_path``.
    :param mapping: the mapping itself instead of ``table``: a ``TableMapping``, a dict of its keys
        (``{"pattern": "trades_*.csv", "table": "raw_trades"}``), or several of them.
    :param takes: the mappings whose files are taken, where go files name files of several tables:
        one table takes them for all. Default: all of ``mapping``; with ``table``, the sets of which
        it is the first table by name.
    :param settings: where everything lies. Default: section ``[landing_loader]``.
    :param landing_path: instead of the setting of that name; so are the other paths. With all of
        them nothing has to be configured.
    :param gcp_conn_id: connection for ``gs://`` zones and BigQuery, instead of the setting.
    :param gcp_impersonation_chain: service account to impersonate, or several with commas between,
        instead of the setting.
    :param aws_conn_id: connection of type ``aws`` for ``s3://`` zones, instead of the setting.
    :param azure_conn_id: connection of type ``wasb`` for ``az://`` zones, instead of the setting.
    :param duckdb_conn_id: connection of type ``duckdb`` whose host is the database file, instead
        of ``duckdb_path``.
    :param retry_by_trouble: after a transient error wait as the settings ``retry_waits_...`` say
        for its sort of trouble, and fail when they are used up, or ``retries`` are. Before Airflow
        3.3 a task waits for another machine in the triggerer, within one try, and for all else as
        long as its own ``retry_delay`` says.
    """

    template_fields: Sequence[str] = ("table", *_OWN, "duckdb_conn_id")
    ui_color = "#e8f4ea"
    operator_extra_links: Any = (TableLink(),)

    def __init__(
        self,
        *,
        table: str | None = None,
        mapping: TableMapping | Mapping[str, Any] | Sequence[Any] | None = None,
        takes: Sequence[TableMapping] | None = None,
        settings: Settings | None = None,
        landing_path: str | None = None,
        archive_path: str | None = None,
        failed_path: str | None = None,
        table_config_path: str | None = None,
        duckdb_path: str | None = None,
        duckdb_conn_id: str | None = None,
        gcp_conn_id: str | None = None,
        gcp_impersonation_chain: str | None = None,
        aws_conn_id: str | None = None,
        azure_conn_id: str | None = None,
        retry_by_trouble: bool = False,
        **kwargs: Any,
    ) -> None:
        given = locals()  # the signature is the one list: people and `default_args` go by it
        super().__init__(**((wait_as_told() if retry_by_trouble else {}) | kwargs))
        self.table = table
        self.mapping = mapping
        self.takes = takes
        self.settings = settings
        self.duckdb_conn_id = duckdb_conn_id
        self.retry_by_trouble = retry_by_trouble
        for name in _OWN:
            setattr(self, name, given[name])
        self.job_wait: float | None = None
        self.began: float | None = None  # when its lane began, seconds since the epoch
        self.show_values = False  # until the settings are known
        self.errors: tuple[ErrorDetail, ...] = ()
        self._waits: RetryWaits | None = None  # as long
        self._tried_before = 0  # within this try, before Airflow 3.3

    def find_settings(self) -> Settings:
        """The settings, with this task's own ones in place of the configured ones.

        :raises ConfigurationError: a required setting is missing, or one makes no sense.
        """
        own = {name: value for name in _OWN if (value := getattr(self, name))}
        if self.duckdb_conn_id:
            # Imported here: the other tasks do without the DuckDB provider.
            from airflow_landing_loader.hooks.duckdb import LandingDuckDBHook

            own["duckdb_path"] = LandingDuckDBHook(self.duckdb_conn_id).get_database()
        if self.settings is not None:
            return dataclasses.replace(self.settings, **own)
        return airflow_settings(own)

    def find_mappings(
        self, settings: Settings
    ) -> tuple[tuple[TableMapping, ...], tuple[TableMapping, ...]]:
        """The mappings of this task's table, and those of other tables, as far as they are known.

        :raises ConfigurationError: there are none for the table, or they are wrong.
        """
        # Imported here: the scheduler parses DAGs without reading a mapping for each task.
        from airflow_landing_loader.operators.mappings import inline_mappings, mappings_of_table

        if self.mapping is not None:
            return inline_mappings(self.mapping), ()
        return mappings_of_table(self.table, settings.table_config_path)

    def find_channels(self, settings: Settings) -> ChannelSet:
        """The channels; what is wrong with one is shown by its own DAG, and holds up no file."""
        # Imported here, as what reads mappings.
        from airflow_landing_loader.config.channels.reader import read_channels

        return read_channels(settings.channels_path)

    def table_of_page(self) -> str | None:
        """The table whose page says more; ``None``: it works for none, or for several."""
        from airflow_landing_loader.operators.mappings import inline_mappings

        if self.mapping is None:
            return self.table
        tables = {mapping.table for mapping in inline_mappings(self.mapping)}
        return tables.pop() if len(tables) == 1 else None

    def mappings_taken(
        self, own: Sequence[TableMapping], others: Sequence[TableMapping]
    ) -> tuple[TableMapping, ...]:
        """Those whose files this task takes."""
        if self.takes is not None:
            return tuple(self.takes)
        return mappings_taken(own, by_set([*own, *others]))

    def make_pipeline(self, context: Context) -> Pipeline:
        """The core, bound to this task's settings, mappings and run.

        :raises ConfigurationError: as :meth:`find_settings` and :meth:`find_mappings`.
        """
        # Imported here: the scheduler parses DAGs without ever loading a file.
        from airflow_landing_loader.pipeline.pipeline import Pipeline

        settings = self.find_settings()
        self.show_values = settings.show_values
        self._waits = RetryWaits.of(settings)
        events = self.find_channels(settings).event_plan
        run = RunContext(dag_id=self.dag_id, run_id=str(context["run_id"]), events=events)
        own, others = self.find_mappings(settings)
        return Pipeline(
            settings,
            own,
            takes=self.mappings_taken(own, others),
            run=run,
            clients=ConnectionClients.of(settings),
            on_wait=self.log.info,
            job_wait=self.job_wait,
        )

    @contextlib.contextmanager
    def core(self, context: Context) -> Iterator[Pipeline]:
        """:meth:`make_pipeline`, with the core's errors turned into Airflow's.

        :raises AirflowException: a transient error: Airflow tries again.
        :raises AirflowFailException: any other error of ours, or one more than there are retries
            for: Airflow does not.
        :raises TaskDeferred: a transient error that is waited for within this try.
        """
        try:
            yield self.make_pipeline(context)
        except LandingError as error:
            raise self.give_up(context, [error.detail]) from None

    def run_states(
        self, context: Context, *, group_id: str = "", dbt_prefix: str | None = None
    ) -> RunStates:
        """The states of all tasks of this run.

        :param group_id: as :class:`~airflow_landing_loader.runs.tasks.RunStates`; so is the other.
        """
        # Imported here: only the last task of a run asks.
        from airflow_landing_loader.runs.tasks import RunStates

        run_id = str(context["run_id"])
        found = context["ti"].get_task_states(dag_id=self.dag_id, run_ids=[run_id])
        states = {task: str(state) for task, state in found.get(run_id, {}).items()}
        return RunStates(states=states, group_id=group_id, dbt_prefix=dbt_prefix)

    def next_retry(self, context: Context, errors: Sequence[ErrorDetail]) -> Retry | None:
        """The try that follows one which has failed so; ``None``: no other one, or Airflow alone
        decides that."""
        if not self.retry_by_trouble or self._waits is None:
            return None
        ti: Any = context["ti"]
        # A task that somebody has cleared counts on: what it has used before is in `max_tries`.
        retries = self.retries or 0
        tries: int = ti.try_number - max(0, ti.max_tries - retries)
        return self._waits.next_retry(errors, tries + self._tried_before, retries)

    def try_again(self, context: Context, event: Any = None, *, tried: int) -> Any:  # noqa: ARG002
        """Go on after the wait for another machine, before Airflow 3.3.

        :param tried: how often it was tried in vain within this try.
        """
        self._tried_before = tried
        return self.execute(context)

    def give_up(
        self, context: Context, errors: Sequence[ErrorDetail], refused: Sequence[Refused] = ()
    ) -> AirflowException | TaskDeferred:
        """Hand errors on by XCom, and return the exception that says whether to try again.

        One transient error is enough for another try: the terminal ones come out the same again.
        The exception reaches alerts and lineage, so that cell values, where they are asked for, are
        told in the log and not by it.

        :param errors: at least one.
        :param refused: the verdicts behind them, for :class:`QuarantineFilesOperator`.
        """
        text = errors_text(errors)
        retry = self.next_retry(context, errors)
        if retry is not None and not WAITS_AS_TOLD and any(error.trouble for error in errors):
            self.log.warning("%s\n%s", text, retry.text)
            return self._deferred(retry.wait)
        self.hand_on(context, errors, refused)
        if retry is not None:
            return RetryInError(text, wait=retry.wait, reason=retry.text)
        airflow_decides = not self.retry_by_trouble or self._waits is None
        transient = airflow_decides and any(error.transient for error in errors)
        return AirflowException(text) if transient else AirflowFailException(text)

    def hand_on(
        self, context: Context, errors: Sequence[ErrorDetail], refused: Sequence[Refused]
    ) -> None:
        """Hand errors on by XCom; arguments as :meth:`give_up`."""
        value = {
            "errors": [
                sendable(values.dump(error, show_values=self.show_values)) for error in errors
            ],
            "refused": dump_batch(refused, show_values=self.show_values),
            "began": self.began,
        }
        context["ti"].xcom_push(key=ERROR_KEY, value=value)
        self.errors = tuple(errors)
        for error in errors if self.show_values else ():
            if error.value is not None:
                self.log.error("%s", error_text(error, show_values=True))

    def _deferred(self, wait: float) -> TaskDeferred:
        # Imported here: a task that meets no trouble does without.
        from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

        from airflow_landing_loader.runs.waiting import OVERTIME

        return TaskDeferred(
            trigger=TimeDeltaTrigger(timedelta(seconds=wait)),
            method_name="try_again",
            kwargs={"tried": self._tried_before + 1},
            # For the case that no triggerer runs.
            timeout=timedelta(seconds=wait + OVERTIME),
        )
