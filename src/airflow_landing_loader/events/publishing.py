"""From the outbox to the channels: everything at least once, the oldest first.

What was sent is marked in one write, so that whoever dies before it sends again, under the same
ids. A channel that cannot be reached keeps what is for it, and holds up no other one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.loading.warehouses.base import Ledger

PAGE = 1000
"""Events that are sent before they are marked."""
PATIENCE = 120.0
"""Seconds after which what is left is left to the next one who sends."""
_AT_ONCE = 20


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
    patience: float = PATIENCE,
) -> Published:
    """Send what is in the outbox.

    :param target_of: of a channel's name; raises :class:`NotSentError` if there is none.
    :param tables: only what is about these; ``None``: everything.
    :param patience: seconds after which no other event is begun.
    :raises LandingError: the warehouse cannot be asked, or told.
    """
    until = time.monotonic() + patience
    stuck: dict[str, str] = {}
    count = 0
    while page := ledger.pending_events(tables, stuck.keys(), PAGE):
        sent = list(_sent(page, target_of, stuck, until))
        ledger.mark_published(sent)
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


def _sent(
    page: Sequence[EventRecord],
    target_of: Callable[[str], Target],
    stuck: dict[str, str],
    until: float,
) -> Iterator[EventRecord]:
    """Those of a page that were taken; who did not take all is put into ``stuck``."""
    by_channel = sorted(page, key=lambda record: record.channel)  # keeps their order otherwise
    for channel, records in groupby(by_channel, key=lambda record: record.channel):
        try:
            target = target_of(channel)
            yield from _taken(target, list(records), until)
        except NotSentError as error:
            stuck[channel] = error.why


def _taken(target: Target, records: Sequence[EventRecord], until: float) -> Iterator[EventRecord]:
    for start in range(0, len(records), _AT_ONCE):
        if time.monotonic() >= until:
            return
        some = records[start : start + _AT_ONCE]
        try:
            target.send(some)
        except NotSentError as error:
            yield from some[: error.sent]
            raise
        yield from some


def _told(stuck: dict[str, str]) -> tuple[Stuck, ...]:
    return tuple(Stuck(channel, why) for channel, why in sorted(stuck.items()))
