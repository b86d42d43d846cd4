"""What loading says of deliveries: the verdicts, and the rows of our own tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from airflow_landing_loader.config.mapping.totals import TotalKind
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.model import Delivery

DeliveryOutcome = Literal[
    "loaded", "duplicate", "failed", "replayed", "discarded", "superseded", "unloaded"
]

SHORT = 8
"""Characters of an id that people see; the archive's names use the same."""


def short_id(load_id: str) -> str:
    """The beginning of an id, as people see it."""
    return load_id[:SHORT]


EventPlan = tuple[tuple[str, tuple[str, ...]], ...]
"""Names of channels, each with the types of the events that are sent there."""


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """Who loads, for our tables and the sidecars; empty on the command line.

    :param events: which events are written down, to be sent to which channels.
    """

    dag_id: str | None = None
    run_id: str | None = None
    events: EventPlan = ()


@dataclass(frozen=True, kw_only=True)
class Load:
    """One committed load: one row of ``load_metadata``, in its column order.

    :param sequence: rises with every load of the warehouse; orders loads where clocks cannot.
    :param record_count: records counted by the inspection; equals ``row_count + rejected_count``.
    :param drift_columns: columns of the file that the table lacked when it was loaded, as they
        stood in ``_extra``.
    :param missing_columns: columns of the table that the file lacks.
    :param restates_load_id: the earlier load of the same table and file name, or of the same key,
        with other content.
    :param same_content_load_id: an earlier load of equal content under another file name.
    :param removed_sequence: what has taken its rows out of the table again, as a number among those
        of ``sequence``: a restatement that replaces, or an unload; ``None`` while they are there.
    :param identity_key: what the delivery is of, where the mapping says that by parts of its name:
        a JSON object of them and their values.
    :param quality_score: percent of its records that break no rule of ``quality``; ``None`` where
        the mapping has none.
    :param sequence_number: its number, where the mapping counts its files.
    :param sequence_key: of which sequence: a JSON object of the parts of its name that tell it from
        others.
    """

    load_id: str
    filename: str
    table_name: str
    row_count: int
    started_at: datetime
    completed_at: datetime
    sequence: int
    uri: str
    size_bytes: int
    sha256: str
    delivery_token: str
    go_filename: str | None
    go_sha256: str | None
    record_count: int
    expected_count: int | None
    rejected_count: int
    drift_columns: tuple[str, ...]
    missing_columns: tuple[str, ...]
    restates_load_id: str | None
    same_content_load_id: str | None
    archive_uri: str
    dag_id: str | None
    run_id: str | None
    removed_sequence: int | None = None
    identity_key: str | None = None
    quality_score: float | None = None
    sequence_number: int | None = None
    sequence_key: str | None = None


@dataclass(frozen=True, kw_only=True)
class LoadColumn:
    """One row of ``load_columns``: a column of a load's file, and where its values went.

    :param name: the table's name for it.
    :param extra: whether its values are in ``_extra``.
    """

    name: str
    extra: bool


@dataclass(frozen=True, kw_only=True)
class LoadTotal:
    """One row of ``load_totals``: what the sender promised of a column, and what it came to.

    :param width: how many of its last digits a hash total has; ``None``: all, or it is none.
    """

    column_name: str
    kind: TotalKind
    promised: str | None
    computed: str | None
    promised_by: str
    width: int | None


@dataclass(frozen=True, kw_only=True)
class DeliveryRecord:
    """One row of ``load_deliveries``: what became of one delivery.

    :param failed_at: when it was first refused, also if it was replayed or has loaded since.
    """

    delivery_id: str
    filename: str
    table_name: str
    outcome: DeliveryOutcome
    code: str | None
    message: str | None
    load_id: str | None
    landing_uri: str
    final_uri: str | None
    dag_id: str | None
    run_id: str | None
    recorded_at: datetime
    sha256: str | None
    failed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class DiscardedDelivery:
    """What the books are told of a refused delivery that is not wanted.

    :param message: why it is not, and why it had been refused.
    :param final_uri: where its data file lies now.
    """

    delivery_id: str
    message: str
    final_uri: str


ArrivalOutcome = Literal["expected", "on_time", "late", "wrong", "missing"]


