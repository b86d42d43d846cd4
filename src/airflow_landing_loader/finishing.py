"""The last step: each file to the zone that its verdict says, and the books closed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, LandingError
from airflow_landing_loader.landing import moves
from airflow_landing_loader.landing.archive_layout import archive_folder, archive_path
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.moving import files_of
from airflow_landing_loader.landing.sidecar import Sidecar, sidecar_of
from airflow_landing_loader.landing.transfer import FileToMove
from airflow_landing_loader.landing.zone import Zone
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


_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Each(Protocol):
    """Runs work over items, perhaps several at a time; results in order."""

    def __call__(
        self, work: Callable[[_In], _Out], items: Sequence[_In], /
    ) -> tuple[_Out, ...]: ...


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Where a verdict sends its delivery; ``target`` is ``None`` if it stays in landing."""

    verdict: Verdict
    target: Zone | None = None
    files: tuple[FileToMove, ...] = ()
    suffix_id: str = ""
    subfolder: str = ""
    sidecar: Sidecar | None = None


class Finisher:
    """Moves files to archive and failed and records what became of each delivery."""

    def __init__(self, zones: Zones, warehouse: Warehouse, run: RunContext) -> None:
        self._landing = zones.landing
        self._archive = zones.archive
        self._failed = zones.failed
        self._warehouse = warehouse
        self._run = run

    def finish(self, verdicts: Sequence[Verdict], each: Each) -> tuple[Outcome, ...]:
        """Record, then move, then correct the record where a file got another name after all.

        The record comes first, so that a crash in between leaves a file in landing whose next try
        repeats both; the other way round the explanation, or where the file lies, could be lost.
        """
        now = datetime.now(UTC)
        plans = [self._plan(verdict, now) for verdict in verdicts]
        foreseen = each(self._foresee, plans)
        records = [
            record
            for plan, uri in zip(plans, foreseen, strict=True)
            if (record := self._record(plan.verdict, uri, now)) is not None
        ]
        self._warehouse.record_deliveries(records)
        recorded = self._record_names(verdicts, foreseen)
        outcomes = each(self._move, plans)
        self._record_names(recorded, [o.uri if o.status == "loaded" else None for o in outcomes])
        self._correct(verdicts, outcomes, records)
        return outcomes

    def _plan(self, verdict: Verdict, now: datetime) -> _Plan:
        delivery = verdict.delivery
        match verdict:
            case Loaded(load=load):
                return _Plan(
                    verdict=verdict,
                    target=self._archive,
                    files=files_of(delivery, data_sha256=load.sha256, go_sha256=load.go_sha256),
                    suffix_id=load.load_id,
                    subfolder=_folder(delivery, load.started_at.replace(tzinfo=UTC)),
                )
            case Duplicate(sha256=sha256):
                return _Plan(
                    verdict=verdict,
                    target=self._archive,
                    files=files_of(delivery, data_sha256=sha256),
                    suffix_id=delivery_id(delivery),
                    subfolder=_folder(delivery, now),
                )
            case Refused(error=error, sha256=sha256) if _is_for_failed(error):
                return _Plan(
                    verdict=verdict,
                    target=self._failed,
                    files=files_of(delivery, data_sha256=sha256),
                    suffix_id=delivery_id(delivery),
                    sidecar=sidecar_of(
                        delivery,
                        error,
                        when=now,
                        sha256=sha256,
                        dag_id=self._run.dag_id,
                        run_id=self._run.run_id,
                    ),
                )
        return _Plan(verdict=verdict)

    def _foresee(self, plan: _Plan) -> str | None:
        if plan.target is None:
            return None
        return moves.foresee(
            plan.files,
            self._landing,
            plan.target,
            suffix_id=plan.suffix_id,
            subfolder=plan.subfolder,
            sidecar=plan.sidecar,
        )

    def _record(self, verdict: Verdict, uri: str | None, now: datetime) -> DeliveryRecord | None:
        """Return the record of what did not load; a load has written its own with its rows.

        :param uri: where its file is foreseen to lie.
        """
        delivery, at = verdict.delivery, now.replace(tzinfo=None)
        match verdict:
            case Duplicate():
                return delivery_record(
                    delivery,
                    self._run,
                    "duplicate",
                    at=at,
                    final_uri=uri or archive_path(self._archive, delivery, now),
                    load_id=verdict.of_load_id,
                    message="; ".join(verdict.notes),
                )
            case Refused(error=error) if _is_for_failed(error):
                return delivery_record(
                    delivery,
                    self._run,
                    "failed",
                    at=at,
                    final_uri=uri or f"{self._failed.path}/{delivery.data.name}",
                    code=error.code,
                    message=error.text(),
                )
            case _:
                return None

    def _record_names(
        self, verdicts: Sequence[Verdict], uris: Sequence[str | None]
    ) -> list[Verdict]:
        """Write down where loaded files lie, or will; return the verdicts with it.

        :param uris: for each verdict; ``None`` where nothing is to be said.
        """
        moved: dict[str, str] = {}
        known: list[Verdict] = []
        for verdict, uri in zip(verdicts, uris, strict=True):
            told = verdict
            if isinstance(verdict, Loaded) and uri and storable(uri) != verdict.load.archive_uri:
                moved[verdict.load.load_id] = storable(uri)
                told = replace(verdict, load=replace(verdict.load, archive_uri=storable(uri)))
            known.append(told)
        self._warehouse.record_archived(list(moved.items()))
        return known

    def _move(self, plan: _Plan) -> Outcome:
        delivery = plan.verdict.delivery
        if plan.target is None:
            assert isinstance(plan.verdict, Refused)  # whatever else there is has a target
            return _left(delivery, plan.verdict.error)
        try:
            moved = moves.move(
                plan.files,
                self._landing,
                plan.target,
                suffix_id=plan.suffix_id,
                subfolder=plan.subfolder,
                sidecar=plan.sidecar,
            )
        except LandingError as error:
            # Whatever was committed stays committed; the next try finds that and moves the file.
            return _left(delivery, error.detail)
        return _outcome(plan.verdict, moved.data)

    def _correct(
        self,
        verdicts: Sequence[Verdict],
        outcomes: Sequence[Outcome],
        records: Sequence[DeliveryRecord],
    ) -> None:
        """Write down where files lie that did not load and could not get the foreseen name."""
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


def _outcome(verdict: Verdict, uri: str) -> Outcome:
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
            )
        case Duplicate():
            return Outcome(
                name=delivery.data.name,
                table=delivery.mapping.table,
                status="duplicate",
                rows=0,
                rejected=0,
                uri=uri,
                load_id=verdict.of_load_id,
                notes=verdict.notes,
            )
        case Refused(error=error):
            return Outcome(
                name=delivery.data.name,
                table=delivery.mapping.table,
                status="failed",
                rows=0,
                rejected=0,
                uri=uri,
                error=error,
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
