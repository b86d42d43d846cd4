"""The DAG of one table.

wait_for_files -> file (a lane per file: validate -> load -> archive, fail) -> any_loaded -> dbt
                                            all of it -> publish, if somebody is told -> report
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from airflow.providers.common.compat.sdk import DAG, BaseOperator, TaskGroup, task_group

from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.sets import SetKey, by_set, mappings_taken
from airflow_landing_loader.dag_factory.assets import table_asset
from airflow_landing_loader.dag_factory.defaults import START_DATE, TAG, patient
from airflow_landing_loader.dag_factory.docs import table_page
from airflow_landing_loader.operators.gate import AnyLoadedOperator
from airflow_landing_loader.operators.landing import (
    ArchiveFilesOperator,
    LoadFilesOperator,
    QuarantineFilesOperator,
    ValidateFilesOperator,
)
from airflow_landing_loader.operators.report import ReportRunOperator
from airflow_landing_loader.sensors.landing import WaitForFilesSensor
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.version_compat import by_the_clock

# A file that cannot be moved holds up the others of a run no longer than half a minute; where the
# next run begins at once, the report fails a run only when the file was left for 15 minutes.
_MOVE_RETRIES = 2
# A channel that is away holds up the next run for a minute; what is left is sent by that one.
_PUBLISH_RETRIES = 2

WAIT = "wait_for_files"
_GROUP, _GATE, _DBT, _PUBLISH, _REPORT = "file", "any_loaded", "dbt", "publish", "report"
_LANE_OF_TASK = f"{{{{ ti.xcom_pull(task_ids='{WAIT}')[ti.map_index] | tojson }}}}"


def build_table_dag(
    mappings: Sequence[TableMapping],
    settings: Settings,
    *,
    neighbours: Sequence[TableMapping] = (),
    sets: Mapping[SetKey, Sequence[TableMapping]] | None = None,
    tables: int = 1,
    channels: ChannelSet | None = None,
) -> DAG:
    """Build the DAG of one table.

    :param mappings: all mappings that feed the table, at least one.
    :param settings: where everything lies.
    :param neighbours: the mappings of all tables that share the landing zone.
    :param sets: of the mappings of all tables, those whose files the same go files name; of the
        first table's DAG, if not given.
    :param tables: how many tables there are; decides what ``dbt_mode: auto`` means.
    :param channels: where something may be told; ``None``: nowhere.
    """
    first = mappings[0]
    if first.workers is not None:
        settings = replace(settings, loader_workers=first.workers)
    with DAG(
        dag_id=first.dag_id,
        description=first.dag.description or f"Loads files into {first.table}",
        schedule=_schedule_of(first.schedule),
        start_date=START_DATE,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=_paused(first, settings),
        tags={TAG, *first.dag.tags},
        default_args={"owner": first.dag.owner or TAG, **patient(settings)},
    ) as dag:
        sets = by_set(mappings) if sets is None else sets
        takes = mappings_taken(mappings, sets)
        common: dict[str, Any] = {
            "mapping": tuple(mappings),
            "takes": takes,
            "settings": settings,
        }
        dbt_here = first.dbt and settings.dbt_mode_for(tables) == "per_table"
        dbt = _dbt_group(first.table, settings) if dbt_here else None
        tells = channels is not None and channels.tell_of([first.notify])
        _add_tasks(first, common, neighbours, dbt, tells=tells)
        dag.doc_md = table_page(mappings, settings, dbt=dbt is not None, sets=sets)
    return dag


def _paused(first: TableMapping, settings: Settings) -> bool | None:
    """What the mapping says, or else the setting; ``None``: Airflow decides."""
    own = first.dag.paused_at_creation
    return settings.dags_are_paused_at_creation if own is None else own


def _dbt_group(table: str, settings: Settings) -> TaskGroup | None:
    # Imported here: where dbt runs in a DAG of its own, or not at all, nobody waits for it.
    from airflow_landing_loader.dag_factory.dbt import build_dbt_group

    return build_dbt_group(table=table, settings=settings, group_id=_DBT)


def _add_tasks(
    first: TableMapping,
    common: dict[str, Any],
    neighbours: Sequence[TableMapping],
    dbt: TaskGroup | None,
    *,
    tells: bool,
) -> None:
    settings: Settings = common["settings"]
    writes = {**common, **({"pool": settings.writer_pool} if settings.writer_pool else {})}
    prefix = None if dbt is None else f"{_DBT}."
    wait = WaitForFilesSensor(
        task_id=WAIT,
        max_lanes=settings.max_lanes,
        batch_files=settings.batch_files,
        wake_for_dbt=dbt is not None,
        report_task_id=_REPORT,
        poke_interval=settings.poll_interval,
        timeout=settings.sensor_timeout,
        deferrable=True,
        neighbours=neighbours,
        **common,
    )
    lane_args = _lane_arguments(first)
    step_args = {**lane_args, "leave_to_next_run": first.schedule is None}
    move_args = lane_args if first.schedule else {"retries": _MOVE_RETRIES, **lane_args}

    @task_group(group_id=_GROUP)
    def lane(files: Any) -> None:
        validate = ValidateFilesOperator(task_id="validate", files=files, **step_args, **common)
        load = LoadFilesOperator(
            task_id="load",
            validated=validate.output,
            deferrable=settings.capabilities.long_jobs,
            **step_args,
            **writes,
        )
        ArchiveFilesOperator(task_id="archive", verdicts=load.output, **move_args, **writes)
        # It must not take the mapped argument: that would put the sensor right above it, and a
        # sensor that went well makes all_failed false. one_failed is broken before Airflow 3.3.
        load >> QuarantineFilesOperator(
            task_id="fail",
            files=_LANE_OF_TASK,
            error_task_ids=(f"{_GROUP}.validate", f"{_GROUP}.load"),
            trigger_rule="all_failed",
            **move_args,
            **writes,
        )
        load >> gate

    gate = AnyLoadedOperator(
        task_id=_GATE,
        load_task_id=f"{_GROUP}.load",
        wait_task_id=WAIT,
        dbt_task_prefix=prefix,
        outlets=[table_asset(table) for table in _tables_taken(first, common["takes"])],
        trigger_rule="all_done",
        **writes,
    )
    run_end: dict[str, Any] = {
        "wait_task_id": WAIT,
        "group_id": _GROUP,
        "gate_task_id": _GATE,
        "publish_task_id": _PUBLISH if tells else None,
        "dbt_task_prefix": prefix,
        "fail_on_files": first.on_failed_file == "fail_run",
        "leave_to_next_run": first.schedule is None,
        "trigger_rule": "all_done",
    }
    report = ReportRunOperator(task_id=_REPORT, **run_end, **writes)
    lanes = lane.expand(files=wait.output)
    before = [lanes, gate]
    if dbt is not None:
        gate >> dbt
        before.append(dbt)
    before >> report
    if tells:
        before >> _publish(run_end, writes) >> report


def _publish(run_end: dict[str, Any], writes: dict[str, Any]) -> BaseOperator:
    # Imported here: where nobody is told anything, nobody waits for it.
    from airflow_landing_loader.operators.publish import PublishRunOperator

    return PublishRunOperator(task_id=_PUBLISH, retries=_PUBLISH_RETRIES, **run_end, **writes)


def _tables_taken(first: TableMapping, takes: Sequence[TableMapping]) -> list[str]:
    return list(dict.fromkeys([first.table, *(mapping.table for mapping in takes)]))


def _lane_arguments(first: TableMapping) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    if first.workers is not None:
        arguments["max_active_tis_per_dagrun"] = first.workers
    if first.dag.retries is not None:
        arguments["retries"] = first.dag.retries
    return arguments


def _schedule_of(schedule: str | None) -> Any:
    if schedule is None:
        return "@continuous"
    return schedule if schedule == "@once" else by_the_clock(schedule)