@dataclass(frozen=True, kw_only=True)
class ArrivalRecord:
    """One row of ``load_arrivals``: what became of one window in which files were expected.

    :param pattern: of the mapping that expects them.
    :param day: the local day of ``due_at``, as ``2024-01-15``.
    :param outcome: ``expected``: from this window on the mapping is watched, and it has not ended.
    :param reason: what was wrong, or missing; empty if nothing was.
    :param file_count: loads that were in the table at ``until_at``.
    :param arrived_at: when all was there first, not after ``until_at``.
    :param mended_at: when all was there first after it was not at ``until_at``.
    """

    table_name: str
    pattern: str
    day: str
    opens_at: datetime
    due_at: datetime
    until_at: datetime
    outcome: ArrivalOutcome
    reason: str
    file_count: int
    row_count: int
    arrived_at: datetime | None
    mended_at: datetime | None
    recorded_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether it is an incident that nothing has mended yet."""
        return self.outcome in ("wrong", "missing") and self.mended_at is None


@dataclass(frozen=True, kw_only=True)
class ArrivedLoad:
    """A load, or a duplicate of one, as something that came.

    :param at: when its rows were committed, or the duplicate was recognised.
    :param removed_at: when the load's rows were taken out of the table again.
    """

    table_name: str
    filename: str
    load_id: str
    at: datetime
    row_count: int
    sequence: int
    removed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class RefusedArrival:
    """A delivery that was refused as something that came."""

    table_name: str
    filename: str
    at: datetime
    code: str | None


@dataclass(frozen=True, kw_only=True)
class Arrivals:
    """What the books say of what came into some tables.

    :param as_of: when this was true; earlier than now if a writer holds the database.
    :param records: windows that ended lately, or are watched from.
    :param watched: the first day of which there is a record, by table and pattern.
    :param busy_with: who holds the database, if somebody does.
    :param known_since: of what came until then not all is here; ``None``: all that was asked for.
    """

    as_of: datetime
    loads: tuple[ArrivedLoad, ...] = ()
    refused: tuple[RefusedArrival, ...] = ()
    records: tuple[ArrivalRecord, ...] = ()
    watched: tuple[tuple[str, str, str], ...] = ()
    busy_with: str | None = None
    known_since: datetime | None = None


WantedSince = Callable[[Arrivals], Mapping[str, datetime]]
"""From when on loads of tables are asked for, by table, UTC without zone; given what is decided."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Verdict: the rows are committed, now or by an earlier try of the same delivery."""

    delivery: Delivery
    load: Load
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Duplicate:
    """Verdict: the content is in the table already; the file is archived, no row is added."""

    delivery: Delivery
    sha256: str
    of_load_id: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Verdict: terminal (quarantine now) or transient (leave it in landing, try again).

    :param sha256: of the data file, if the inspection came to its end.
    """

    delivery: Delivery
    error: ErrorDetail
    sha256: str | None = None


Verdict = Loaded | Duplicate | Refused


@dataclass(frozen=True, kw_only=True)
class DbtDue:
    """A table whose newest load is later than its last successful dbt run.

    :param sequence: of that newest load; a dbt run that starts now covers loads up to it.
    :param last_attempt: when dbt last ran for it without success since that load, if it did.
    """

    table: str
    sequence: int
    last_attempt: datetime | None


@dataclass(frozen=True, kw_only=True)
class OpenBatch:
    """A batch that was begun and is not at its end.

    :param rows_first: its rows may be in their table before their loads are in our tables.
    """

    tables: tuple[str, ...]
    files: tuple[str, ...]
    since: datetime
    rows_first: bool


@dataclass(frozen=True, kw_only=True)
class Overview:
    """What ``status`` shows: newest first.

    :param as_of: when this was true; earlier than now if a writer holds the database.
    :param busy_with: who holds the database, if somebody does.
    :param open_batches: of BigQuery, which works on them by itself.
    """

    as_of: datetime
    loads: tuple[Load, ...]
    deliveries: tuple[DeliveryRecord, ...]
    dbt_due: tuple[DbtDue, ...]
    busy_with: str | None = None
    open_batches: tuple[OpenBatch, ...] = ()
