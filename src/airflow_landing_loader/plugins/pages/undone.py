"""What became of deliveries that lay in failed: who has brought them back or discarded them, and
why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from airflow_landing_loader.loading.model import DeliveryOutcome, DeliveryRecord
from airflow_landing_loader.loading.operations import ActionName, ActionRecord
from airflow_landing_loader.plugins.pages.asked import AskedFor, asked_for, targets_of
from airflow_landing_loader.plugins.pages.books import unless_busy
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.visits import Visit
from airflow_landing_loader.safe_text import delivered, shown_name

ENDED: tuple[DeliveryOutcome, ...] = ("replayed", "discarded")
"""How a delivery ends that lay in failed, by what people ask for."""

_ACTIONS = 500
_BY: Mapping[str, ActionName] = {"replayed": "replay", "discarded": "discard"}
_VERBS = {"replayed": "Brought back to landing", "discarded": "Discarded"}
_BUSY = "A writer has the database now: who asked, and why, is told afterwards."


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What became of a delivery.

    :param verb: in words.
    :param told: whether it is known who asked for it.
    :param by: who did; ``None``: nobody by a page or the API.
    :param message: what was done.
    """

    table: str
    name: str
    href: str
    verb: str
    code: str | None
    at: datetime
    told: bool
    by: str | None
    reason: str | None
    message: str
    run: str | None


def endings(
    visit: Visit, records: Sequence[DeliveryRecord], links: Links
) -> tuple[tuple[Ending, ...], str | None]:
    """Each delivery with who asked for its end; and why that cannot be told.

    :param records: that ended in one of :data:`ENDED`.
    """
    tables = sorted({record.table_name for record in records})
    history = visit.monitor.history
    actions = unless_busy(lambda: history.recent_actions(tables, _ACTIONS)) if tables else ()
    busy = actions is None
    found = tuple(
        replace(_ending(record, _action_of(record, actions or ()), links), told=not busy)
        for record in records
    )
    return found, _BUSY if busy else None


def not_done(visit: Visit, tables: Sequence[str], links: Links) -> tuple[AskedFor, ...]:
    """What was asked of refused files lately and failed; nothing while a writer has the books."""
    lately = asked_for(visit.monitor.history, tables, links) if tables else ()
    return tuple(one for one in lately or () if not one.done and one.verb in ("Replay", "Discard"))


def _action_of(record: DeliveryRecord, actions: Sequence[ActionRecord]) -> ActionRecord | None:
    """The newest action that may have ended it."""
    names = {record.filename, (record.final_uri or "").rpartition("/")[2]}
    for action in actions:
        fits = action.action == _BY[record.outcome] and action.outcome == "done"
        if fits and action.table_name == record.table_name and names & set(targets_of(action)):
            return action
    return None


def _ending(record: DeliveryRecord, action: ActionRecord | None, links: Links) -> Ending:
    dag_id, run_id = (action.dag_id, action.run_id) if action is not None else (None, None)
    return Ending(
        table=record.table_name,
        name=shown_name(delivered(record.filename)),
        href=links.page("failures", record.delivery_id),
        verb=_VERBS[record.outcome],
        code=record.code,
        at=record.recorded_at,
        told=True,
        by=action.asked_by if action is not None else None,
        reason=action.reason if action is not None else None,
        message=action.message if action is not None else "",
        run=links.run(dag_id, run_id) if dag_id and run_id else None,
    )
