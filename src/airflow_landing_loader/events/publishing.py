"""From the outbox to the channels: everything at least once, the oldest first.

What was sent is marked in one write, so that whoever dies before it sends again, under the same
ids. A channel that cannot be reached keeps what is for it, and holds up no other one; all are
served in turn, so that neither does a slow one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.loading.warehouses.base import Ledger

PAGE = 1000
"""Events of a channel, at most, that are sent before they are marked."""
PATIENCE = 120.0
"""Seconds after which what is left is left to the next one who sends."""
_AT_ONCE = 20
"""Events of one channel before it is the next one's turn."""


class NotSentError(Exception):
    """A channel did not take an event.

    :param sent: how many of those before it were taken.
    :param why: for people; no secret, no value.
    """

    def __init__(self, why: str, sent: int = 0) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent


class Target(Protocol):
    """Where the events of one channel go."""

    def send(self, records: Sequence[EventRecord]) -> None:
        """Send them in their order, each taken when this returns.

        :raises NotSentError: one was not taken; those behind it were not sent, or may be again.
        """
        ...


@dataclass(frozen=True)
class Stuck:
    """A channel that did not take all that is for it."""

    channel: str
    why: str


@dataclass(frozen=True)
class Published:
    """What became of what was to be sent.

    :param sent: how many events.
    :param stuck: the channels that did not take all.
    :param in_time: whether there was time for all others.
    """

    sent: int
    stuck: tuple[Stuck, ...] = ()
    in_time: bool = True


def publish(
    ledger: Ledger,
    target_of: Callable[[str], Target],
    tables: Sequence[str] | None,
    *,
    is_wanted: Callable[[str, str], bool] = lambda *_: True,
    patience: float = PATIENCE,
) -> Published:
    """Send what is in the outbox.

    :param target_of: of a channel's name; raises :class:`NotSentError` if there is none.
    :param tables: only what is about these; ``None``: everything.
    :param is_wanted: of a channel's name and an event's type; what is not wanted is marked without
        being sent.
    :param patience: seconds after which no channel gets another turn; each has one.
    :raises LandingError: the warehouse cannot be asked, or told.
    """
    until = time.monotonic() + patience
    stuck: dict[str, str] = {}
    made = cache(target_of)
    count = 0
    while page := _page(ledger, tables, stuck.keys()):
        wanted = [record for record in page if is_wanted(record.channel, record.event_type)]
        sent = list(_sent(wanted, made, stuck, until))
        unwanted = [r for r in page if not is_wanted(r.channel, r.event_type)]
        ledger.mark_published([*unwanted, *sent])
        count += len(sent)
        if time.monotonic() >= until:
            return Published(count, _told(stuck), in_time=False)
        if len(page) < PAGE:
            break
    return Published(count, _told(stuck))


def one_by_one(records: Sequence[EventRecord], send: Callable[[EventRecord], None]) -> None:
    """Send records where each is taken, or not, by itself.

    :raises NotSentError: as :meth:`Target.send`.
    """
    for sent, record in enumerate(records):
        try:
            send(record)
        except NotSentError as error:
            raise NotSentError(error.why, sent) from error


def _page(
    ledger: Ledger, tables: Sequence[str] | None, leaving_out: Collection[str]
) -> list[EventRecord]:
    """The oldest events of every channel: where those of some fill a page, those of the others are
    asked for beside them."""
    more = ledger.pending_events(tables, leaving_out, PAGE)
    page = [*more]
    while len(more) == PAGE:
        others = {*leaving_out, *(record.channel for record in page)}
        more = ledger.pending_events(tables, others, PAGE)
        page += more
    return page


def _sent(
    page: Sequence[EventRecord],
    target_of: Callable[[str], Target],
    stuck: dict[str, str],
    until: float,
) -> Iterator[EventRecord]:
    """Those of a page that were taken; who did not take all is put into ``stuck``.

    Every channel gets a turn, however late it is: else a slow one would take the time of all.
    """
    for turn, channel, records in _in_turn(page):
        if channel in stuck:
            continue
        if turn and time.monotonic() >= until:
            return
        try:
            target_of(channel).send(records)
        except NotSentError as error:
            yield from records[: error.sent]
            stuck[channel] = error.why
        else:
            yield from records


def _in_turn(page: Sequence[EventRecord]) -> Iterator[tuple[int, str, Sequence[EventRecord]]]:
    """A few of each channel in turn, those of one in their order, with the number of the turn."""
    by_channel: dict[str, list[EventRecord]] = {}
    for record in page:
        by_channel.setdefault(record.channel, []).append(record)
    most = max(map(len, by_channel.values()), default=0)
    for turn, start in enumerate(range(0, most, _AT_ONCE)):
        for channel, records in by_channel.items():
            if some := records[start : start + _AT_ONCE]:
                yield turn, channel, some


def _told(stuck: dict[str, str]) -> tuple[Stuck, ...]:
    return tuple(Stuck(channel, why) for channel, why in sorted(stuck.items()))
