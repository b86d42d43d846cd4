"""Where and when the loaders of a world die."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from chaos.model import World
from chaos.points import BY_NAME, POINTS, Point, Step
from chaos.trap import Trap

BY_TIME = "at any time"


@dataclass(frozen=True, kw_only=True)
class Shot:
    """One death.

    :param point: the named point; ``None`` for a death by time.
    :param nth: at which passing of the point.
    :param delay: seconds from the point, where the death comes *in* a step.
    :param share: of the time that a loader of this world takes, for a death by time.
    """

    point: Point | None = None
    nth: int = 1
    delay: float = 0.0
    share: float = 0.0

    @property
    def name(self) -> str:
        """The point's name, or that there is none."""
        return BY_TIME if self.point is None else self.point.name

    def arm(self) -> None:
        """Set the trap, in the process that is to die."""
        if self.point is not None:
            self.point.arm(Trap(nth=self.nth, delay=self.delay))


class Shots:
    """The deaths of one wave, most of them at the world's point."""

    def __init__(self, world: World, random_: random.Random) -> None:
        self._shots = list(_shots(world, random_))

    def next(self, step: Step | None = None) -> Shot | None:
        """The next death; ``None`` if there is none for this step.

        :param step: what the loader does; ``None`` for all there is to do.
        """
        if self._shots and _fits(self._shots[0], step):
            return self._shots.pop(0)
        return None


def _fits(shot: Shot, step: Step | None) -> bool:
    return step is None or shot.point is None or shot.point.step == step


def _shots(world: World, random_: random.Random) -> Iterator[Shot]:
    focus = BY_NAME[world.focus]
    for _ in range(random_.randint(5, 11)):
        chance = random_.random()
        if chance < 0.3:
            yield Shot(share=random_.random() * 0.9)
            continue
        point = focus if chance < 0.85 else random_.choice(_possible(world))
        if point.first is not None:
            yield Shot(point=BY_NAME[point.first])
        nth = random_.choice((1, 1, 1, 1, 2, 3))
        yield Shot(point=point, nth=1 if point.first else nth, delay=random_.random() * 0.004)


def _possible(world: World) -> list[Point]:
    """Points that a loader of this world may pass."""
    lacks = {
        word
        for word, there in (
            ("across", world.across),
            ("links", world.by_links),
            ("steps", world.mode == "steps"),
            ("run", world.mode == "run"),
            ("sets", any(wave.sets for wave in world.waves)),
            ("replaced", any(wave.replacing for wave in world.waves)),
        )
        if not there
    }
    return [point for point in POINTS if not point.needs & lacks and point.first is None]
