"""What people asked for lately, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from airflow_landing_loader.loading.operations import ActionRecord
from airflow_landing_loader.monitoring.overview import Level
from airflow_landing_loader.plugins.pages.books import if_told
from airflow_landing_loader.plugins.pages.links import Links
from airflow_landing_loader.plugins.pages.visits import Visit
from airflow_landing_loader.runs.actions import targets_in

_MOST = 20
_NAMED = 3
_VERBS = {
    "replay": "Replay",
    "discard": "Discard",
    "unload": "Unload",
    "promote": "Promote",
    "verify": "Verify",
}
_LEVELS: Mapping[str, Level] = {"done": "good", "failed": "bad"}


@dataclass(frozen=True, kw_only=True)
class AskedFor:
    """One action.

    :param targets: the first of what it was done to; ``others``: how many more there are.
    :param outcome: in a word; ``level``: how bad that is.
    :param run: address of the run that did it, in Airflow.
    """

    verb: str
    table: str
    targets: tuple[str, ...]
    others: int
    by: str
    reason: str
    at: datetime
    outcome: str
    level: Level
    message: str
    run: str | None


def asked_for(
    visit: Visit, tables: Sequence[str], links: Links, *, target: str | None = None
) -> tuple[AskedFor, ...] | None:
    """What people asked of tables lately, newest first; ``None`` where the books do not tell it.

    :param target: only what was asked of this file, load or column.
    """
    records = if_told(lambda: visit.monitor.history.recent_actions(tables, _MOST))
    if records is None:
        return None
    return tuple(
        _asked(visit.seen(record), targets, links)
        for record in records
        for targets in [targets_in(record.targets)]
        if target is None or target in targets
    )


def _asked(record: ActionRecord, targets: tuple[str, ...], links: Links) -> AskedFor:
    known = record.dag_id is not None and record.run_id is not None
    return AskedFor(
        verb=_VERBS.get(record.action, record.action),
        table=record.table_name,
        targets=targets[:_NAMED],
        others=max(len(targets) - _NAMED, 0),
        by=record.asked_by or "somebody",
        reason=record.reason or "",
        at=record.asked_at,
        outcome=record.outcome,
        level=_LEVELS.get(record.outcome, "idle"),
        message=record.message,
        run=links.run(str(record.dag_id), str(record.run_id)) if known else None,
    )
