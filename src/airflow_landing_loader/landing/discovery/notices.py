"""What a look into the landing zone has left alone, as sentences, each told once."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from airflow_landing_loader.exceptions import shown
from airflow_landing_loader.landing.discovery.many import many_values
from airflow_landing_loader.landing.discovery.model import Discovery, RefusedFile, Waiting
from airflow_landing_loader.storage.zone import UnknownEntry


class NoticeKind(StrEnum):
    """What a report is about."""

    REFUSED = "refused"
    UNMATCHED = "unmatched"
    ORPHAN = "orphan"
    WAITING = "waiting"
    MEMBER = "member"
    UNLISTED = "unlisted"
    WRITTEN = "written"
    GAP = "gap"

    __hash__ = str.__hash__  # that of an enum is not built in, and counts where so many are hashed


class Notice(NamedTuple):
    """A file that is left alone, and why, for a log or a list.

    A tuple, and its words are found when they are asked for, as there may be hundreds of thousands.

    :param kind: what it is about.
    :param name: the file.
    :param reason: the file that it waits for, or what else tells one reason from another.
    :param refused: the file itself, if it is refused.
    :param go_name: the go file that names ``reason`` as well as ``name``.
    """

    kind: NoticeKind
    name: str
    reason: str = ""
    refused: RefusedFile | None = None
    go_name: str = ""

    @property
    def message(self) -> str:
        """Why it is left alone, one sentence."""
        return self._words()[0]

    @property
    def hint(self) -> str:
        """What to do."""
        return self._words()[1]

    def _words(self) -> tuple[str, str]:
        if self.refused is not None:
            error = self.refused.error
            return f"{shown(self.name)}: {error.message}", error.hint or ""
        message, hint = _WORDS[self.kind]
        words = {"name": self.name, "reason": self.reason, "go_name": self.go_name}
        return message.format(**{key: shown(text) for key, text in words.items()}), hint


_WORDS = {
    NoticeKind.UNMATCHED: (
        "No mapping has a pattern that matches {name}.",
        "Add a mapping, or correct a pattern (case counts without ignore_case). A mapping that "
        "`landing-loader validate` refuses takes nothing.",
    ),
    NoticeKind.ORPHAN: (
        "The go file {name} is there without its data file {reason}.",
        "Deliver the data file, or remove the go file if it was sent by mistake.",
    ),
    NoticeKind.WAITING: (
        "{name} waits for its go file {reason}.",
        "It is taken as soon as the go file arrives.",
    ),
    NoticeKind.MEMBER: (
        "{name} waits for {reason}, which its go file {go_name} names.",
        "All that a go file names is taken together, as soon as the last of it arrives.",
    ),
    NoticeKind.UNLISTED: (
        "{name} waits for a go file that names it: {reason}.",
        "It is taken as soon as such a go file is there and right, with all that it names.",
    ),
    NoticeKind.WRITTEN: (
        "{name} rests, but somebody has it open for writing.",
        "It is taken once it is closed; `fuser` or `lsof` tell who has it open.",
    ),
    NoticeKind.GAP: (
        "{name} waits for number {reason} of its sequence.",
        "It is taken once that number is loaded: ask the sender for it, or look whether it lies in "
        "failed.",
    ),
}


Told = frozenset[tuple[NoticeKind, str, str]]
"""Kind, name and reason of what was reported: the same for as long as they are true of the file,
however it grows."""


def notices_of(discovery: Discovery) -> tuple[Notice, ...]:
    """Everything that a look has left alone, refused files first."""
    found = [Notice(NoticeKind.REFUSED, file.name, _why(file), file) for file in discovery.refused]
    found += [Notice(NoticeKind.UNMATCHED, name) for name in discovery.unmatched]
    found += [Notice(NoticeKind.ORPHAN, one.name, one.data_name) for one in discovery.orphans]
    found += [_waiting(one) for one in discovery.waiting]
    found += [Notice(NoticeKind.WRITTEN, name) for name in discovery.being_written]
    found += [
        Notice(NoticeKind.GAP, one.delivery.data.name, str(one.missing)) for one in discovery.held
    ]
    return tuple(found)


def _waiting(one: Waiting) -> Notice:
    if one.lacks is None:
        return Notice(NoticeKind.WAITING, one.name, one.go_name)
    if one.lacks:
        return Notice(NoticeKind.MEMBER, one.name, one.lacks, go_name=one.go_name)
    return Notice(NoticeKind.UNLISTED, one.name, one.go_name)


def _why(file: RefusedFile) -> str:
    """What tells one reason of a refusal from another, without its whole text."""
    if file.problem is not None:
        return file.problem.code
    if file.entry is None:
        return " and ".join(file.alike or [use.pattern.text for use in file.uses])
    return file.entry.why if isinstance(file.entry, UnknownEntry) else file.entry.kind


@many_values()
def new_notices(discovery: Discovery, earlier: Told) -> tuple[tuple[Notice, ...], Told]:
    """What has to be reported now: each report once for as long as it stays true.

    :param earlier: second result of the call before; empty at first.
    :returns: the new ones, and ``earlier`` for the next call.
    """
    current = {report[:3]: report for report in notices_of(discovery)}
    news = current.keys() - earlier if earlier else current
    return tuple(r for key, r in current.items() if key in news), frozenset(current)
