"""The last step: each file to the zone that its verdict says, and the books closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from airflow_landing_loader.exceptions import (
    ErrorCode,
    ErrorDetail,
    LandingError,
    contained,
)
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.moves import move as moves
from airflow_landing_loader.landing.moves.archive_layout import archive_folder, archive_path
from airflow_landing_loader.landing.moves.holding import Holding
from airflow_landing_loader.landing.moves.model import files_of
from airflow_landing_loader.landing.moves.sidecar import sidecar_of
from airflow_landing_loader.landing.units import units
from airflow_landing_loader.loading.ledger.deliveries import delivery_record
from airflow_landing_loader.loading.model import (
    DeliveryRecord,
    Duplicate,
    Loaded,
    Refused,
    RunContext,
    Verdict,
)
from airflow_landing_loader.loading.planning.identity import delivery_id
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.pipeline.moving import LOST, Mover, Plan, noted
from airflow_landing_loader.pipeline.moving_sets import move_set
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.pipeline.recording import corrected, key_of, names_of, recorded
from airflow_landing_loader.pipeline.workers import map_in_order
from airflow_landing_loader.storage.opening import Zones

# Names that no mapping owns alone: such files stay where they are and are reported there.
_STAYS = frozenset(
    {
        ErrorCode.LANDING_TWO_PATTERNS,
        ErrorCode.LANDING_NOT_A_FILE,
        ErrorCode.LANDING_UNKNOWN_FILE,
    }
)

UNTOLD = "the warehouse could not be told where it lies now"

# What a person has to mend elsewhere; then the file loads.
_NOT_OF_A_FILE = ("config", "mapping", "settings", "zone", "warehouse", "internal")


class Finisher:
    """Moves files to archive and failed and records what became of each delivery."""

    def __init__(self, zones: Zones, warehouse: Ledger, run: RunContext, holding: Holding) -> None:
        self._holding = holding
        self._landing = zones.landing
        self._archive = zones.archive
        self._failed = zones.failed
        self._warehouse = warehouse
        self._run = run
        self._mover = Mover(zones.landing, holding)

    def finish(self, verdicts: Sequence[Verdict], workers: int) -> tuple[Outcome, ...]:
        """Record, then move, then correct the record where a file got another name after all.

        The record comes first, so that a crash in between leaves a file in landing whose next try
        repeats both; the other way round the explanation, or where the file lies, could be lost.

        :param workers: files at a time, at most.
        """
        now = datetime.now(UTC)
        plans = [self._planned(verdict, now) for verdict in verdicts]
        foreseen = map_in_order(self._foresee, plans, workers)
        records = [
            record
            for plan, uri in zip(plans, foreseen, strict=True)
            if plan.target is not None
            and (record := self._record(plan.verdict, uri, now)) is not None
        ]
        unrecorded = recorded(
            self._warehouse,
            records,
            names_of(verdicts, foreseen, [None] * len(foreseen)),
            self._run,
        )
        moving = [plan for plan in plans if plan.target is not None]
        if moving and len(unrecorded) == len(moving):
            raise unrecorded[key_of(moving[0].verdict)]  # the warehouse is away
        plans = [_kept(plan, unrecorded.get(key_of(plan.verdict))) for plan in plans]
        with self._holding.releasing():
            outcomes = self._moved(plans, workers)
        lie = [o.uri if o.status == "loaded" else None for o in outcomes]
        untold = recorded(
            self._warehouse,
            [*corrected(verdicts, outcomes, records), *self._lost_ones(verdicts, outcomes, now)],
            names_of(verdicts, lie, foreseen),
        )
        self._holding.tidy()
        return tuple(
            _untold(outcome, untold.get(key_of(verdict)))
            for verdict, outcome in zip(verdicts, outcomes, strict=True)
        )

    def _planned(self, verdict: Verdict, now: datetime) -> Plan:
        return contained(
            lambda: self._plan(verdict, now),
            lambda error: _kept(Plan(verdict=verdict), error),
            file=verdict.delivery.data.name,
        )

    def _plan(self, verdict: Verdict, now: datetime) -> Plan:
        delivery = verdict.delivery
        match verdict:
            case Loaded(load=load):
                return Plan(
                    verdict=verdict,
                    target=self._archive,
                    files=files_of(delivery, data_sha256=load.sha256, go_sha256=load.go_sha256),
                    suffix_id=load.load_id,
                    subfolder=_folder(delivery, load.started_at.replace(tzinfo=UTC)),
                )
            case Duplicate(sha256=sha256):
                return Plan(
                    verdict=verdict,
                    target=self._archive,
                    files=files_of(delivery, data_sha256=sha256),
                    suffix_id=delivery_id(delivery, sha256),
                    subfolder=_folder(delivery, now),
                )
            case Refused(error=error, sha256=sha256) if _is_for_failed(error):
                return Plan(
                    verdict=verdict,
                    target=self._failed,
                    files=files_of(delivery, data_sha256=sha256),
                    suffix_id=delivery_id(delivery, sha256),
                    sidecar=sidecar_of(
                        delivery,
                        error,
                        when=now,
                        sha256=sha256,
                        dag_id=self._run.dag_id,
                        run_id=self._run.run_id,
                    ),
                )
        return Plan(verdict=verdict)

    def _foresee(self, plan: Plan) -> str | None:
        target = plan.target
        if target is None:
            return None

        def foresee() -> str | None:
            return moves.foresee(
                plan.files,
                self._landing,
                target,
                suffix_id=plan.suffix_id,
                subfolder=plan.subfolder,
                sidecar=plan.sidecar,
            )

        # Why it cannot be said, the move itself will say.
        return contained(foresee, lambda _: None, file=plan.delivery.data.name)

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
                    sha256=verdict.sha256,
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
                    sha256=verdict.sha256,
                    code=error.code,
                    message=error.text(),
                )
            case _:
                return None

    def _moved(self, plans: Sequence[Plan], workers: int) -> list[Outcome]:
        """Move all: sets one after the other, everything else side by side."""
        alone = [plan for plan in plans if not plan.delivery.members]
        outcomes = list(map_in_order(self._mover.move, alone, workers))
        moving = alone
        for unit in units((plan for plan in plans if plan.delivery.members), Plan.delivery_of):
            outcomes += move_set(unit, self._mover, self._landing, workers)
            moving = [*moving, *unit]
        by_name = {p.delivery.data.name: o for p, o in zip(moving, outcomes, strict=True)}
        return [by_name[plan.delivery.data.name] for plan in plans]

    def _lost_ones(
        self, verdicts: Sequence[Verdict], outcomes: Sequence[Outcome], now: datetime
    ) -> list[DeliveryRecord]:
        """Records of loads that have no file; that they have none is in their metadata already."""
        return [
            delivery_record(
                verdict.delivery,
                self._run,
                "loaded",
                at=now.replace(tzinfo=None),
                final_uri=None,
                sha256=verdict.load.sha256,
                load_id=verdict.load.load_id,
                code=ErrorCode.LANDING_CHANGED,
                message=LOST,
            )
            for verdict, outcome in zip(verdicts, outcomes, strict=True)
            if isinstance(verdict, Loaded)
            and (outcome.status, outcome.uri) == ("loaded", "")
            and verdict.load.archive_uri
        ]


def _untold(outcome: Outcome, error: LandingError | None) -> Outcome:
    """The outcome, with why the warehouse does not know where its file lies now."""
    return outcome if error is None else noted(outcome, f"{UNTOLD}: {error}")


def _is_for_failed(error: ErrorDetail) -> bool:
    area = error.code.partition(".")[0]
    return not error.transient and error.code not in _STAYS and area not in _NOT_OF_A_FILE


def _folder(delivery: Delivery, when: datetime) -> str:
    return archive_folder(delivery.mapping, delivery.data.name, when)


def _kept(plan: Plan, error: LandingError | None) -> Plan:
    """The plan, or to leave its file where it is because of an error of its own."""
    if error is None:
        return plan
    return Plan(verdict=Refused(delivery=plan.delivery, error=error.detail))
