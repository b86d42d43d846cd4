"""What is to be sent to channels, in the books: written with what it tells of, marked when sent."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from airflow_landing_loader.loading.ledger.putting import bound_rows
from airflow_landing_loader.loading.ledger.queries import Books, Rows
from airflow_landing_loader.loading.ledger.tables import LOAD_EVENTS
from airflow_landing_loader.loading.operations import EventRecord

IS_NEW = (
    f"NOT EXISTS (SELECT 1 FROM {LOAD_EVENTS.name} e "
    "WHERE e.event_id = r.event_id AND e.channel = r.channel)"
)
"""Whether row ``r`` is not there yet."""


def put_events(books: Books, records: Sequence[EventRecord]) -> None:
    """Write rows of ``load_events``; those that are there stay as they are, sent or not."""
    if not records:
        return
    distinct = {(r.event_id, r.channel): r for r in records}
    source, rows = bound_rows(books, LOAD_EVENTS, list(distinct.values()))
    names = ", ".join(LOAD_EVENTS.column_names)
    books.ask(
        f"INSERT INTO {LOAD_EVENTS.name} ({names}) SELECT {names} FROM ({source}) r WHERE {IS_NEW}",
        rows=rows,
    )


def pending_events(
    books: Books, tables: Sequence[str] | None, leaving_out: Collection[str], limit: int
) -> tuple[EventRecord, ...]:
    """Return what has not been sent, the oldest first.

    :param tables: only of these; ``None``: of all.
    :param leaving_out: names of channels.
    """
    clauses = ["published_at IS NULL"]
    if tables is not None:
        clauses.append("table_name = ANY(:tables)")
    if leaving_out:
        clauses.append("NOT (channel = ANY(:leaving_out))")
    return books.records(
        EventRecord,
        LOAD_EVENTS,
        f"WHERE {' AND '.join(clauses)} ORDER BY occurred_at, event_id, channel LIMIT :most",
        most=limit,
        **({} if tables is None else {"tables": list(tables)}),
        **({"leaving_out": sorted(leaving_out)} if leaving_out else {}),
    )


def mark_published(books: Books, records: Sequence[EventRecord], at: datetime) -> None:
    """Say of rows that they have been sent."""
    keys = Rows(("event_id", "channel"), [(r.event_id, r.channel) for r in records])
    books.ask(
        f"UPDATE {LOAD_EVENTS.name} t SET published_at = :at "
        "FROM (SELECT x.event_id, x.channel FROM ROWS(:keys) x) k "
        "WHERE t.event_id = k.event_id AND t.channel = k.channel AND t.published_at IS NULL",
        at=at,
        keys=keys,
    )
