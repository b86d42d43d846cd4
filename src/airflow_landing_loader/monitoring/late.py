"""What is told of files that did not come in time: events for programs, a message for people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import groupby
from urllib.parse import quote

from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.notify import Notify
from airflow_landing_loader.events.message import MAX_TITLE, Link, Message, Section
from airflow_landing_loader.loading.ledger.events import of_late, told_at
from airflow_landing_loader.loading.model import ArrivalRecord, RunContext
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.safe_text import counted, printable

Told = Callable[[Sequence[ArrivalRecord]], tuple[EventRecord, ...]]
"""What has to be written with windows that are decided."""

_NOT_IN_TIME = ("late", "missing", "wrong")
_MAX_NAME = 250


def late_records(
    records: Sequence[ArrivalRecord],
    mappings: Iterable[TableMapping],
    channels: ChannelSet,
    run: RunContext,
    base_url: str | None = None,
) -> tuple[EventRecord, ...]:
    """The rows of the outbox that tell of windows: write them with the windows themselves.

    Events, and for each table one message with all its windows. What was told before is the same
    row again, which stays as it is.

    :param records: windows that have just been decided; mended ones tell nothing.
    :param base_url: of Airflow, for links; ``None``: it is not known.
    """
    late = [r for r in records if r.outcome in _NOT_IN_TIME and r.mended_at is None]
    notify = {mapping.table: channels.notify_of(mapping.notify) for mapping in mappings}
    told = [*of_late(late, run)]
    for table, some in groupby(sorted(late, key=lambda r: r.table_name), lambda r: r.table_name):
        told += _message_records(table, list(some), notify.get(table), run, base_url)
    return tuple(told)


def _message_records(
    table: str,
    records: Sequence[ArrivalRecord],
    notify: Notify | None,
    run: RunContext,
    base_url: str | None,
) -> tuple[EventRecord, ...]:
    if notify is None or "late" not in notify.on:
        return ()
    words = {record.outcome for record in records}
    what = ", ".join(word for word in _NOT_IN_TIME if word in words)
    page = f"{(base_url or '').rstrip('/')}/landing-loader/tables/{quote(table, safe='')}"
    message = Message(
        title=printable(f"{table}: {what}", MAX_TITLE),
        reasons=("late",),
        sections=(Section.of("What did not come as it should", [_line(r) for r in records]),),
        links=(Link("The table", page),) if base_url else (),
    )
    about = (table, *(f"{record.pattern} {record.day}" for record in records))
    at = max(told_at(record) for record in records)
    return message.records(notify.to, run, about=("windows", *about), table=table, at=at)


def _line(record: ArrivalRecord) -> str:
    came = f"{counted(record.file_count, 'file')} with {counted(record.row_count, 'row')} came"
    why = f": {record.reason}" if record.reason else ""
    return (
        f"{printable(record.pattern, _MAX_NAME)} of {record.day}, due {_minute(record.due_at)}, is "
        f"{record.outcome}{why}; {came}"
    )


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
