"""What became of one file in one run, for tables, reports and XCom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.loading.model import Duplicate, Loaded, Refused, Verdict

Status = Literal["loaded", "duplicate", "failed", "left"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one file.

    :param status: ``loaded`` and ``duplicate`` lie in the archive, ``failed`` in the failed zone,
        ``left`` is still in landing: after a transient error, or because nothing says whose it is.
    :param rows: rows committed by this delivery (0 for a duplicate).
    :param size_bytes: of the data file, as it was delivered.
    :param uri: where the data file lies now; empty if its sender replaced it before it could be
        archived, and it could not be held on to.
    :param notes: what a person should know though nothing failed: drift, restatement, rejects.
    """

    name: str
    table: str
    status: Status
    uri: str
    rows: int = 0
    rejected: int = 0
    load_id: str | None = None
    error: ErrorDetail | None = None
    notes: tuple[str, ...] = ()
    size_bytes: int = 0


def outcome_of(verdict: Verdict, uri: str) -> Outcome:
    """What became of a delivery whose file lies at ``uri`` now."""
    delivery = verdict.delivery
    match verdict:
        case Loaded(load=load):
            return Outcome(
                name=delivery.data.name,
                table=delivery.mapping.table,
                status="loaded",
                rows=load.row_count,
                rejected=load.rejected_count,
                uri=uri,
                load_id=load.load_id,
                notes=verdict.notes,
                size_bytes=delivery.data.size,
            )
        case Duplicate():
            return Outcome(
                name=delivery.data.name,
                table=delivery.mapping.table,
                status="duplicate",
                uri=uri,
                load_id=verdict.of_load_id,
                notes=verdict.notes,
                size_bytes=delivery.data.size,
            )
        case Refused(error=error):
            return Outcome(
                name=delivery.data.name,
                table=delivery.mapping.table,
                status="failed",
                uri=uri,
                error=error,
                size_bytes=delivery.data.size,
            )


def left_behind(delivery: Delivery, error: ErrorDetail) -> Outcome:
    """What became of a delivery that stays in landing."""
    return Outcome(
        name=delivery.data.name,
        table=delivery.mapping.table,
        status="left",
        uri=delivery.data.path,
        error=error,
        size_bytes=delivery.data.size,
    )
