"""What a mapping says of its table's DAG, and of the table in BigQuery."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.config.mapping.dialect import ColumnName
from airflow_landing_loader.config.mapping.fields import Flag, MappingModel, Text
from airflow_landing_loader.config.yaml.values import refusal, whole_number
from airflow_landing_loader.exceptions import ErrorCode

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
        description="Partition by the time of loading, or by the values of partition_column. Only "
        "said when the table is created.",
    )
    partition_column: ColumnName | None = Field(
        default=None,
        description="The column to partition by; types makes it DATE or TIMESTAMP.",
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

    @field_validator("partition_column")
    @classmethod
    def _in_steps(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is not None and info.data.get("partition_by", value) is None:
            raise refusal(
                ErrorCode.MAPPING_MISSING_KEY,
                "partition_column needs partition_by: it says how much is in one partition.",
                hint="Add partition_by: day, or remove partition_column.",
            )
        return value

    def require_typed(self, types: Mapping[str, str]) -> None:
        """See that the column to partition by has a type for it.

        :param types: of the table's columns.
        :raises PydanticCustomError: ``mapping.contradiction``.
        """
        column = self.partition_column
        if column is None:
            return
        given = {same(clean_name(name)): type_ for name, type_ in types.items()}
        type_ = given.get(same(clean_name(column)))
        if type_ not in ("DATE", "TIMESTAMP"):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"bigquery.partition_column is {column!r}, which types does not make DATE or "
                "TIMESTAMP.",
                hint=f"Write types: {{{column}: DATE}}.",
                at=("bigquery", "partition_column"),
            )
        if type_ == "DATE" and self.partition_by == "hour":
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"{column!r} is a DATE, which has no hours.",
                hint="Write partition_by: day, or TIMESTAMP under types.",
                at=("bigquery", "partition_by"),
            )

    def __hash__(self) -> int:
        # Labels are a dict, which pydantic cannot hash.
        return hash(self.model_dump_json())
