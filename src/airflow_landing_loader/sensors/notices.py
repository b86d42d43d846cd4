"""Files that no run takes: told once, and again only when something about them changes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow_landing_loader.landing.discovery import Discovery, discover
from airflow_landing_loader.landing.reports import reports_of
from airflow_landing_loader.mapping.model import TableMapping
from airflow_landing_loader.operators.xcoms import NEWS_KEY, NOTICES_KEY, previous_run_id
from airflow_landing_loader.transport import sendable

if TYPE_CHECKING:
    from airflow_landing_loader.pipeline import Pipeline

MAX_NOTICES = 200
MAX_NEWS = 1000  # of one run, the newest; a sender may drop other strange names at every look


class Notices:
    """What the sensor of one run has to say, remembered by XCom from look to look and run to run.

    :param ti: the sensor's running task instance.
    :param log: its logger.
    """

    def __init__(self, ti: Any, log: Any) -> None:
        self._ti = ti
        self._log = log

    def tell(self, pipeline: Pipeline, neighbours: Sequence[TableMapping]) -> None:
        """Log what is new, and leave it for the report.

        :param neighbours: the mappings of all tables: others' files are left to them.
        :raises TransientError: the landing zone cannot be read.
        """
        own = pipeline.mappings
        everybody = [*own, *(mapping for mapping in neighbours if mapping not in own)]
        found = discover(pipeline.zones.landing, everybody, now=time.time())
        reports = reports_of(_concerning(found, own))
        current = [sendable(f"{r.message} {r.hint}") for r in reports[:MAX_NOTICES]]
        if len(reports) > MAX_NOTICES:
            current.append(f"{len(reports) - MAX_NOTICES} more files are not taken.")
        known = self._pull(NOTICES_KEY)
        news = [text for text in current if text not in (known or ())]
        for text in news:
            self._log.warning("%s", text)
        if news or current != known:
            self._ti.xcom_push(key=NOTICES_KEY, value=current)
        if news:
            told = self._ti.xcom_pull(task_ids=self._ti.task_id, key=NEWS_KEY) or []
            self._ti.xcom_push(key=NEWS_KEY, value=[*told, *news][-MAX_NEWS:])

    def _pull(self, key: str) -> list[str] | None:
        """What this run's sensor, or else the one of the run before, said last."""
        said = self._ti.xcom_pull(task_ids=self._ti.task_id, key=key)
        if said is None and (run_id := previous_run_id(self._ti)):
            said = self._ti.xcom_pull(task_ids=self._ti.task_id, key=key, run_id=run_id)
        return said if isinstance(said, list) else None


def _concerning(found: Discovery, own: Sequence[TableMapping]) -> Discovery:
    """What concerns one table: its own files, and those that nobody takes."""
    return replace(
        found,
        waiting=tuple(w for w in found.waiting if w.mapping in own),
        orphans=tuple(o for o in found.orphans if o.mapping in own),
        refused=tuple(r for r in found.refused if any(m in own for m in r.mappings)),
    )
