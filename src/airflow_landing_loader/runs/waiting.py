"""What a look into the landing zone means for a run: whether it begins, with what, and how long it
is waited for otherwise."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.discovery.model import Discovery
from airflow_landing_loader.landing.discovery.rest import LOOK_INTERVAL
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.runs.holdback import (
    LONG_PAUSE,
    PATIENCE,
    HeldBack,
    delivery_token,
    offered,
)
from airflow_landing_loader.runs.lanes import LanePlan, plan_lanes
from airflow_landing_loader.runs.refusals import Judged, Refusal, judge, refusals_of

if TYPE_CHECKING:
    from airflow_landing_loader.pipeline.pipeline import Pipeline

TROUBLE_PAUSE = 60.0
OVERTIME = PATIENCE + LONG_PAUSE
"""Seconds beyond its deadline for which somebody may wait whom nobody wakes."""

Status = Literal["ready", "due", "refused", "timeout", "error"]


@dataclass(frozen=True, kw_only=True)
class Memory:
    """What earlier runs have left to know.

    :param held: files that wait in landing for a later run.
    :param refused: what is refused already; ``None``: nobody could tell, so it fails no run.
    """

    held: tuple[HeldBack, ...] = ()
    refused: tuple[Refusal, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """What a look has found for a run.

    :param ready: files to take, those that have to wait left out.
    :param refusals: refused files; ``None``: they do not count.
    """

    ready: tuple[Delivery, ...] = ()
    refusals: Judged | None = None

    @property
    def alarm(self) -> tuple[Refusal, ...]:
        """The refused files that fail a run now."""
        return () if self.refusals is None else self.refusals.over

    def plan(self, *, due: bool, max_lanes: int, batch_files: int) -> LanePlan | None:
        """The lanes of the run; ``None``: there is nothing to do yet.

        A run that has no lanes begins for dbt, or to fail over refused files.

        :param due: whether dbt is due for the table.
        :param max_lanes: as :func:`~airflow_landing_loader.runs.lanes.plan_lanes`; so is the other.
        """
        if not self.ready and not due and not self.alarm:
            return None
        return plan_lanes(self.ready, max_lanes=max_lanes, batch_files=batch_files)


@dataclass(frozen=True, kw_only=True)
class NextLook:
    """What the trigger is told about time; both are seconds since the epoch.

    :param start_at: when it looks for the first time.
    :param wake_at: when it wakes the sensor, whatever it sees; ``None``: never.
    """

    start_at: float
    wake_at: float | None


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A wait of many looks, between two of them.

    :param deadline: when to give up, seconds since the epoch; not before the zone can be read.
    :param wake_at: when dbt is due, seconds since the epoch; ``None``: never.
    :param trouble_since: since when the zone cannot be read, seconds since the epoch.
    :param ended: why the wait is over; ``None``: it is not.
    """

    memory: Memory
    deadline: float
    wake_at: float | None = None
    trouble_since: float | None = None
    ended: Status | None = None

    def after_look(self, found: Discovery, now: float) -> Watch:
        """The same, knowing what a look has found; a file ends the wait, whatever the time."""
        weighed = weigh(found, self.memory, now)
        judged = weighed.refusals
        watch = replace(
            self,
            memory=replace(self.memory, refused=None if judged is None else judged.remembered),
            trouble_since=None,
            ended="ready" if weighed.ready else "refused" if weighed.alarm else None,
        )
        return watch._after(now)

    def after_trouble(self, now: float) -> Watch:
        """The same, after a look that the zone did not allow."""
        since = now if self.trouble_since is None else self.trouble_since
        ended: Status | None = None if is_tolerable(since, now) else "error"
        return replace(self, trouble_since=since, ended=ended)._after(now)

    def pause(self, longest: float, now: float) -> float:
        """Seconds until the next look, of which one is at the deadline."""
        return longest if now >= self.deadline else min(longest, self.deadline - now)

    def _after(self, now: float) -> Watch:
        """Time ends it, too."""
        if self.ended is not None:
            return self
        if now >= self.deadline and self.trouble_since is None:
            return replace(self, ended="timeout")
        due = self.wake_at is not None and now >= self.wake_at
        return replace(self, ended="due") if due else self


def look_twice(pipeline: Pipeline) -> Discovery:
    """A file must look the same twice; the second look is spared if it cannot change anything.

    :raises TransientError: a zone cannot be read or written.
    """
    found = pipeline.discover()
    if not found.unsettled:
        return found
    time.sleep(LOOK_INTERVAL)
    return pipeline.discover(found.look)


def weigh(found: Discovery, memory: Memory, now: float) -> Weighed:
    """What a look has found, in the light of what earlier runs have left to know.

    :param now: seconds since the epoch.
    """
    refusals = None
    if memory.refused is not None:
        refusals = judge(memory.refused, refusals_of(found.refused, now), now)
    return Weighed(ready=offered(found.ready, memory.held, now), refusals=refusals)


def held_for_numbers(found: Discovery, now: float) -> tuple[HeldBack, ...]:
    """The files that wait for another one of their sequence, for somebody who cannot ask the books:
    they are looked at again after a long pause, or when another file comes.

    :param now: seconds since the epoch.
    """
    return tuple(
        HeldBack(
            name=one.delivery.data.name,
            token=delivery_token(one.delivery),
            code=ErrorCode.SEQUENCE_GAP.value,
            since=now,
            until=now + LONG_PAUSE,
            failed=False,
        )
        for one in found.held
    )


def is_tolerable(trouble_since: float, now: float) -> bool:
    """Whether a zone that cannot be read is waited for still; not for ever.

    :param trouble_since: since when it cannot, in a row, seconds since the epoch.
    """
    return now - trouble_since < PATIENCE


def next_look(
    now: float, interval: float, *, woken: bool, trouble: bool, wake_at: float | None
) -> NextLook:
    """When somebody looks again, after a sensor that found nothing to do.

    :param now: seconds since the epoch.
    :param interval: between two looks.
    :param woken: the sensor was woken and found nothing: they see different things, and must not
        keep each other awake.
    :param trouble: the sensor could not look. It looks again itself: into all zones, not into
        landing alone.
    :param wake_at: when dbt is due.
    """
    if trouble:
        return NextLook(start_at=now + TROUBLE_PAUSE, wake_at=now)
    return NextLook(start_at=now + (interval if woken else 0.0), wake_at=wake_at)
