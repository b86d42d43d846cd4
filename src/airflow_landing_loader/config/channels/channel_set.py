"""What reading the channels gives: the good ones, who is told by default, and every problem."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from airflow_landing_loader.config.channels.model import (
    BUILT_IN,
    EVENT_TYPES,
    Channel,
    EventType,
)
from airflow_landing_loader.config.mapping.notify import Notify
from airflow_landing_loader.config.yaml.documents import Problem


@dataclass(frozen=True)
class ChannelSet:
    """All channels.

    :param channels: the good ones and the built-in ones, by name.
    :param broken: names of those whose documents have a problem, with the events that they may
        want: they are known, and what is sent to them waits until they are mended.
    :param for_all: who is told where a mapping does not say it.
    :param errors: in order of file and line.
    """

    channels: tuple[Channel, ...] = BUILT_IN
    broken: Mapping[str, tuple[EventType, ...]] = field(default_factory=dict)
    for_all: Notify | None = None
    errors: tuple[Problem, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """What ``notify`` may name: a broken document does not break what names it."""
        return frozenset(c.name for c in self.channels if c.for_people) | self.broken.keys()

    def get(self, name: str) -> Channel | None:
        """A channel by its name; ``None`` if there is none, or it is broken."""
        return next((c for c in self.channels if c.name == name), None)

    @property
    def event_plan(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Names of channels, each with the types of the events that are written down for it: what
        is not written with what it tells of can never be told."""
        wanted = {c.name: c.wants for c in self.channels} | dict(self.broken)
        return tuple((name, wanted[name]) for name in sorted(wanted) if wanted[name])

    def is_wanted(self, name: str, event_type: str) -> bool:
        """Whether what is written down for a channel is sent there: not an event that it turns out
        not to want now that its document can be read, or no longer wants."""
        channel = self.get(name)
        return channel is None or event_type not in EVENT_TYPES or event_type in channel.wants

    def notify_of(self, own: Notify | None) -> Notify | None:
        """Who is told of a mapping that says this of it itself; ``None``: nobody."""
        notify = self.for_all if own is None else own
        return notify if notify is not None and notify.to else None

    def tell_of(self, own: Iterable[Notify | None]) -> bool:
        """Whether anybody is told of these mappings.

        :param own: what each says of who is told.
        """
        return bool(self.event_plan) or any(self.notify_of(each) for each in own)

    def lacking(self, own: Iterable[Notify | None]) -> tuple[str, ...]:
        """What keeps messages from being sent though no document is wrong, in words.

        :param own: what each mapping says of who is told.
        """
        named = {name for each in own if (notify := self.notify_of(each)) for name in notify.to}
        return tuple(
            f"channel {channel.name} has {channel.lacks}"
            for channel in self.channels
            if channel.lacks and (channel.name in named or channel not in BUILT_IN)
        )
