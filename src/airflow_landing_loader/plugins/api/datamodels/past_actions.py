"""What people asked for, and how it ended."""

from __future__ import annotations

import json
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, Field

from airflow_landing_loader.loading.operations import ActionName, ActionOutcome
from airflow_landing_loader.plugins.api.datamodels.books import Instant, Limit, Row, TableName
from airflow_landing_loader.plugins.api.datamodels.common import Request


def _parsed(value: object) -> object:
    """From the JSON text that the books hold."""
    return json.loads(value) if isinstance(value, str) else value


class ActionsQuery(Request):
    """Which actions."""

    table: TableName | None = None
    limit: Limit = 50


class ActionEntry(Row):
    """One action that has ended."""

    action_id: str
    action: ActionName
    table: str = Field(validation_alias="table_name")
    targets: Annotated[list[str], BeforeValidator(_parsed)] = Field(
        description="Files of failed, ids of loads, or names of columns."
    )
    parameters: Annotated[dict[str, Any] | None, BeforeValidator(_parsed)]
    reason: str | None
    asked_by: str | None = Field(description="As they were logged in.")
    asked_at: Instant
    outcome: ActionOutcome
    message: str
    done_at: Instant
    dag_id: str | None
    run_id: str | None


class Actions(BaseModel):
    """Actions, the newest first."""

    actions: list[ActionEntry]
