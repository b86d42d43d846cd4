"""Messages and events in the log of the task that sends them."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from airflow_landing_loader.config.channels.model import LogChannel
from airflow_landing_loader.events.message import message_in
from airflow_landing_loader.events.publishing import NotSentError, one_by_one
from airflow_landing_loader.loading.ledger.events import NOTIFICATION
from airflow_landing_loader.loading.operations import EventRecord

_log = logging.getLogger(__name__)


class LogTarget:
    """The log: a message as text, an event as its JSON."""

    def __init__(self, channel: LogChannel) -> None:
        self._channel = channel

    def send(self, records: Sequence[EventRecord]) -> None:
        """Write each as one entry."""
        one_by_one(records, _write)


def _write(record: EventRecord) -> None:
    _log.info("%s", _text(record))


def _text(record: EventRecord) -> str:
    if record.event_type != NOTIFICATION:
        return record.body
    try:
        message = message_in(record)
    except ValueError as error:
        raise NotSentError("it is no message that the loader wrote") from error
    return f"{message.title}\n{message.text()}"
