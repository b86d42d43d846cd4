"""Which names a delivery's files get in a target zone: their own, or all of them one suffix."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from airflow_landing_loader.landing.moves.journal import MoveNote
from airflow_landing_loader.landing.moves.sidecar import sidecar_name
from airflow_landing_loader.landing.moves.target import SpotState, Target
from airflow_landing_loader.storage.content import changed, disappeared
from airflow_landing_loader.storage.local import names
from airflow_landing_loader.storage.model import FileToMove

_MAX_COUNTER = 1000
_COMPRESSED = (".gz", ".zst", ".zstd", ".bz2", ".xz", ".zip")
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
    return names.fitting_name(stem, suffix + ending, folder)


def _split_ending(name: str) -> tuple[str, str]:
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem else (name, "")


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A name that a file could take.

    :param in_place: whether the source name still holds the file.
    """

    name: str
    path: str
    state: SpotState
    in_place: bool

    @property
    def usable(self) -> bool:
        """Whether the file can be brought there, or is there."""
        return self.in_place if self.state is SpotState.FREE else self.state is SpotState.OWN


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One name for each file, and what they have more than the delivered ones."""

    suffix: str
    spots: tuple[Spot, ...]


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
    return Spot(name=name, path=f"{target.path}/{name}", state=state, in_place=in_place)


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
