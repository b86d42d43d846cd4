"""The files of one delivery to the zone that its verdict says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, LandingError, contained
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.moves import move as moves
from airflow_landing_loader.landing.moves.holding import Holding
from airflow_landing_loader.landing.moves.journal import note_of
from airflow_landing_loader.landing.moves.model import Moved, lying_in
from airflow_landing_loader.landing.moves.sidecar import Sidecar
from airflow_landing_loader.loading.model import Loaded, Refused, Verdict
from airflow_landing_loader.pipeline.outcome import Outcome, left_behind, outcome_of
from airflow_landing_loader.storage.content import disappeared
from airflow_landing_loader.storage.model import FileToMove, LandedFile
from airflow_landing_loader.storage.opening import open_folder
from airflow_landing_loader.storage.zone import Zone

GONE = (ErrorCode.LANDING_CHANGED, ErrorCode.LANDING_DISAPPEARED)

LOST = (
    "was replaced or removed by its sender before it could be archived: its rows are loaded, its "
    "file is not kept"
)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Where a verdict sends its delivery; ``target`` is ``None`` if it stays in landing."""

    verdict: Verdict
    target: Zone | None = None
    files: tuple[FileToMove, ...] = ()
    suffix_id: str = ""
    subfolder: str = ""
    sidecar: Sidecar | None = None

    @property
    def delivery(self) -> Delivery:
        """What is moved."""
        return self.verdict.delivery

    def delivery_of(self) -> Delivery:
        """As :attr:`delivery`."""
        return self.verdict.delivery


class Mover:
    """Moves deliveries out of a landing zone."""

    def __init__(self, landing: Zone, holding: Holding) -> None:
        self._landing = landing
        self._holding = holding

    def move(self, plan: Plan) -> Outcome:
        """Move a delivery's files, or say why they stay; the same again finishes it."""
        delivery, target = plan.delivery, plan.target
        if target is None:
            assert isinstance(plan.verdict, Refused)  # whatever else there is has a target
            return self.left(delivery, plan.verdict.error)

        def move() -> Outcome:
            moved = _moved(plan, plan.files, self._landing, target)
            return outcome_of(plan.verdict, moved.data)

        def otherwise(error: LandingError) -> Outcome:
            found = (
                self._held(plan, target) or self._lost(plan, target) if _is_gone(error) else None
            )
            # What was committed stays so; the next try finds that and moves the file.
            return found or self.left(delivery, error.detail)

        outcome = contained(move, otherwise, file=delivery.data.name)
        if outcome.status != "left":
            self._holding.release([item.file for item in plan.files])
        return outcome

    def left(self, delivery: Delivery, error: ErrorDetail) -> Outcome:
        """It stays in landing; where another loader was faster, it only seems to have changed."""
        name = delivery.data.name

        def gone() -> bool:
            return open_folder(self._landing).find(name) is None

        if error.code == ErrorCode.LANDING_CHANGED and contained(gone, lambda _: False, file=name):
            error = disappeared(name).detail
        return left_behind(delivery, error)

    def _held(self, plan: Plan, target: Zone) -> Outcome | None:
        """Move what is held on to, as landing has something else under its names."""
        zone = self._holding.kept(plan.files)
        if zone is None:
            return None
        try:
            # The note of what is held stands until it is released.
            moved = _moved(plan, lying_in(zone, plan.files), zone, target, noted=False)
            landing = open_folder(self._landing)
            tag = note_of(plan.files, plan.suffix_id, "", None).suffix_id  # as every move's
            for item in plan.files:  # those of them that were not replaced
                landing.discard(item, tag=tag)
        except LandingError as error:
            # Only its go file may be held: its data file was written anew in its place.
            return None if _is_gone(error) else left_behind(plan.delivery, error.detail)
        note = "was replaced by its sender before it was moved; what was read of it is kept"
        return noted(outcome_of(plan.verdict, moved.data), note)

    def _lost(self, plan: Plan, target: Zone) -> Outcome | None:
        """Say that rows were committed whose file is nowhere; ``None`` if that is not so."""
        data = plan.files[:1]
        if not isinstance(plan.verdict, Loaded) or self._lies_in_landing(data[0].file):
            return None
        try:
            moved = _moved(plan, data, self._landing, target)
        except LandingError as error:
            return noted(outcome_of(plan.verdict, ""), LOST) if _is_gone(error) else None
        # Another loader, or one that died, has archived it; only its go file is another one now.
        return outcome_of(plan.verdict, moved.data)

    def _lies_in_landing(self, file: LandedFile) -> bool:
        found = open_folder(self._landing).find(file.name)
        return found is not None and found.is_same_arrival(file)


def _moved(
    plan: Plan, files: Sequence[FileToMove], source: Zone, target: Zone, *, noted: bool = True
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
    return error.code in GONE


def noted(outcome: Outcome, note: str) -> Outcome:
    return replace(outcome, notes=(*outcome.notes, note))
