"""What became of deliveries that lay in failed: who has brought them back or discarded them, and
why."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from airflow_landing_loader.loading.model import DeliveryOutcome, DeliveryRecord
from airflow_landing_loader.loading.operations import ActionName, ActionRecord
from airflow_landing_loader.plugins.pages.asked import AskedFor, asked_for
from airflow_landing_loader.plugins.pages.books import if_told, why_not_told
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.visits import Visit
from airflow_landing_loader.runs.actions import targets_in
from airflow_landing_loader.safe_text import delivered, shown_name

ENDED: tuple[DeliveryOutcome, ...] = ("replayed", "discarded")
"""How a delivery ends that lay in failed, by what people ask for."""

_ACTIONS = 500
_SLACK = timedelta(minutes=1)  # between the clocks of API server, worker and books
_BY: Mapping[str, ActionName] = {"replayed": "replay", "discarded": "discard"}
_VERBS = {"replayed": "Brought back to landing", "discarded": "Discarded"}


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What became of a delivery.

    :param verb: in words.
    :param by: who asked for it; ``None``: nobody by a page or the API, as far as is known.
    :param otherwise: what to say where there is nobody.
    :param message: what was done.
    """

    table: str
    name: str
    href: str
    verb: str
    code: str | None
    at: datetime
    by: str | None
    otherwise: str
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
    actions = if_told(lambda: history.recent_actions(tables, _ACTIONS)) if tables else ()
    causes = _actions_of(records, [visit.seen(action) for action in actions or ()])
    otherwise = _otherwise(actions)
    found = tuple(
        _ending(record, causes.get(record.delivery_id), otherwise, links) for record in records
    )
    return found, why_not_told(visit, "who asked, and why, is") if actions is None else None


def not_done(visit: Visit, tables: Sequence[str], links: Links) -> tuple[AskedFor, ...]:
    """What was asked of refused files lately and failed; nothing while a writer has the books."""
    lately = asked_for(visit, tables, links) if tables else ()
    return tuple(
        one for one in lately or () if one.level == "bad" and one.verb in ("Replay", "Discard")
    )


def _otherwise(actions: Sequence[ActionRecord] | None) -> str:
    if actions is None:
        return "not known now"
    # There may be older ones, which were not asked for.
    return "by hand" if len(actions) < _ACTIONS else "not known"


def _actions_of(
    records: Sequence[DeliveryRecord], actions: Sequence[ActionRecord]
) -> Mapping[str, ActionRecord]:
    """Which action has ended which delivery: the nearest in time that was at work then.

    A name may be delivered, refused and ended many times, by different people: what an action was
    done to is the end of one delivery.
    """
    pairs = sorted(_pairs(records, actions), key=lambda pair: pair.apart)
    found: dict[str, ActionRecord] = {}
    spent: set[tuple[str, str]] = set()
    for pair in pairs:
        target = (pair.action.action_id, pair.target)
        if pair.delivery_id not in found and target not in spent:
            found[pair.delivery_id] = pair.action
            spent.add(target)
    return found


@dataclass(frozen=True, kw_only=True)
class _Pair:
    """A delivery and an action that may have ended it.

    :param apart: the time between the two ends.
    """

    delivery_id: str
    action: ActionRecord
    target: str
    apart: timedelta


def _pairs(records: Sequence[DeliveryRecord], actions: Sequence[ActionRecord]) -> Iterator[_Pair]:
    done: defaultdict[tuple[str, str, str], list[ActionRecord]] = defaultdict(list)
    for action in actions:
        if action.outcome == "done":
            for target in targets_in(action.targets):
                done[action.action, action.table_name, target].append(action)
    for record in records:
        for name in {record.filename, (record.final_uri or "").rpartition("/")[2]}:
            for action in done[_BY[record.outcome], record.table_name, name]:
                if action.asked_at - _SLACK <= record.recorded_at <= action.done_at + _SLACK:
                    yield _Pair(
                        delivery_id=record.delivery_id,
                        action=action,
                        target=name,
                        apart=abs(action.done_at - record.recorded_at),
                    )


def _ending(
    record: DeliveryRecord, action: ActionRecord | None, otherwise: str, links: Links
) -> Ending:
    dag_id, run_id = (action.dag_id, action.run_id) if action is not None else (None, None)
    return Ending(
        table=record.table_name,
        name=shown_name(delivered(record.filename)),
        href=links.page("failures", record.delivery_id),
        verb=_VERBS[record.outcome],
        code=record.code,
        at=record.recorded_at,
        by=(action.asked_by or "somebody") if action is not None else None,
        otherwise=otherwise,
        reason=action.reason if action is not None else None,
        message=action.message if action is not None else "",
        run=links.run(dag_id, run_id) if dag_id and run_id else None,
    )
