"""What a mapping says of its table's DAG, and of the table in BigQuery."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from airflow_landing_loader.config.mapping.fields import Flag, MappingModel, Text
from airflow_landing_loader.config.yaml.values import whole_number

_Retries = Annotated[int, Field(strict=True, ge=0, le=100), BeforeValidator(whole_number)]


class DagOptions(MappingModel):
    """What a table's DAG says of itself."""

    owner: Text | None = Field(default=None, description="Owner shown in the Airflow UI.")
    tags: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        default=(), description="Tags of the DAG, besides the loader's own."
    )
    retries: _Retries | None = Field(
        default=None, description="Retries of each task after a transient error."
    )
    description: Annotated[str, Field(min_length=1, max_length=1000)] | None = Field(
        default=None, description="One line shown beside the DAG's name."
    )
    paused_at_creation: Flag | None = Field(
        default=None,
        description="Whether the DAG waits for somebody to unpause it when it is first seen.",
    )


_ClusterColumn = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,299}$")]
_LabelKey = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
_LabelValue = Annotated[str, Field(pattern=r"^[a-z0-9_-]{0,63}$")]


class BigQueryTable(MappingModel):
    """How the table is made in BigQuery; DuckDB passes over it."""

    partition_by: Literal["hour", "day", "month", "year"] | None = Field(
        default=None,
        description="Partition by the time of loading. Only said when the table is created.",
    )
    cluster_by: Annotated[tuple[_ClusterColumn, ...], Field(max_length=4)] = Field(
        default=(), description="Up to four columns, as they are named in the table."
    )
    location: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{2,40}$")] | None = Field(
        default=None,
        description="Where the table's dataset is made if it is not there. Default: bq_location.",
    )
    commit: Literal["transaction", "load_job"] = Field(
        default="transaction",
        description="load_job: rows go into the table by a free load job, a moment before their "
        "metadata, where the table is all text and no record is rejected or replaced.",
    )
    labels: Annotated[dict[_LabelKey, _LabelValue], Field(max_length=64)] = Field(
        default={},
        description="Labels of the table, for cost reports.",
        json_schema_extra={"additionalProperties": False},
    )

    def __hash__(self) -> int:
        # Labels are a dict, which pydantic cannot hash.
        return hash(self.model_dump_json())
