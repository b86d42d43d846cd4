"""Data quality in figures."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

_Count = Annotated[int, Field(ge=0)]
_Score = Annotated[float, Field(ge=0, le=100)]


class Issues(BaseModel):
    """How often each rule was broken."""

    missing_fields: _Count
    invalid_types: _Count
    duplicates: _Count


class QualityMetrics(BaseModel):
    """All tables that the caller may read, together."""

    total_records: _Count
    valid_records: _Count
    quality_score: _Score | None = Field(
        description="Percent, never better than it is; null: no records."
    )
    issues: Issues


class QualityByTime(BaseModel):
    """By how far they reach back."""

    last_24h: QualityMetrics


class PipelineQuality(BaseModel):
    """One table, in the last 24 hours."""

    pipeline_id: str
    pipeline_name: str
    quality_score: _Score | None
    issues: _Count


class DataQuality(BaseModel):
    """Quality of what was loaded; tables without a load in that time are not in `by_pipeline`."""

    quality_metrics: QualityByTime
    by_pipeline: list[PipelineQuality]
