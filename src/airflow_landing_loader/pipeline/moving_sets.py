"""All files of a set to the zones that its verdicts say, the go file with the last of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, LandingError, shown
from airflow_landing_loader.landing.moves import move as moves
from airflow_landing_loader.landing.moves import together
from airflow_landing_loader.landing.moves.journal import note_of
from airflow_landing_loader.landing.units import is_whole
from airflow_landing_loader.loading.model import Loaded, Refused
from airflow_landing_loader.pipeline.moving import GONE, Mover, Plan
from airflow_landing_loader.pipeline.outcome import Outcome, left_behind
from airflow_landing_loader.pipeline.workers import map_in_order
from airflow_landing_loader.storage.content import require_same
from airflow_landing_loader.storage.model import FileToMove
from airflow_landing_loader.storage.opening import open_folder
from airflow_landing_loader.storage.zone import Zone


def move_set(unit: Sequence[Plan], mover: Mover, landing: Zone, workers: int) -> list[Outcome]:
    """Move all of a set, or nothing where one of it has to stay; outcomes in order.

    What was committed is moved whatever has become of the others' files.

    :param unit: the plans for all of it.
    :param workers: files at a time, at most.
    """
    stays = next((plan for plan in unit if plan.target is None), None)
    if stays is not None:
        return [_with(plan, stays, mover) for plan in unit]
    try:
        _require_all(unit, landing)
        ordered = sorted(unit, key=lambda plan: isinstance(plan.verdict, Refused))
        if is_whole([plan.delivery for plan in unit]):
            ordered[-1] = _carrying(ordered[-1])
        notes = [(target, _begun(ordered, landing, target)) for target in _targets(ordered)]
    except LandingError as error:
        return [left_behind(plan.delivery, error.detail) for plan in unit]
    outcomes = _moved(ordered, mover, landing, workers)
    if not any(map(_has_to_come, outcomes.values())):
        for target, name in notes:
            with suppress(LandingError):  # whoever looks next finds that there is nothing to do
                together.done(name, landing, target)
    return [outcomes[plan.delivery.data.name] for plan in unit]


def _require_all(unit: Sequence[Plan], landing: Zone) -> None:
    """A set that is refused is left where a file of it is another one by now: it is judged anew.

    :raises TransientError: ``LANDING_CHANGED``, ``LANDING_DISAPPEARED``.
    """
    if not all(isinstance(plan.verdict, Refused) for plan in unit):
        return
    folder = open_folder(landing)
    found = {plan.files[0].file: folder.find(plan.delivery.data.name) for plan in unit}
    if any(found.values()):  # else an earlier try has moved them
        for file, lying in found.items():
            require_same(lying, file)


def _moved(
    ordered: Sequence[Plan], mover: Mover, landing: Zone, workers: int
) -> dict[str, Outcome]:
    *mates, carrier = ordered
    moved = map_in_order(mover.move, mates, workers)
    outcomes = {outcome.name: outcome for outcome in moved}
    waits_for = next(filter(_has_to_come, outcomes.values()), None)
    name = carrier.delivery.data.name
    if waits_for is not None:
        return {**outcomes, name: left_behind(carrier.delivery, _waits(carrier, waits_for))}
    outcome = mover.move(carrier)
    if _is_gone(outcome) and not isinstance(carrier.verdict, Refused):
        # Only its go file may be another one: that is of another set now.
        outcome = mover.move(replace(carrier, files=carrier.files[:1]))
    if not _has_to_come(outcome):
        _take_along(carrier, landing)
    return {**outcomes, name: outcome}


def _take_along(carrier: Plan, landing: Zone) -> None:
    """Move the go file of a set all of which has gone, if it is still there."""
    target = carrier.target
    go = carrier.files[1:]
    if target is None or not go or open_folder(landing).find(go[0].file.name) is None:
        return
    with suppress(LandingError):  # another one, or whoever looks next moves it
        moves.move(go, landing, target, suffix_id=carrier.suffix_id, subfolder=carrier.subfolder)


def _carrying(plan: Plan) -> Plan:
    go = plan.delivery.go
    assert go is not None  # it names the set
    load = plan.verdict.load if isinstance(plan.verdict, Loaded) else None
    sha256 = None if load is None else load.go_sha256
    return replace(plan, files=(*plan.files, FileToMove(file=go, sha256=sha256)))


def _targets(plans: Sequence[Plan]) -> list[Zone]:
    return list({plan.target.path: plan.target for plan in plans if plan.target}.values())


def _begun(plans: Sequence[Plan], landing: Zone, target: Zone) -> str:
    notes = [
        note_of(plan.files, plan.suffix_id, plan.subfolder, plan.sidecar)
        for plan in plans
        if plan.target is target
    ]
    return together.begin(notes, landing, target)


def _with(plan: Plan, stays: Plan, mover: Mover) -> Outcome:
    """What becomes of a member where another one, or itself, stays in landing."""
    verdict = plan.verdict
    if isinstance(verdict, Refused) and (plan.target is None or verdict.error.transient):
        return mover.left(plan.delivery, verdict.error)
    return left_behind(plan.delivery, _waits(plan, mover.move(stays)))


def _waits(plan: Plan, other: Outcome) -> ErrorDetail:
    """Why a file stays in landing: another one of its set does."""
    code = f": [{other.error.code}]" if other.error is not None else ""
    return ErrorDetail(
        code=ErrorCode.SET_INCOMPLETE.value,
        message=f"It stays with {shown(other.name)}, which its go file names too{code}.",
        hint="All that a go file names moves together; it is tried again.",
        file=plan.delivery.data.name,
        transient=True,
    )


def _is_gone(outcome: Outcome) -> bool:
    """Whether it was not moved, as another file has its name by now, or none."""
    return outcome.status == "left" and outcome.error is not None and outcome.error.code in GONE


def _has_to_come(outcome: Outcome) -> bool:
    """Whether it still lies in landing, to be moved later."""
    return outcome.status == "left" and not _is_gone(outcome)
