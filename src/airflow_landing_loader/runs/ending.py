"""What became of the files of a run, and what it leaves in landing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, LandingError, TransientError
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.holdback import LeftBehind, delivery_token
from airflow_landing_loader.runs.tasks import LaneStates, RunStates

if TYPE_CHECKING:
    from airflow_landing_loader.pipeline.pipeline import Pipeline

Errors = Callable[[str, int], Sequence[ErrorDetail]]
"""What a step of a lane has said of why it did not go on."""


@dataclass(frozen=True, kw_only=True)
class Unclear:
    """A file that its lane did not bring to its end.

    :param lane: number of its lane.
    :param outcome: what a task said became of it, if one did.
    """

    name: str
    lane: int
    outcome: Outcome | None = None


@dataclass(frozen=True, kw_only=True)
class Left:
    """A file that the run leaves in landing.

    :param outcome: with the reason.
    :param behind: for the next runs.
    """

    outcome: Outcome
    behind: LeftBehind


def unclear_files(
    lanes: Sequence[Sequence[str]], outcomes: Sequence[Outcome]
) -> tuple[Unclear, ...]:
    """Files that may be in landing still: those that no task gave an outcome for, and left ones.

    :param lanes: what the sensor dealt out.
    :param outcomes: what tasks gave.
    """
    known = {outcome.name: outcome for outcome in outcomes}
    return tuple(
        Unclear(name=name, lane=lane, outcome=known.get(name))
        for lane, names in enumerate(lanes)
        for name in names
        if name not in known or known[name].status == "left"
    )


def left_files(
    pipeline: Pipeline,
    unclear: Sequence[Unclear],
    states: RunStates,
    errors: Errors,
    *,
    leave_to_next_run: bool,
) -> tuple[Left, ...]:
    """Those that are in landing still; somebody else has dealt with the others.

    :param errors: asked for those steps only that may have said something.
    :param leave_to_next_run: a file that could not be moved is not given up: runs follow at once.
    """
    found = []
    for file in unclear:
        there, token = _in_landing(pipeline, file.name)
        if not there:
            continue
        lane = states.of_lane(file.lane)
        outcome = file.outcome or _without_a_word(pipeline, file, lane, states.group_id, errors)
        code = outcome.error.code if outcome.error else ErrorCode.INTERNAL_UNEXPECTED.value
        gave_up = bool(lane.bad) and not (lane.not_moved and leave_to_next_run)
        behind = LeftBehind(name=file.name, token=token, code=code, gave_up=gave_up)
        found.append(Left(outcome=outcome, behind=behind))
    return tuple(found)


def all_outcomes(outcomes: Sequence[Outcome], left: Sequence[Left]) -> tuple[Outcome, ...]:
    """Of every file what was said last, in name order.

    :param outcomes: what tasks gave, in the order of the tasks.
    """
    by_name = {outcome.name: outcome for outcome in outcomes}
    by_name |= {file.outcome.name: file.outcome for file in left}
    return tuple(by_name[name] for name in sorted(by_name))


def _in_landing(pipeline: Pipeline, name: str) -> tuple[bool, str | None]:
    """Whether a file is still in landing, and its token, if that can be found out."""
    try:
        return True, delivery_token(pipeline.delivery(name))
    except TransientError as error:
        return error.code is not ErrorCode.LANDING_DISAPPEARED, None
    except LandingError:
        return False, None


def _without_a_word(
    pipeline: Pipeline, file: Unclear, lane: LaneStates, group_id: str, errors: Errors
) -> Outcome:
    """The outcome of a file that no task gave one for."""
    # One step after the other: asking for what was not said is an error in Airflow's log.
    said = next(filter(None, (errors(step, file.lane) for step in lane.spoke)), ())
    own = [error for error in said if error.file == file.name]
    tasks = ", ".join(f"{group_id}.{step}" for step in lane.bad) or "its tasks"
    silent = ErrorDetail(
        code=ErrorCode.INTERNAL_UNEXPECTED.value,
        message=f"{tasks} ended without a word.",
        hint="See the task's log; perhaps its worker was killed.",
        file=file.name,
        transient=True,
    )
    return Outcome(
        name=file.name,
        table=pipeline.mappings[0].table,
        status="left",
        uri=f"{pipeline.zones.landing.path}/{file.name}",
        error=next(iter([*own, *said]), silent),
    )
