"""Loads and deliveries."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field, computed_field

from airflow_landing_loader.config.mapping.dag_ids import dag_id_of
from airflow_landing_loader.loading.history import Trait
from airflow_landing_loader.loading.model import DeliveryOutcome
from airflow_landing_loader.plugins.api.datamodels.books import (
    Instant,
    PageQuery,
    PastPage,
    Row,
    Text,
)
from airflow_landing_loader.runs.executions import RunKey, id_of


class LoadsQuery(PageQuery):
    """Which loads."""

    text: Text = Field("", description="A part of the file's name, or the beginning of an id.")
    since: AwareDatetime | None = Field(None, description="Committed from then on.")
    until: AwareDatetime | None = Field(None, description="Committed before.")
    trait: list[Trait] = Field([], max_length=5, description="With all of these.")
    execution_id: str | None = Field(None, max_length=800, description="Of one execution.")


class DeliveriesQuery(PageQuery):
    """Which deliveries."""

    text: Text = Field("", description="A part of the file's name, or of the message.")
    code: Annotated[str, Field(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$", max_length=100)] | None = None
    outcome: list[DeliveryOutcome] = Field([], max_length=7, description="One of these.")


class FailuresQuery(PageQuery):
    """Which of the deliveries that lie in failed."""

    text: Text = Field("", description="A part of the file's name, or of the message.")
    code: Annotated[str, Field(pattern=r"^[a-z0-9_]+\.[a-z0-9_]+$", max_length=100)] | None = None


class _OfRun(Row):
    """What a run of Airflow has written."""

    table: str = Field(validation_alias="table_name")
    dag_id: str | None = Field(
        description="Null: it was the command line, or a DAG that the caller may not read."
    )
    run_id: str | None

    @computed_field  # type: ignore[prop-decorator]
    @property
    def pipeline_id(self) -> str:
        """The table's DAG."""
        return dag_id_of(self.table)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def execution_id(self) -> str | None:
        """Of the run that did it; null: as of `dag_id`."""
        if self.dag_id is None or self.run_id is None:
            return None
        return id_of(RunKey(self.dag_id, self.run_id))


class LoadEntry(_OfRun):
    """One load that was committed."""

    load_id: str
    sequence: int = Field(description="Rises with every load of the warehouse.")
    filename: str
    row_count: int
    record_count: int = Field(description="Records of the file: loaded and rejected.")
    rejected_count: int
    expected_count: int | None = Field(description="As the sender promised; null: nothing did.")
    size_bytes: int = Field(description="Of the file as it was delivered.")
    sha256: str
    go_filename: str | None
    started_at: Instant
    completed_at: Instant
    archive_uri: str = Field(description="Where the file lies; empty: it was replaced before.")
    drift_columns: list[str] = Field(
        description="Columns that the table lacked (`_extra`); while a writer works, the first 100."
    )
    missing_columns: list[str] = Field(
        description="Columns of the table that the file lacks; while a writer works, the first 100."
    )
    restates_load_id: str | None
    same_content_load_id: str | None
    removed_sequence: int | None = Field(
        description="What has taken its rows out of the table again; null: they are there."
    )
    quality_score: float | None = Field(
        description="Percent of records that break no rule; null: there is no rule."
    )


class Loads(PastPage):
    """A page of loads."""

    loads: list[LoadEntry]


class DeliveryEntry(_OfRun):
    """What became of one delivery."""

    delivery_id: str
    filename: str
    outcome: DeliveryOutcome
    code: str | None = Field(description="Why it was refused.")
    message: str | None
    load_id: str | None
    final_uri: str | None = Field(description="Where its file lies.")
    recorded_at: Instant
    failed_at: Instant | None = Field(description="When it was refused first, if it ever was.")


class Deliveries(PastPage):
    """A page of deliveries."""

    deliveries: list[DeliveryEntry]


class Failures(PastPage):
    """A page of what lies in failed."""

    failures: list[DeliveryEntry]


class FileColumnEntry(Row):
    """One column of a load's file."""

    position: int
    sender_name: str
    column_name: str
    extra: bool = Field(description="Whether its values are in `_extra`.")


class TotalEntry(Row):
    """What a sender promised of a column, and what it came to."""

    column_name: str
    kind: str
    promised: str | None
    computed: str | None
    promised_by: str


class RuleEntry(Row):
    """How many records break a rule."""

    rule: str
    column: str | None
    failed: int


class RejectEntry(Row):
    """A record that was left out; what it held is in `load_rejects` alone."""

    record: int
    line: int
    code: str
    column_name: str | None
    message: str


class LoadWhole(Row):
    """All that the books know of one load."""

    load: LoadEntry
    delivery: DeliveryEntry | None
    columns: list[FileColumnEntry]
    totals: list[TotalEntry]
    quality: list[RuleEntry]
    rejects: list[RejectEntry] = Field(description="The first 200.")
