"""How good the data of the last 24 hours is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from airflow_landing_loader.config.mapping.dag_ids import dag_id_of
from airflow_landing_loader.monitoring.quality import QualityFigures
from airflow_landing_loader.plugins.api.auth import CallerDep
from airflow_landing_loader.plugins.api.datamodels.quality import (
    DataQuality,
    Issues,
    PipelineQuality,
    QualityByTime,
    QualityMetrics,
)
from airflow_landing_loader.plugins.api.openapi import problems
from airflow_landing_loader.plugins.api.services import BooksDep

router = APIRouter(tags=["quality"])

_DAY = timedelta(hours=24)


@router.get("/data-quality", responses=problems())
async def data_quality(caller: CallerDep, books: BooksDep) -> DataQuality:
    """Quality of the tables that the caller may read."""
    readable = set(await caller.table_dags())
    since = datetime.now(UTC).replace(tzinfo=None) - _DAY
    found = await run_in_threadpool(books.quality.quality, since)
    tables = {t: figures for t, figures in found.items() if dag_id_of(t) in readable}
    return DataQuality(
        quality_metrics=QualityByTime(last_24h=_metrics(sum(tables.values(), QualityFigures()))),
        by_pipeline=[
            PipelineQuality(
                pipeline_id=dag_id_of(table),
                pipeline_name=table,
                quality_score=figures.score,
                issues=figures.issues,
            )
            for table, figures in sorted(tables.items())
        ],
    )


def _metrics(figures: QualityFigures) -> QualityMetrics:
    return QualityMetrics(
        total_records=figures.total_records,
        valid_records=figures.valid_records,
        quality_score=figures.score,
        issues=Issues(
            missing_fields=figures.missing_fields,
            invalid_types=figures.invalid_types,
            duplicates=figures.duplicates,
        ),
    )
