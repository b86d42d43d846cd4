"""A message for people: what it says, and its rows in the outbox.

It names files, tables, columns, counts and codes, and never a cell value; what strangers may have
written is made printable and cut.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from airflow_landing_loader.codec import adapter_of
from airflow_landing_loader.config.mapping.notify import Reason
from airflow_landing_loader.loading.ledger.events import NOTIFICATION, Event, record_of
from airflow_landing_loader.loading.model import RunContext
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.safe_text import counted, printable

MAX_TITLE = 200
MAX_LINE = 500
MAX_LINES = 20
"""Lines of one section; of thousands of files the first few are named."""


@dataclass(frozen=True)
class Section:
    """Some lines of a message below a heading."""

    heading: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, heading: str, lines: Sequence[str]) -> Section:
        """The section with its first lines, each on one line and not too long."""
        told = [printable(line, MAX_LINE) for line in lines[:MAX_LINES]]
        if len(lines) > MAX_LINES:
            told.append(f"... and {counted(len(lines) - MAX_LINES, 'more', 'more')}")
        return cls(heading, tuple(told))


@dataclass(frozen=True)
class Link:
    """Where to look further."""

    text: str
    url: str


@dataclass(frozen=True)
class Message:
    """What people are told.

    :param reasons: what it is about.
    """

    title: str
    reasons: tuple[Reason, ...]
    sections: tuple[Section, ...]
    links: tuple[Link, ...] = ()

    def text(self) -> str:
        """All of it but the title, as lines."""
        parts = [
            "\n".join([f"{section.heading}:", *(f"- {line}" for line in section.lines)])
            for section in self.sections
        ]
        parts += ["\n".join(f"{link.text}: {link.url}" for link in self.links)]
        return "\n\n".join(part for part in parts if part)

    def records(
        self,
        to: Sequence[str],
        run: RunContext,
        *,
        about: tuple[str, ...],
        table: str,
        at: datetime,
    ) -> tuple[EventRecord, ...]:
        """Its rows in the outbox, one for each channel.

        The same message about the same thing is one message, however often it is made.

        :param to: names of channels.
        :param about: a run, or a window.
        :param at: when, UTC without zone.
        """
        data = asdict(self)
        said = {key: value for key, value in data.items() if key != "links"}
        digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
        event = Event(type=NOTIFICATION, key=(*about, digest), at=at, table=table, data=data)
        return tuple(record_of(event, run, channel) for channel in dict.fromkeys(to))


def message_in(record: EventRecord) -> Message:
    """The message of a row of the outbox.

    :raises ValueError: it holds none.
    """
    document = json.loads(record.body)
    data = document.get("data") if isinstance(document, dict) else None
    return adapter_of(Message).validate_python(data)
