"""What the verdicts on a lane's files mean for the task that gave them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail
from airflow_landing_loader.loading.model import Duplicate, Loaded, Refused, Verdict
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.holdback import is_of_the_file
from airflow_landing_loader.xcom.batches import Step

Ending = Literal["goes on", "gone", "gives up", "left"]


@dataclass(frozen=True, kw_only=True)
class LaneEnd:
    """How a step of a lane ends.

    :param ending: ``goes on`` to the next step; ``gone``: none of its files is there any more;
        ``gives up``, to try again or for good, as its errors say; ``left`` to the next run.
    :param present: verdicts on the files that are there.
    :param refused: those of them that refuse.
    :param errors: why it does not go on.
    """

    ending: Ending
    present: tuple[Step, ...] = ()
    refused: tuple[Refused, ...] = ()
    errors: tuple[ErrorDetail, ...] = ()


def lane_end(verdicts: Sequence[Step], *, leave_to_next_run: bool) -> LaneEnd:
    """A lane goes on as long as one of its files does: its refused files travel along and are
    quarantined, or left, in the end.

    :param leave_to_next_run: a file that is not fit *yet* is left in landing, instead of trying
        again while the whole run waits.
    """
    present = tuple(verdict for verdict in verdicts if not _has_gone(verdict))
    if not present:
        return LaneEnd(ending="gone")
    refused = tuple(verdict for verdict in present if isinstance(verdict, Refused))
    errors = tuple(verdict.error for verdict in refused)
    ending: Ending = "goes on"
    if len(refused) == len(present):
        ending = _ending_of_refused(errors, leave_to_next_run=leave_to_next_run)
    return LaneEnd(
        ending=ending,
        present=present,
        refused=refused,
        errors=() if ending == "goes on" else errors,
    )


def not_moved(verdicts: Sequence[Verdict], outcomes: Sequence[Outcome]) -> list[ErrorDetail]:
    """Why files that should have been moved were not.

    :param outcomes: those of the verdicts, in their order.
    """
    return [
        outcome.error
        for verdict, outcome in zip(verdicts, outcomes, strict=True)
        if outcome.status == "left" and outcome.error and not _has_to_stay(verdict)
    ]


def without_verdict(names: Sequence[str], verdicts: Sequence[Verdict]) -> list[str]:
    """Files of a lane that no task has said anything of; they stay where they are."""
    known = {verdict.delivery.data.name for verdict in verdicts}
    return [name for name in names if name not in known]


def verdicts_of(steps: Sequence[Step]) -> list[Verdict]:
    """What decides where a file goes."""
    return [step for step in steps if isinstance(step, Loaded | Duplicate | Refused)]


def _ending_of_refused(errors: Sequence[ErrorDetail], *, leave_to_next_run: bool) -> Ending:
    """No file of the lane is good."""
    transient = [error for error in errors if error.transient]
    later = leave_to_next_run and all(map(is_of_the_file, transient))
    if not transient or not later:
        return "gives up"
    # One that is refused for good is moved now, and does not wait for the others.
    return "left" if len(transient) == len(errors) else "goes on"


def _has_gone(verdict: Step) -> bool:
    return isinstance(verdict, Refused) and verdict.error.code == ErrorCode.LANDING_DISAPPEARED


def _has_to_stay(verdict: Verdict) -> bool:
    return isinstance(verdict, Refused) and verdict.error.transient
