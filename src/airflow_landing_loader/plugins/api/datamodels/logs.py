"""What an execution has logged."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from airflow_landing_loader.plugins.api.datamodels.common import Cursor, Request

LogLayer = Literal["bronze", "silver", "gold", "run"]
Level = Literal["debug", "info", "warning", "error", "critical"]


class LogsQuery(Request):
    """Which part of the log."""

    limit: int = Field(500, ge=1, le=5000)
    cursor: Cursor | None = None


class LogLine(BaseModel):
    """One line."""

    timestamp: datetime | None = Field(description="Null before the first line that has one.")
    level: Level
    layer: LogLayer = Field(description="`run`: of the run itself, and of no layer.")
    message: str


class Logs(BaseModel):
    """A page of the log: task by task in the order in which they began, try by try."""

    logs: list[LogLine]
    next_cursor: str | None = Field(description="For the next page; null: there is none.")
