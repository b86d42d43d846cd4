"""The last step: each file to the zone that its verdict says, and the books closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, LandingError
from airflow_landing_loader.landing import moves
from airflow_landing_loader.landing.archive_layout import archive_folder, archive_path
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.moving import files_of
from airflow_landing_loader.landing.sidecar import sidecar_of
from airflow_landing_loader.landing.zones import Zones
from airflow_landing_loader.loading.deliveries import delivery_record
from airflow_landing_loader.loading.identity import delivery_id
from airflow_landing_loader.loading.model import (
    DeliveryRecord,
    Duplicate,
    Loaded,
    Refused,
    RunContext,
    Verdict,
)
from airflow_landing_loader.loading.names import storable
from airflow_landing_loader.loading.warehouse import Warehouse
from airflow_landing_loader.outcome import Outcome

# Names that no mapping owns alone: such files stay where they are and are reported there.
_STAYS = frozenset(
    {
        ErrorCode.LANDING_TWO_PATTERNS,
        ErrorCode.LANDING_NOT_A_FILE,
        ErrorCode.LANDING_UNKNOWN_FILE,
    }
)


class Each(Protocol):
    """Runs work over items, perhaps several at a time; results in order."""

    def __call__(
        self, work: Callable[[Verdict], Outcome], items: Sequence[Verdict], /
    ) -> tuple[Outcome, ...]: ...


class Finisher:
    """Moves files to archive and failed and records what became of each delivery."""

    def __init__(self, zones: Zones, warehouse: Warehouse, run: RunContext) -> None:
        self._landing = zones.landing
        self._archive = zones.archive
        self._failed = zones.failed
        self._warehouse = warehouse
        self._run = run

    def finish(self, verdicts: Sequence[Verdict], each: Each) -> tuple[Outcome, ...]:
        """Record, then move, then correct the record where a file got another name.

        The record comes first, so that a crash in between leaves a file in landing whose next try
        repeats both; the other way round the explanation could be lost.
        """
        now = datetime.now(UTC)
        records = [r for v in verdicts if (r := self._record(v, now)) is not None]
        self._warehouse.record_deliveries(records)
        outcomes = each(lambda verdict: self._move(verdict, now), verdicts)
        self._correct(verdicts, outcomes, records)
        return outcomes

    def _record(self, verdict: Verdict, now: datetime) -> DeliveryRecord | None:
        """Return the record of what did not load; a load has written its own with its rows."""
        delivery, at = verdict.delivery, now.replace(tzinfo=None)
        match verdict:
            case Duplicate():
                return delivery_record(
                    delivery,
                    self._run,
                    "duplicate",
                    at=at,
                    final_uri=archive_path(self._archive, delivery, now),
                    load_id=verdict.of_load_id,
                    message="; ".join(verdict.notes),
                )
            case Refused(error=error) if _is_for_failed(error):
                return delivery_record(
                    delivery,
                    self._run,
                    "failed",
                    at=at,
                    final_uri=f"{self._failed.path}/{delivery.data.name}",
                    code=error.code,
                    message=error.text(),
                )
            case _:
                return None

    def _move(self, verdict: Verdict, now: datetime) -> Outcome:
        try:
            match verdict:
                case Loaded():
                    return self._archive_loaded(verdict)
                case Duplicate():
                    return self._archive_duplicate(verdict, now)
                case Refused(error=error) if _is_for_failed(error):
                    return self._quarantine(verdict, now)
                case Refused(delivery=delivery, error=error):
                    return _left(delivery, error)
        except LandingError as error:
            # Whatever was committed stays committed; the next try finds that and moves the file.
            return _left(verdict.delivery, error.detail)

    def _archive_loaded(self, verdict: Loaded) -> Outcome:
        delivery, load = verdict.delivery, verdict.load
        moved = moves.move(
            files_of(delivery, data_sha256=load.sha256, go_sha256=load.go_sha256),
            self._landing,
            self._archive,
            suffix_id=load.load_id,
            subfolder=_folder(delivery, load.started_at.replace(tzinfo=UTC)),
        )
        return Outcome(
            name=delivery.data.name,
            table=delivery.mapping.table,
            status="loaded",
            rows=load.row_count,
            rejected=load.rejected_count,
            uri=moved.data,
            load_id=load.load_id,
            notes=verdict.notes,
        )

    def _archive_duplicate(self, verdict: Duplicate, now: datetime) -> Outcome:
        delivery = verdict.delivery
        moved = moves.move(
            files_of(delivery, data_sha256=verdict.sha256),
            self._landing,
            self._archive,
            suffix_id=delivery_id(delivery),
            subfolder=_folder(delivery, now),
        )
        return Outcome(
            name=delivery.data.name,
            table=delivery.mapping.table,
            status="duplicate",
            rows=0,
            rejected=0,
            uri=moved.data,
            load_id=verdict.of_load_id,
            notes=verdict.notes,
        )

    def _quarantine(self, verdict: Refused, now: datetime) -> Outcome:
        delivery, error = verdict.delivery, verdict.error
        sidecar = sidecar_of(
            delivery,
            error,
            when=now,
            sha256=verdict.sha256,
            dag_id=self._run.dag_id,
            run_id=self._run.run_id,
        )
        moved = moves.move(
            files_of(delivery, data_sha256=verdict.sha256),
            self._landing,
            self._failed,
            suffix_id=delivery_id(delivery),
            sidecar=sidecar,
        )
        return Outcome(
            name=delivery.data.name,
            table=delivery.mapping.table,
            status="failed",
            rows=0,
            rejected=0,
            uri=moved.data,
            error=error,
        )

    def _correct(
        self,
        verdicts: Sequence[Verdict],
        outcomes: Sequence[Outcome],
        records: Sequence[DeliveryRecord],
    ) -> None:
        """Write down where files lie that could not keep their name."""
        renamed = [
            (verdict.load.load_id, storable(outcome.uri))
            for verdict, outcome in zip(verdicts, outcomes, strict=True)
            if isinstance(verdict, Loaded)
            and outcome.status == "loaded"
            and storable(outcome.uri) != verdict.load.archive_uri
        ]
        self._warehouse.record_archived(renamed)
        lies = {
            delivery_id(verdict.delivery): storable(outcome.uri)
            for verdict, outcome in zip(verdicts, outcomes, strict=True)
            if outcome.status in ("duplicate", "failed")
        }
        self._warehouse.record_deliveries(
            [
                replace(record, final_uri=lies[record.delivery_id])
                for record in records
                if lies.get(record.delivery_id, record.final_uri) != record.final_uri
            ]
        )


def _is_for_failed(error: ErrorDetail) -> bool:
    return not error.transient and error.code not in _STAYS


def _folder(delivery: Delivery, when: datetime) -> str:
    mapping = delivery.mapping
    return archive_folder(mapping.archive_layout, mapping.table, when)


def _left(delivery: Delivery, error: ErrorDetail) -> Outcome:
    return Outcome(
        name=delivery.data.name,
        table=delivery.mapping.table,
        status="left",
        rows=0,
        rejected=0,
        uri=delivery.data.path,
        error=error,
    )
