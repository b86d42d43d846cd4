"""Which names a delivery's files get in a target zone: their own, or all of them one suffix."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from airflow_landing_loader.landing import local_files
from airflow_landing_loader.landing.move_notes import MoveNote
from airflow_landing_loader.landing.sidecar import Sidecar, sidecar_name
from airflow_landing_loader.landing.source import changed, disappeared
from airflow_landing_loader.landing.transfer import FileToMove

_MAX_COUNTER = 1000
_COMPRESSED = (".gz", ".zst")
_MAX_ENDING_BYTES = 32


def suffixed(name: str, suffix: str, folder: str) -> str:
    """``name`` with ``suffix`` before its ending, which stays whole, also ``.csv.gz``.

    A name that becomes too long for the file system of ``folder`` is shortened before the suffix.
    """
    stem, ending = _split_ending(name)
    if ending in _COMPRESSED:
        stem, inner = _split_ending(stem)
        ending = inner + ending
    if len(os.fsencode(ending)) > _MAX_ENDING_BYTES:
        stem, ending = name, ""
    return local_files.fitting_name(stem, suffix + ending, folder)


def _split_ending(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem else (name, "")


class SpotState(Enum):
    """Who has a name."""

    FREE = 1
    OWN = 2  # holds this file's content already
    OTHER = 3


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A name that a file could take; ``usable`` if the file can be brought there, or is there."""

    name: str
    path: str
    state: SpotState
    usable: bool


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One name for each file, and what they have more than the delivered ones."""

    suffix: str
    spots: tuple[Spot, ...]


class Target(Protocol):
    """The folder that a move leads to, seen together with the place that it comes from."""

    @property
    def path(self) -> str:
        """Where the folder lies."""
        ...

    def in_place(self, item: FileToMove) -> bool:
        """Whether the source name still holds this arrival."""
        ...

    def replaced(self, item: FileToMove) -> bool:
        """Whether the source name holds anything, asked when it is not this arrival."""
        ...

    def state(self, item: FileToMove, name: str, *, in_place: bool) -> SpotState:
        """Who has a name here.

        :raises LandingError: a look-alike cannot be read.
        """
        ...

    def sidecar_state(self, name: str, sidecar: Sidecar, *, same_arrival: bool) -> SpotState:
        """Who has the name of a sidecar here.

        :param same_arrival: ``False``: one of another arrival under the same names is ours too.
        """
        ...


def choose(note: MoveNote, target: Target) -> Choice:
    """Find the first names under which all files of a move can lie together.

    :param note: the move.
    :param target: where they go.
    :raises LandingError: ``LANDING_DISAPPEARED`` or ``LANDING_CHANGED``, a file is neither where it
        was nor here; or one of its look-alikes cannot be read.
    """
    in_place = tuple(target.in_place(item) for item in note.files)
    tried: list[Choice] = []
    for suffix in suffixes(note.suffix_id):
        spots = tuple(
            _spot(item, suffixed(item.file.name, suffix, target.path), target, here)
            for item, here in zip(note.files, in_place, strict=True)
        )
        choice = Choice(suffix=suffix, spots=spots)
        beside = _sidecar_state(note, target, spots[0])
        if beside is not SpotState.OTHER and all(spot.usable for spot in spots):
            return choice
        tried.append(choice)
        if suffix and beside is SpotState.FREE and all(s.state is SpotState.FREE for s in spots):
            break
    return _choose_apart(note, target, tried)


def _choose_apart(note: MoveNote, target: Target, tried: Sequence[Choice]) -> Choice:
    """For what a dead or foreign process has left: a file is in the target, the others cannot get
    the names that go with it. Losing none of them comes before having them under one suffix."""
    spots = []
    for number, item in enumerate(note.files):
        usable = [choice.spots[number] for choice in tried if choice.spots[number].usable]
        if not usable:
            if target.replaced(item):
                raise changed(item.file.name)
            raise disappeared(item.file.name)
        spots.append(usable[0])
    suffix = next(choice.suffix for choice in tried if choice.spots[0] is spots[0])
    return Choice(suffix=suffix, spots=tuple(spots))


def suffixes(suffix_id: str) -> Iterator[str]:
    """What names get before their endings, in the order in which it is tried; first nothing."""
    yield ""
    yield f"~{suffix_id}"
    for counter in range(2, _MAX_COUNTER):
        yield f"~{suffix_id}-{counter}"


def _spot(item: FileToMove, name: str, target: Target, in_place: bool) -> Spot:
    state = target.state(item, name, in_place=in_place)
    usable = in_place if state is SpotState.FREE else state is SpotState.OWN
    return Spot(name=name, path=f"{target.path}/{name}", state=state, usable=usable)


def _sidecar_state(note: MoveNote, target: Target, data: Spot) -> SpotState:
    if note.sidecar is None:
        return SpotState.FREE
    # Beside equal content it explains the earlier delivery of it, and is brought up to date.
    same_arrival = data.state is not SpotState.OWN
    name = sidecar_name(data.name, target.path)
    state = target.sidecar_state(name, note.sidecar, same_arrival=same_arrival)
    above = sidecar_name(name, target.path)
    if target.sidecar_state(above, note.sidecar, same_arrival=False) is not SpotState.FREE:
        # It has a sidecar itself, so it is a delivered file, whatever it looks like.
        return SpotState.OTHER
    return state
