"""What can be done to a table, and the answer that it will be."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field
from pydantic.functional_validators import AfterValidator
from pydantic_core import PydanticCustomError

from airflow_landing_loader.config.mapping.column_types import TYPE_PATTERN, column_type
from airflow_landing_loader.loading.operations import ActionName
from airflow_landing_loader.plugins.api.datamodels.common import PipelineId, Request

_MOST = 200


def _told_apart(names: list[str]) -> list[str]:
    if len(set(names)) < len(names):
        raise PydanticCustomError("twice", "Each should be named once")
    return names


_Name = Annotated[str, Field(min_length=1, max_length=1000)]
_Names = Annotated[
    list[_Name],
    Field(min_length=1, max_length=_MOST, json_schema_extra={"uniqueItems": True}),
    AfterValidator(_told_apart),
]
_Reason = Annotated[str, Field(max_length=1000, description="Why; kept in the books.")]


class ReplayRequest(Request):
    """Refused files, back into landing."""

    table: PipelineId
    files: _Names = Field(description="Names of data files in failed.")
    reason: _Reason = ""


class DiscardRequest(Request):
    """Refused files that nobody wants any more."""

    table: PipelineId
    files: _Names = Field(description="Names of data files in failed.")
    reason: _Reason = Field(min_length=1)


class UnloadRequest(Request):
    """Loads taken back that were valid but wrong."""

    table: PipelineId
    loads: _Names = Field(description="Ids of loads.")
    to: Literal["failed", "landing"] = Field("failed", description="Where their files go.")
    reason: _Reason = Field(min_length=1)


class PromoteRequest(Request):
    """New columns of a sender, made columns of the table."""

    table: PipelineId
    columns: _Names = Field(description="Names as the sender has them.")
    type: Annotated[str, Field(pattern=TYPE_PATTERN), AfterValidator(column_type)] | None = Field(
        None, max_length=100, description="Type of the columns; null: text."
    )
    reason: _Reason = ""


class VerifyRequest(Request):
    """Loads proved anew against their archived files."""

    table: PipelineId
    loads: _Names = Field(description="Ids of loads.")
    reason: _Reason = ""


class Links(BaseModel):
    """Addresses below the host of this API."""

    run: str = Field(description="The run's page in Airflow.")
    api: str = Field(description="The run in Airflow's own API.")


class Accepted(BaseModel):
    """An action that a worker will carry out."""

    action_id: str
    action: ActionName
    dag_id: str
    run_id: str
    links: Links
