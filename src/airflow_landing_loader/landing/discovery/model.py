"""What a look into the landing zone has found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import (
    ErrorCode,
    ErrorDetail,
    TerminalError,
)
from airflow_landing_loader.landing.discovery.matching import Use
from airflow_landing_loader.landing.model import Delivery, names_of
from airflow_landing_loader.storage.zone import (
    SpecialEntry,
    UnknownEntry,
    refusal,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """One file in a look; ``since``: first seen like this then, in seconds since the epoch."""

    name: str
    size: int
    token: str
    since: float


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a look has seen of the files of complete deliveries; the next look compares."""

    seen: tuple[Seen, ...] = ()


# These are tuples because there may be hundreds of thousands of them: they cost a fifth.
class Waiting(NamedTuple):
    """A data file that waits for its go file, or for what else that names.

    :param go_name: the go file; the pattern of its name, where go files name their data files and
        none names this one.
    :param lacks: ``None``: the go file is not there. Else it names its data files, and this is the
        first one that is not there; empty: the go file is missing, or refused.
    """

    mapping: TableMapping
    name: str
    go_name: str
    lacks: str | None = None


class Orphan(NamedTuple):
    """A go file whose data file is not there. ``data_name`` is the name that must have."""

    mapping: TableMapping
    name: str
    data_name: str


class HeldForNumber(NamedTuple):
    """A complete delivery that waits for another number of its sequence to be loaded."""

    delivery: Delivery
    missing: int


class RefusedFile(NamedTuple):
    """A name that is left where it is: two patterns match it, it lacks what its pattern wants, case
    leaves open which files go together, or it is no plain file.

    :param path: its absolute path or URI.
    :param uses: what the mappings would use it for.
    :param entry: what lies there; ``None``: a file, of which nothing else matters.
    :param alike: the files that differ only in case.
    :param problem: of a go file that names its data files: why these are not taken.
    """

    name: str
    path: str
    uses: tuple[Use, ...] = ()
    entry: SpecialEntry | UnknownEntry | None = None
    alike: tuple[str, ...] = ()
    problem: ErrorDetail | None = None

    @property
    def transient(self) -> bool:
        """Whether it may be taken later, as it is."""
        if self.problem is not None:
            return self.problem.transient
        return isinstance(self.entry, UnknownEntry)

    @property
    def error(self) -> ErrorDetail:
        """Why; made when it is asked for, as there may be hundreds of thousands."""
        if self.problem is not None:
            return self.problem
        if self.entry is not None:
            return refusal(self.entry).detail
        if self.alike:
            return files_alike(self.name, self.alike).detail
        return no_use_of(self.name, self.uses).detail


@dataclass(frozen=True, kw_only=True)
class Discovery:
    """What one look into a landing zone has found; every tuple is in name order.

    :param ready: deliveries to take now.
    :param unsettled: complete deliveries that have not rested long enough.
    :param waiting: data files without their go file, or without another one that it names.
    :param orphans: go files without their data file, or one of those that they name.
    :param unmatched: names of files that no pattern matches, hidden and unfinished ones left out.
    :param refused: what matches a pattern and yet is never taken.
    :param being_written: names of files that would have rested long enough, but somebody has them
        open for writing.
    :param held: complete deliveries that wait for a number of their sequence; the books say that.
    :param look: for the next look into the zone.
    """

    ready: tuple[Delivery, ...] = ()
    unsettled: tuple[Delivery, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    orphans: tuple[Orphan, ...] = ()
    unmatched: tuple[str, ...] = ()
    refused: tuple[RefusedFile, ...] = ()
    being_written: tuple[str, ...] = ()
    held: tuple[HeldForNumber, ...] = ()
    look: Look = Look()

    @property
    def settles_soon(self) -> bool:
        """Whether a delivery becomes ready by itself within its mapping's ``settle_seconds``."""
        return any(not names_of(d) & set(self.being_written) for d in self.unsettled)


def no_use_of(name: str, uses: Sequence[Use]) -> TerminalError:
    """Why a file is not taken, though there are mappings for such names.

    :param uses: what they would use it for: several, or one whose pattern wants a date or a number.
    """
    misfit = uses[0].pattern.misfit(name)
    if misfit is None:
        patterns = " and ".join(
            f"{use.pattern.text!r} ({use.mapping.origin or use.mapping.table})" for use in uses
        )
        return TerminalError(
            ErrorCode.LANDING_TWO_PATTERNS,
            f"It matches more than one pattern: {patterns}.",
            hint="Narrow one of the patterns, or add an exclude to its mapping.",
            file=name,
        )
    pattern = f"{uses[0].pattern.text!r} ({uses[0].mapping.origin or uses[0].mapping.table})"
    what = f"{misfit.text!r} is no" if misfit.text else "Its name has no"
    return TerminalError(
        ErrorCode.LANDING_BAD_NAME,
        f"{what} {misfit.part}, as the pattern {pattern} has it.",
        hint="Ask the sender for the name that was agreed, or correct the pattern; * is any text.",
        file=name,
    )


def files_alike(name: str, alike: Sequence[str]) -> TerminalError:
    """Why a file is not taken of which case does not say what goes with it."""
    names = ", ".join(map(repr, sorted(alike)))
    return TerminalError(
        ErrorCode.LANDING_FILES_ALIKE,
        f"Case is ignored here, so it may go with any of these: {names}.",
        hint="Remove the one that is not meant, or rename it; ask the sender for one spelling.",
        file=name,
    )
