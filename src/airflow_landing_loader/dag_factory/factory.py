"""From table mappings to DAGs: one for each table, one for each mapping that is broken, one for
what no mapping matches, one for each deadline of expected files, and one for what people ask for.

Safe to parse: reads the settings and the mapping files (and dbt's manifest), nothing else. No
network, connection, variable, database, clock or randomness, so that the same files always give
the same DAGs.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from airflow.providers.common.compat.sdk import DAG, get_parsing_context

from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.channels.reader import read_channels
from airflow_landing_loader.config.mapping.dag_ids import UNMATCHED_DAG_ID, dag_id_of
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.mapping.reader import (
    MappingSet,
    read_mappings,
    read_mappings_of_dag,
)
from airflow_landing_loader.config.mapping.sets import by_set
from airflow_landing_loader.config.yaml.documents import Problem
from airflow_landing_loader.dag_factory.actions import build_actions_dag
from airflow_landing_loader.dag_factory.arrivals import ARRIVALS_PREFIX, build_arrivals_dag
from airflow_landing_loader.dag_factory.defaults import ONLY_TELLS, TAG, patient
from airflow_landing_loader.dag_factory.docs import problem_page, unmatched_page
from airflow_landing_loader.dag_factory.table import WAIT, build_table_dag
from airflow_landing_loader.monitoring.deadlines import by_deadline
from airflow_landing_loader.operators.broken import BrokenMappingOperator
from airflow_landing_loader.operators.unmatched import ReportUnmatchedOperator
from airflow_landing_loader.runs.actions import ACTIONS_DAG_ID
from airflow_landing_loader.settings import DBT_PER_TABLE_LIMIT, Settings
from airflow_landing_loader.settings.airflow import airflow_settings
from airflow_landing_loader.version_compat import by_the_clock

CONFIG_ERROR_TAG = "config-error"

_MAX_DAG_ID = 200


def build_landing_dags(
    settings: Settings | None = None,
    *,
    namespace: dict[str, Any] | None = None,
    claimed_patterns: Sequence[str] = (),
    unmatched_dag_id: str | None = UNMATCHED_DAG_ID,
    arrivals_prefix: str | None = ARRIVALS_PREFIX,
    actions: bool = True,
) -> dict[str, DAG]:
    """Build the DAGs of all mappings, by DAG id.

    A process that runs a task knows which DAG it wants: there only that one is built, and where the
    task needs no others, only its mappings are read.

    :param settings: where everything lies. Default: section ``[landing_loader]``.
    :param namespace: ``globals()`` of the file that Airflow reads; the DAGs are put there too.
    :param claimed_patterns: names, as in mappings, that DAGs of your own take: data files and go
        files. They are not told as files that no mapping matches.
    :param unmatched_dag_id: the DAG that tells what no mapping matches; ``None``: there is none.
        Where this is called for several landing zones, each needs an id of its own.
    :param arrivals_prefix: how the ids of the DAGs begin that tell what has not come by its
        deadline, one for each deadline; ``None``: there are none. Several landing zones need
        beginnings of their own, too.
    :param actions: whether the DAG ``landing_actions`` is built, which carries out what people ask
        for in the landing zone's page or API. These know one landing zone, that of section
        ``[landing_loader]``: for all others, ``False``.
    :raises ConfigurationError: a required setting is missing, or it or a claimed pattern makes no
        sense. In a DAG file this
        becomes the import error that Airflow shows; nothing could run without it.
    """
    settings = settings or airflow_settings()
    claimed = tuple(Pattern.parse(text).text for text in claimed_patterns)
    wanted = get_parsing_context().dag_id
    channels = read_channels(settings.channels_path)
    found = _read(settings, unmatched_dag_id, channels)
    broken = _problems_by_dag(found)
    dags = {
        dag_id: _broken_dag(dag_id, problems)
        for dag_id, problems in broken.items()
        if wanted in (None, dag_id)
    }
    for problem in channels.errors:
        dag_id = _dag_of_file(problem)
        if wanted in (None, dag_id):
            of_file = [p for p in channels.errors if _dag_of_file(p) == dag_id]
            dags[dag_id] = _broken_dag(dag_id, of_file, what="channel")
    tables, sets = len(found.table_names()), by_set(found.mappings)
    for mappings in found.tables().values():
        dag_id = mappings[0].dag_id
        if dag_id not in broken and wanted in (None, dag_id):
            dags[dag_id] = build_table_dag(
                mappings,
                settings,
                neighbours=found.mappings,
                sets=sets,
                tables=tables,
                channels=channels,
            )
    if unmatched_dag_id and found.mappings and wanted in (None, unmatched_dag_id):
        dags[unmatched_dag_id] = _unmatched_dag(unmatched_dag_id, found.mappings, settings, claimed)
    if arrivals_prefix is not None:
        dags |= _arrivals_dags(arrivals_prefix, found, settings, channels)
    if actions and wanted in (None, ACTIONS_DAG_ID):
        dags[ACTIONS_DAG_ID] = build_actions_dag(settings)
    if namespace is not None:
        namespace.update(dags)
    return dags


def _arrivals_dags(
    prefix: str, found: MappingSet, settings: Settings, channels: ChannelSet
) -> dict[str, DAG]:
    """The DAGs of all deadlines, as far as this process wants them, by DAG id."""
    wanted = get_parsing_context().dag_id
    dags = {}
    for deadline, mappings in by_deadline(found.mappings).items():
        dag_id = prefix + deadline.name
        if wanted in (None, dag_id):
            dags[dag_id] = build_arrivals_dag(dag_id, deadline, mappings, settings, channels)
    return dags


def _read(settings: Settings, unmatched_dag_id: str | None, channels: ChannelSet) -> MappingSet:
    """The mappings that this process needs.

    Which files a table may take is decided by its sensor, and shown by the DAG of a mapping that is
    refused; what no mapping matches has a DAG too: these need all mappings. The other tasks work on
    what the sensor took.
    """
    root = Path(settings.table_config_path)
    asked = get_parsing_context()
    if asked.dag_id == ACTIONS_DAG_ID:
        return MappingSet((), ())
    of_all = asked.dag_id == unmatched_dag_id or asked.task_id == WAIT
    if asked.dag_id and asked.task_id and not of_all:
        enough = DBT_PER_TABLE_LIMIT + 1 if settings.dbt_mode == "auto" else 0
        found = read_mappings_of_dag(root, asked.dag_id, tables=enough, channels=channels.names)
        if found and not by_set(found.mappings):  # a set may have files of other tables
            return found
    return read_mappings(root, channels.names)


def _problems_by_dag(found: MappingSet) -> dict[str, list[Problem]]:
    """Which DAG shows which problem: the table's own, or one made for the file."""
    by_dag: dict[str, list[Problem]] = defaultdict(list)
    for table, problems in found.problems_by_table().items():
        by_dag[dag_id_of(table)] += problems
    for problems in found.problems_without_table().values():
        by_dag[_dag_of_file(problems[0])] += problems
    return dict(sorted(by_dag.items()))


