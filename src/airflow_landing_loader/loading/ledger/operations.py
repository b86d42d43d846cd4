"""Runs and what people asked for, in the books."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from airflow_landing_loader.loading.ledger.putting import put
from airflow_landing_loader.loading.ledger.queries import Books, Rows
from airflow_landing_loader.loading.ledger.tables import LOAD_ACTIONS, LOAD_EXECUTIONS
from airflow_landing_loader.loading.model import DeliveryOutcome, DiscardedDelivery
from airflow_landing_loader.loading.operations import ActionRecord, ExecutionRecord


def put_executions(books: Books, records: Sequence[ExecutionRecord]) -> None:
    """Write runs and their layers, over what was written of them before."""
    put(books, LOAD_EXECUTIONS, ("execution_id", "layer"), records)


def put_actions(books: Books, records: Sequence[ActionRecord]) -> None:
    """Write what became of what people asked for."""
    put(books, LOAD_ACTIONS, ("action_id",), records)


def mark_replayed(books: Books, ids: Sequence[str], at: datetime) -> frozenset[str]:
    """Say of refused deliveries that they went back to landing.

    One that was loaded and unloaded stays that, as who asks for its load has to know it.

    :return: the ids of those of which the books say so now, or have said so before.
    """
    books.ask(
        "UPDATE load_deliveries SET outcome = 'replayed', recorded_at = :at "
        "WHERE delivery_id = ANY(:ids) AND outcome = 'failed'",
        at=at,
        ids=[*ids, *_explained_before(books, ids)],
    )
    return _that_are(books, ids, ("replayed", "unloaded"))


def mark_discarded(
    books: Books, discarded: Sequence[DiscardedDelivery], at: datetime
) -> frozenset[str]:
    """Say of deliveries that they are not wanted, why, and where they lie now.

    One that was loaded and unloaded stays that, as who asks for its load has to know it.

    :return: the ids of those of which the books say so now.
    """
    told = {d.delivery_id: d for d in discarded}
    before = _explained_before(books, list(told))
    keyed = [*told.items(), *((own_id, told[newest]) for own_id, newest in before.items())]
    rows = [(own_id, d.message, d.final_uri) for own_id, d in keyed]
    books.ask(
        "UPDATE load_deliveries t SET message = m.message, final_uri = m.final_uri, "
        "recorded_at = CASE WHEN t.outcome = 'unloaded' THEN t.recorded_at ELSE :at END, "
        "outcome = CASE WHEN t.outcome = 'unloaded' THEN t.outcome ELSE 'discarded' END "
        "FROM (SELECT x.delivery_id, x.message, x.final_uri FROM ROWS(:discarded) x) m "
        "WHERE t.delivery_id = m.delivery_id "
        "AND t.outcome IN ('failed', 'discarded', 'unloaded')",
        at=at,
        discarded=Rows(("delivery_id", "message", "final_uri"), rows),
    )
    return _that_are(books, list(told), ("discarded", "unloaded"))


def _explained_before(books: Books, ids: Sequence[str]) -> dict[str, str]:
    """Return the older refusals of equal files of one name, each with that which stands for it.

    They lie in the failed zone as one file, which the sidecar of the newest explains.
    """
    rows = books.ask(
        "SELECT o.delivery_id, d.delivery_id FROM load_deliveries d JOIN load_deliveries o "
        "ON o.final_uri = d.final_uri AND o.table_name = d.table_name AND o.filename = d.filename "
        "AND COALESCE(o.sha256, '') = COALESCE(d.sha256, '') "
        "WHERE d.delivery_id = ANY(:ids) AND o.outcome = 'failed' AND o.failed_at < d.failed_at",
        ids=ids,
    )
    return {own_id: newest for own_id, newest in rows if own_id not in ids}


def _that_are(
    books: Books, ids: Sequence[str], outcomes: Sequence[DeliveryOutcome]
) -> frozenset[str]:
    rows = books.ask(
        "SELECT d.delivery_id FROM load_deliveries d "
        "WHERE d.delivery_id = ANY(:ids) AND d.outcome = ANY(:outcomes)",
        ids=ids,
        outcomes=outcomes,
    )
    return frozenset(delivery_id for (delivery_id,) in rows)


def executions_of(books: Books, execution_ids: Sequence[str]) -> tuple[ExecutionRecord, ...]:
    """Return these runs and their layers, in no order."""
    clause = "WHERE execution_id = ANY(:ids)"
    return books.records(ExecutionRecord, LOAD_EXECUTIONS, clause, ids=list(execution_ids))


def recent_executions(
    books: Books, tables: Sequence[str], since: datetime, limit: int
) -> tuple[ExecutionRecord, ...]:
    """Return the runs of tables that ended from a time on, newest first, without their layers."""
    return books.records(
        ExecutionRecord,
        LOAD_EXECUTIONS,
        "WHERE layer = 'run' AND table_name = ANY(:tables) AND completed_at >= :since "
        "ORDER BY completed_at DESC, execution_id LIMIT :most",
        tables=list(tables),
        since=since,
        most=limit,
    )


def action_of(books: Books, action_id: str) -> ActionRecord | None:
    """Return what became of an action; ``None`` while that is not written."""
    found = books.records(ActionRecord, LOAD_ACTIONS, "WHERE action_id = :id", id=action_id)
    return found[0] if found else None


def recent_actions(books: Books, tables: Sequence[str], limit: int) -> tuple[ActionRecord, ...]:
    """Return what people asked of tables, newest first."""
    return books.records(
        ActionRecord,
        LOAD_ACTIONS,
        "WHERE table_name = ANY(:tables) ORDER BY asked_at DESC, action_id LIMIT :most",
        tables=list(tables),
        most=limit,
    )
