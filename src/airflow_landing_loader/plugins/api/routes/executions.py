"""Executions: what ran and what became of it, and how to start one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from airflow_landing_loader.config.mapping.dag_ids import table_shown
from airflow_landing_loader.loading.operations import ExecutionRecord
from airflow_landing_loader.plugins.api.airflow_api import AirflowApi, AirflowApiDep
from airflow_landing_loader.plugins.api.auth import Caller, CallerDep
from airflow_landing_loader.plugins.api.datamodels.airflow import DagRun, Trigger
from airflow_landing_loader.plugins.api.datamodels.executions import (
    Bronze,
    Execution,
    Executions,
    ExecutionsQuery,
    Gold,
    LayerName,
    Layers,
    Silver,
    Triggered,
    TriggerRequest,
)
from airflow_landing_loader.plugins.api.openapi import problems
from airflow_landing_loader.plugins.api.pipelines import editable, readable
from airflow_landing_loader.plugins.api.run_pages import STATUS, RunsWanted, page_of_runs
from airflow_landing_loader.plugins.api.services import BooksDep
from airflow_landing_loader.runs.executions import RunKey, id_of, models_of

router = APIRouter(tags=["executions"])


@router.get("/executions", responses=problems(HTTPStatus.NOT_FOUND))
async def list_executions(
    query: Annotated[ExecutionsQuery, Query()],
    caller: CallerDep,
    airflow: AirflowApiDep,
    books: BooksDep,
) -> Executions:
    """The executions of the tables that the caller may read, the newest first."""
    wanted = RunsWanted(
        dag_ids=await _dags(query, caller, airflow),
        status=query.status,
        since=query.date_from,
        until=query.date_to,
        cursor=query.cursor,
        limit=query.limit,
    )
    found = await page_of_runs(airflow, wanted)
    runs = found.runs
    kept = await run_in_threadpool(books.executions.executions, [_id(run) for run in runs])
    layers = _layers_by_execution(kept)
    return Executions(
        executions=[_execution(run, layers[_id(run)]) for run in runs],
        next_cursor=found.next_cursor,
    )


@router.post(
    "/trigger",
    responses=problems(
        HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    ),
)
async def trigger(request: TriggerRequest, caller: CallerDep, airflow: AirflowApiDep) -> Triggered:
    """Start a pipeline by hand; it begins when the execution before it has ended."""
    dag = await editable(request.pipeline_id, caller, airflow)
    conf = request.parameters.model_dump(mode="json")
    run = await airflow.trigger(dag, Trigger(conf=conf))
    return Triggered(
        execution_id=_id(run),
        status="scheduled",
        estimated_start=run.run_after,
    )


async def _dags(query: ExecutionsQuery, caller: Caller, airflow: AirflowApi) -> Sequence[str]:
    if query.pipeline_id is None:
        return await caller.table_dags()
    return [(await readable(query.pipeline_id, caller, airflow)).dag_id]


def _id(run: DagRun) -> str:
    return id_of(RunKey(run.dag_id, run.dag_run_id))


_Layers = dict[LayerName, ExecutionRecord]


def _layers_by_execution(kept: Sequence[ExecutionRecord]) -> defaultdict[str, _Layers]:
    """Of the run itself, Airflow knows more."""
    found: defaultdict[str, _Layers] = defaultdict(dict)
    for record in kept:
        if record.layer != "run":
            found[record.execution_id][record.layer] = record
    return found


def _execution(run: DagRun, layers: _Layers) -> Execution:
    bronze, silver, gold = layers.get("bronze"), layers.get("silver"), layers.get("gold")
    durations = [layer.duration_ms for layer in layers.values() if layer.duration_ms is not None]
    tables = [layer.table_name for layer in layers.values() if layer.table_name is not None]
    return Execution(
        id=_id(run),
        pipeline_id=run.dag_id,
        pipeline_name=tables[0] if tables else table_shown(run.dag_id),
        status=STATUS[run.state],
        layers=Layers(
            bronze=_bronze(bronze) if bronze else None,
            silver=_silver(silver) if silver else None,
            gold=_gold(gold) if gold else None,
        ),
        total_duration_ms=sum(durations) if durations else None,
        started_at=run.start_date,
        completed_at=run.end_date,
    )


def _bronze(layer: ExecutionRecord) -> Bronze:
    size = layer.size_bytes
    return Bronze(
        status=layer.status,
        records=layer.records_processed,
        size_mb=None if size is None else size / 1_000_000,
        duration_ms=layer.duration_ms,
    )


def _silver(layer: ExecutionRecord) -> Silver:
    return Silver(
        status=layer.status,
        records=layer.records_processed,
        records_filtered=layer.records_failed,
        duration_ms=layer.duration_ms,
    )


def _gold(layer: ExecutionRecord) -> Gold:
    return Gold(
        status=layer.status,
        tables_updated=list(models_of(layer)),
        duration_ms=layer.duration_ms,
    )