def _dag_of_file(problem: Problem) -> str:
    shown = problem.detail.file or problem.path.name
    return "landing__broken__" + re.sub(r"[^A-Za-z0-9_.-]", "_", shown)[:_MAX_DAG_ID]


def _broken_dag(
    dag_id: str, problems: Sequence[Problem], what: Literal["mapping", "channel"] = "mapping"
) -> DAG:
    """Takes the place of the DAG that cannot be built, so that its neighbours are not hidden."""
    problem = "\n\n".join(p.render() for p in problems)
    files = ", ".join(sorted({p.detail.file or p.path.name for p in problems}))
    with DAG(
        dag_id=dag_id,
        dag_display_name=f"\u26a0 {dag_id} (broken {what})",
        description=f"Broken {what}: {files}",
        doc_md=problem_page(problem, what),
        # Never @continuous, which would run it again and again without a pause.
        schedule=by_the_clock("0 * * * *"),
        tags={TAG, CONFIG_ERROR_TAG},
        default_args={"owner": TAG, "retries": 0},
        **ONLY_TELLS,
    ) as dag:
        BrokenMappingOperator(task_id=f"{what}_is_broken", problem=problem)
    return dag


def _unmatched_dag(
    dag_id: str,
    mappings: Sequence[TableMapping],
    settings: Settings,
    claimed_patterns: Sequence[str],
) -> DAG:
    """Tells of files that no table takes, for all tables in one place."""
    with DAG(
        dag_id=dag_id,
        dag_display_name="landing: files that no mapping matches",
        description="Fails once for each file in landing that no mapping matches; takes none",
        doc_md=unmatched_page(settings),
        schedule="*/10 * * * *",
        tags={TAG},
        default_args={"owner": TAG, **patient(settings)},
        **ONLY_TELLS,
    ) as dag:
        ReportUnmatchedOperator(
            task_id="report_unmatched",
            mapping=tuple(mappings),
            settings=settings,
            claimed_patterns=claimed_patterns,
        )
    return dag
