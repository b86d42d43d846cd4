"""What reading the channels gives: the good ones, who is told by default, and every problem."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from airflow_landing_loader.config.channels.model import BUILT_IN, Channel
from airflow_landing_loader.config.mapping.notify import Notify
from airflow_landing_loader.config.yaml.documents import Problem


@dataclass(frozen=True)
class ChannelSet:
    """All channels.

    :param channels: the good ones and the built-in ones, by name.
    :param broken: names of those whose documents have a problem: they are known, and what is sent
        to them waits until they are mended.
    :param for_all: who is told where a mapping does not say it.
    :param errors: in order of file and line.
    """

    channels: tuple[Channel, ...] = BUILT_IN
    broken: frozenset[str] = frozenset()
    for_all: Notify | None = None
    errors: tuple[Problem, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """What ``notify`` may name: a broken document does not break what names it."""
        return frozenset(c.name for c in self.channels if c.for_people) | self.broken

    def get(self, name: str) -> Channel | None:
        """A channel by its name; ``None`` if there is none, or it is broken."""
        return next((c for c in self.channels if c.name == name), None)

    @property
    def event_plan(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """Names of channels, each with the types of the events that are sent there."""
        return tuple((c.name, c.wants) for c in self.channels if c.wants)

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
