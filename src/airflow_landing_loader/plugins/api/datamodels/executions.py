"""Executions, and how one is started."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, StrictBool, model_validator
from pydantic_core import PydanticCustomError

from airflow_landing_loader.plugins.api.datamodels.common import Cursor, Day, PipelineId, Request

Status = Literal["running", "completed", "failed"]
LayerName = Literal["bronze", "silver", "gold"]
LayerStatus = Literal["completed", "failed", "skipped"]
_Known = Annotated[int, Field(ge=0)] | None


class ExecutionsQuery(Request):
    """Which executions."""

    pipeline_id: PipelineId | None = None
    status: Status | None = None
    date_from: Day | None = Field(None, description="First day, UTC, on which they were due.")
    date_to: Day | None = Field(None, description="Last day, UTC, on which they were due.")
    limit: int = Field(50, ge=1, le=500)
    cursor: Cursor | None = None


class Bronze(BaseModel):
    """The load of the files."""

    status: LayerStatus
    records: _Known
    size_mb: float | None = Field(ge=0, description="Of the files as delivered, in 10^6 bytes.")
    duration_ms: _Known


class Silver(BaseModel):
    """The dbt models that clean."""

    status: LayerStatus
    records: _Known
    records_filtered: _Known
    duration_ms: _Known


class Gold(BaseModel):
    """The dbt models that people read."""

    status: LayerStatus
    tables_updated: list[str]
    duration_ms: _Known


class Layers(BaseModel):
    """What became of each layer; null where it has not come to an end, or is none. Figures are null
    where they are not known."""

    bronze: Bronze | None
    silver: Silver | None
    gold: Gold | None


class Execution(BaseModel):
    """One run of a table's DAG."""

    id: str = Field(examples=["exec_bGFuZGluZ19fcmF3X3RyYWRlcy9tYW51YWxfXzE"])
    pipeline_id: str = Field(description="Id of the DAG.", examples=["landing__raw_trades"])
    pipeline_name: str = Field(description="The table.", examples=["raw_trades"])
    status: Status
    layers: Layers
    total_duration_ms: _Known = Field(
        description="The work of all layers, without the wait for files."
    )
    started_at: datetime | None = Field(description="Null while it waits for its turn.")
    completed_at: datetime | None


class Executions(BaseModel):
    """A page of executions, the newest first."""

    executions: list[Execution]
    next_cursor: str | None = Field(description="For the next page; null: there is none.")


class DateRange(Request):
    """Days, both included."""

    start: Day
    end: Day

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.start > self.end:
            raise PydanticCustomError("date_range", "start should not be after end")
        return self


class TriggerParameters(Request):
    """What the run gets as its configuration."""

    date_range: DateRange | None = None
    force: StrictBool = False


class TriggerRequest(Request):
    """Which pipeline, and how."""

    pipeline_id: PipelineId
    parameters: TriggerParameters = TriggerParameters()


class Triggered(BaseModel):
    """An execution that begins as soon as the one before it has ended."""

    execution_id: str
    status: Literal["scheduled"]
    estimated_start: datetime
