"""What people asked for, and how it ended."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from airflow_landing_loader.plugins.api.datamodels.books import Instant, Limit, Row, TableName
from airflow_landing_loader.plugins.api.datamodels.common import Request
from airflow_landing_loader.runs.actions import parameters_in, targets_in


class ActionsQuery(Request):
    """Which actions."""

    table: TableName | None = None
    limit: Limit = 50


class ActionEntry(Row):
    """One action that has ended."""

    action_id: str
    action: str = Field(
        description="`replay`, `discard`, `unload`, `promote`, `verify`, or one of a newer release."
    )
    table: str = Field(validation_alias="table_name")
    targets: Annotated[list[str], BeforeValidator(targets_in)] = Field(
        description="Files of failed, ids of loads, or names of columns; none: they cannot be read."
    )
    parameters: Annotated[dict[str, Any] | None, BeforeValidator(parameters_in)]
    reason: str | None
    asked_by: str | None = Field(description="As they were logged in.")
    asked_at: Instant
    outcome: str = Field(description="`done`, `failed`, or one of a newer release.")
    message: str
    done_at: Instant
    dag_id: str | None = Field(
        description="Null: it was the command line, or a DAG that the caller may not read."
    )
    run_id: str | None


class Actions(BaseModel):
    """Actions, the newest first."""

    actions: list[ActionEntry]
