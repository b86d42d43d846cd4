"""dbt in the generated DAGs: a Cosmos task group per table, or one DAG for all tables.

Safe to parse: no database, no dbt, and Cosmos only where a dbt task is built. What is wrong with
the project becomes a task that fails and says so; it never becomes an error of the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.providers.common.compat.sdk import (
    DAG,
    TaskGroup,
    get_parsing_context,
)
from airflow.providers.standard.operators.empty import EmptyOperator

from airflow_landing_loader.config.mapping.reader import MappingSet, read_mappings
from airflow_landing_loader.dag_factory.assets import table_asset
from airflow_landing_loader.dbt.manifest import read_manifest
from airflow_landing_loader.dbt.project import DbtProject, read_project
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.operators.dbt import (
    DbtDueOperator,
    DbtUnavailableOperator,
    ReportDbtOperator,
)
from airflow_landing_loader.runs.tasks import DBT_START, DBT_UNAVAILABLE
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.settings.airflow import airflow_settings
from airflow_landing_loader.version_compat import any_asset_or_cron

# No table's DAG can have this id: theirs begin with `landing__`.
SHARED_DAG_ID = "landing_dbt"
_GROUP = "dbt"
_LOOKS = "*/15 * * * *"
_SHARED_PAGE = """\
Runs dbt for all tables, whenever one of them was loaded into, and looks every 15 minutes whether a
table is due because dbt failed for it or was not run.

- dbt project: `{project}`
- raw tables: {tables}
"""


def build_dbt_group(*, table: str, settings: Settings, group_id: str = "dbt") -> TaskGroup | None:
    """Add, to the DAG being defined, the tasks that build and test what is below a raw table.

    The group has one root, ``start``, which does nothing; skipping it skips the group. Behind it is
    one task per model, seed and snapshot, and one per test over several of them. Each holds the
    database alone while dbt works. A node that reads a table nothing was loaded into yet is
    skipped, so what follows the group has to run when nothing *failed*, not when all succeeded.

    If the project, its manifest or dbt itself is missing or unusable, the group holds a task
    ``unavailable`` that fails and says why.

    :param table: raw table as the mapping names it, ``table`` or ``schema.table``.
    :param group_id: id of the group, a direct child of the DAG.
    :return: the group; ``None`` if the dbt project has nothing below the table.
    """
    return _build_group((table,), settings, group_id)


def build_shared_dbt_dag(
    settings: Settings | None = None, mapping_set: MappingSet | None = None
) -> DAG | None:
    """Build the one DAG that runs dbt for all tables, for ``dbt_mode: shared``.

    It belongs into a DAG file of its own, so that the tables' DAGs are parsed without it.

    It runs when any table was loaded into, and looks every 15 minutes whether dbt is due for one of
    them, so that a failed run is made up for. Each run builds everything below all tables; after a
    failure none begins within ten minutes.

    :param settings: where everything lies. Default: section ``[landing_loader]``.
    :param mapping_set: all mappings; those with ``dbt: false`` do not count. Default: those of
        ``table_config_path``.
    :return: the DAG; ``None`` if dbt runs otherwise or not at all, or if no table wants it.
    :raises ConfigurationError: a required setting is missing or makes no sense.
    """
    # Imported here: that module imports this one.
    from airflow_landing_loader.dag_factory.defaults import START_DATE, TAG, patient

    settings = settings or airflow_settings()
    mapping_set = mapping_set or read_mappings(Path(settings.table_config_path))
    mappings = tuple(mapping for mapping in mapping_set.mappings if mapping.dbt)
    tables = tuple(sorted({mapping.table for mapping in mappings}))
    if not tables or settings.dbt_mode_for(len(mapping_set.table_names())) != "shared":
        return None
    common: dict[str, Any] = {"mapping": mappings, "settings": settings}
    with DAG(
        dag_id=SHARED_DAG_ID,
        description="Runs dbt after loads, for all tables",
        schedule=any_asset_or_cron([table_asset(table) for table in tables], _LOOKS),
        start_date=START_DATE,
        catchup=False,
        max_active_runs=1,
        is_paused_upon_creation=settings.dags_are_paused_at_creation,
        tags={TAG, "dbt"},
        default_args={"owner": TAG, **patient(settings)},
        doc_md=_SHARED_PAGE.format(
            project=settings.dbt_project_path, tables=", ".join(f"`{t}`" for t in tables)
        ),
    ) as dag:
        due = DbtDueOperator(task_id="due", **common)
        report = ReportDbtOperator(
            task_id="report",
            due_task_id=due.task_id,
            dbt_task_prefix=f"{_GROUP}.",
            trigger_rule="all_done",
            **common,
        )
        due.set_downstream(report)
        group = _build_group(tables, settings, _GROUP)
        if group is not None:
            due.set_downstream(group)
            report.set_upstream(group)
    return dag


def _build_group(tables: tuple[str, ...], settings: Settings, group_id: str) -> TaskGroup | None:
    try:
        project = read_project(settings)
        select = read_manifest(project).select(tables, settings.dbt_source)
        if not select:
            return None
        if not _wanted(group_id):
            return _group_of(TaskGroup(group_id=group_id))
        return _cosmos_group(project, settings, tables, select, group_id)
    except ConfigurationError as error:
        return _group_of(TaskGroup(group_id=group_id), problem=str(error))


def _wanted(group_id: str) -> bool:
    """Whether this process needs the dbt tasks themselves: a worker that runs another task does
    not, and importing Cosmos would take it longer than most of our tasks."""
    task_id = get_parsing_context().task_id
    return task_id is None or task_id.startswith(f"{group_id}.")


def _cosmos_group(
    project: DbtProject,
    settings: Settings,
    tables: tuple[str, ...],
    select: tuple[str, ...],
    group_id: str,
) -> TaskGroup:
    try:
        from airflow_landing_loader.dag_factory.cosmos import cosmos_group
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            ErrorCode.DBT_NOT_INSTALLED,
            f"dbt tasks need Cosmos, and it cannot be imported: {error}",
            hint="`pip install 'airflow-provider-landing-loader[dbt]'`, or set dbt_mode = off.",
        ) from error
    group = cosmos_group(
        group_id=group_id, settings=settings, project=project, tables=tables, select=select
    )
    if group.problem is None:
        return _group_of(group)
    problem = ConfigurationError(
        ErrorCode.DBT_FAILED,
        f"Cosmos cannot make tasks of the dbt project {project.path}: {group.problem}",
        hint="Run `dbt parse` there; if dbt is content, see the message above.",
    )
    return _group_of(group, problem=str(problem))


def _group_of(group: TaskGroup, *, problem: str | None = None) -> TaskGroup:
    """Put ``start`` before what is in the group, or before ``unavailable`` if nothing can be."""
    roots = list(group.get_roots())
    start = EmptyOperator(task_id=DBT_START, task_group=group)
    if problem is not None:
        roots.append(
            DbtUnavailableOperator(task_id=DBT_UNAVAILABLE, reason=problem, task_group=group)
        )
    start.set_downstream(roots)
    return group
