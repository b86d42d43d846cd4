"""The last step: each file to the zone that its verdict says, and the books closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
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
from airflow_landing_loader.landing.moves.model import Moved, files_of, lying_in
from airflow_landing_loader.landing.moves.sidecar import Sidecar, sidecar_of
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
from airflow_landing_loader.pipeline.outcome import Outcome, left_behind, outcome_of
from airflow_landing_loader.pipeline.recording import corrected, key_of, names_of, recorded
from airflow_landing_loader.pipeline.workers import map_in_order
from airflow_landing_loader.storage.content import disappeared
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.opening import Zones, open_folder
from airflow_landing_loader.storage.zone import Zone

# Names that no mapping owns alone: such files stay where they are and are reported there.
_STAYS = frozenset(
    {
        ErrorCode.LANDING_TWO_PATTERNS,
        ErrorCode.LANDING_NOT_A_FILE,
        ErrorCode.LANDING_UNKNOWN_FILE,
    }
)

LOST = (
    "was replaced or removed by its sender before it could be archived: its rows are loaded, its "
    "file is not kept"
)

UNTOLD = "the warehouse could not be told where it lies now"

# What a person has to mend elsewhere; then the file loads.
_NOT_OF_A_FILE = ("config", "mapping", "settings", "zone", "warehouse", "internal")


@dataclass(frozen=True, kw_only=True)
class _Plan:
    """Where a verdict sends its delivery; ``target`` is ``None`` if it stays in landing."""

    verdict: Verdict
    target: Zone | None = None
    files: tuple[FileToMove, ...] = ()
    suffix_id: str = ""
    subfolder: str = ""
    sidecar: Sidecar | None = None

    @property
    def delivery(self) -> Delivery:
        return self.verdict.delivery


class Finisher:
    """Moves files to archive and failed and records what became of each delivery."""

    def __init__(self, zones: Zones, warehouse: Ledger, run: RunContext, holding: Holding) -> None:
        self._holding = holding
        self._landing = zones.landing
        self._archive = zones.archive
        self._failed = zones.failed
        self._warehouse = warehouse
        self._run = run

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
            self._warehouse, records, names_of(verdicts, foreseen, [None] * len(foreseen))
        )
        moving = [plan for plan in plans if plan.target is not None]
        if moving and len(unrecorded) == len(moving):
            raise unrecorded[key_of(moving[0].verdict)]  # the warehouse is away
        plans = [_kept(plan, unrecorded.get(key_of(plan.verdict))) for plan in plans]
        outcomes = map_in_order(self._move, plans, workers)
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

    def _planned(self, verdict: Verdict, now: datetime) -> _Plan:
        return contained(
            lambda: self._plan(verdict, now),
            lambda error: _kept(_Plan(verdict=verdict), error),
            file=verdict.delivery.data.name,
        )

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
                    suffix_id=delivery_id(delivery, sha256),
                    subfolder=_folder(delivery, now),
                )
            case Refused(error=error, sha256=sha256) if _is_for_failed(error):
                return _Plan(
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
        return _Plan(verdict=verdict)

    def _foresee(self, plan: _Plan) -> str | None:
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

    def _move(self, plan: _Plan) -> Outcome:
        delivery, target = plan.delivery, plan.target
        if target is None:
            assert isinstance(plan.verdict, Refused)  # whatever else there is has a target
            return self._left(delivery, plan.verdict.error)

        def move() -> Outcome:
            moved = _moved(plan, plan.files, self._landing, target)
            return outcome_of(plan.verdict, moved.data)

        def otherwise(error: LandingError) -> Outcome:
            found = (
                self._held(plan, target) or self._lost(plan, target) if _is_gone(error) else None
            )
            # What was committed stays so; the next try finds that and moves the file.
            return found or self._left(delivery, error.detail)

        outcome = contained(move, otherwise, file=delivery.data.name)
        if outcome.status != "left":
            self._holding.release([item.file for item in plan.files])
        return outcome

    def _left(self, delivery: Delivery, error: ErrorDetail) -> Outcome:
        """It stays in landing; where another loader was faster, it only seems to have changed."""
        name = delivery.data.name

        def gone() -> bool:
            return open_folder(self._landing).find(name) is None

        if error.code == ErrorCode.LANDING_CHANGED and contained(gone, lambda _: False, file=name):
            error = disappeared(name).detail
        return left_behind(delivery, error)

    def _held(self, plan: _Plan, target: Zone) -> Outcome | None:
        """Move what is held on to, as landing has something else under its names."""
        zone = self._holding.kept(plan.files)
        if zone is None:
            return None
        try:
            # The note of what is held stands until it is released.
            moved = _moved(plan, lying_in(zone, plan.files), zone, target, noted=False)
            landing = open_folder(self._landing)
            for item in plan.files:  # those of them that were not replaced
                landing.discard(item, tag=plan.suffix_id)
        except LandingError as error:
            # Only its go file may be held: its data file was written anew in its place.
            return None if _is_gone(error) else left_behind(plan.delivery, error.detail)
        note = "was replaced by its sender before it was moved; what was read of it is kept"
        return _noted(outcome_of(plan.verdict, moved.data), note)

    def _lost(self, plan: _Plan, target: Zone) -> Outcome | None:
        """Say that rows were committed whose file is nowhere; ``None`` if that is not so."""
        data = plan.files[:1]
        if not isinstance(plan.verdict, Loaded) or self._lies_in_landing(data[0].file):
            return None
        try:
            moved = _moved(plan, data, self._landing, target)
        except LandingError as error:
            return _noted(outcome_of(plan.verdict, ""), LOST) if _is_gone(error) else None
        # Another loader, or one that died, has archived it; only its go file is another one now.
        return outcome_of(plan.verdict, moved.data)

    def _lies_in_landing(self, file: LandedFile) -> bool:
        found = open_folder(self._landing).find(file.name)
        return found is not None and found.is_same_arrival(file)

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


def _moved(
    plan: _Plan, files: Sequence[FileToMove], source: Zone, target: Zone, *, noted: bool = True
) -> Moved:
    return moves.move(
        files,
        source,
        target,
        suffix_id=plan.suffix_id,
        subfolder=plan.subfolder,
        sidecar=plan.sidecar,
        noted=noted,
    )


def _is_gone(error: LandingError) -> bool:
    """Whether something else has a name in landing, or nothing."""
    return error.code in (ErrorCode.LANDING_CHANGED, ErrorCode.LANDING_DISAPPEARED)


def _untold(outcome: Outcome, error: LandingError | None) -> Outcome:
    """The outcome, with why the warehouse does not know where its file lies now."""
    return outcome if error is None else _noted(outcome, f"{UNTOLD}: {error}")


def _noted(outcome: Outcome, note: str) -> Outcome:
    return replace(outcome, notes=(*outcome.notes, note))


def _is_for_failed(error: ErrorDetail) -> bool:
    area = error.code.partition(".")[0]
    return not error.transient and error.code not in _STAYS and area not in _NOT_OF_A_FILE


def _folder(delivery: Delivery, when: datetime) -> str:
    return archive_folder(delivery.mapping, delivery.data.name, when)


def _kept(plan: _Plan, error: LandingError | None) -> _Plan:
    """The plan, or to leave its file where it is because of an error of its own."""
    if error is None:
        return plan
    return _Plan(verdict=Refused(delivery=plan.delivery, error=error.detail))
