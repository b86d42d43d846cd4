"""The trigger behind the sensor: looks into the landing zone while no task runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorDetail, TransientError
from airflow_landing_loader.hooks.connections import ConnectionClients, Connections, OpenedClients
from airflow_landing_loader.hooks.metrics import AirflowMeter
from airflow_landing_loader.landing.discovery.discover import discover
from airflow_landing_loader.landing.discovery.model import Discovery, Look
from airflow_landing_loader.landing.discovery.rest import LOOK_INTERVAL
from airflow_landing_loader.monitoring.metrics import tell_waiting
from airflow_landing_loader.runs.holdback import load_held
from airflow_landing_loader.runs.refusals import load_refusals
from airflow_landing_loader.runs.waiting import Memory, Status, Watch
from airflow_landing_loader.settings import is_object_uri
from airflow_landing_loader.storage.opening import open_zone
from airflow_landing_loader.storage.zone import Zone
from airflow_landing_loader.triggers.shared_zone import SharedZone, shared_zone
from airflow_landing_loader.xcom import values


class LandingFilesTrigger(BaseTrigger):
    """Fire when a file is ready or newly refused, when a moment has come, or when time is up.

    Fires one event, a dict with ``status``: ``ready`` (a file is complete and at rest), ``due``
    (``wake_at`` has passed), ``refused`` (a file that fails a run by being refused, see
    :mod:`~airflow_landing_loader.runs.refusals`), ``timeout`` (``deadline`` has passed, and the
    zone can be read) or ``error`` (the zone could not be read for
    :data:`~airflow_landing_loader.runs.holdback.PATIENCE` seconds in a row; ``error`` holds the
    reason). The event names no files: whoever wakes looks again, with the mappings of then. It
    gives ``deadline`` and ``trouble_since`` back, because ``airflow dags test`` loses what a
    deferral wants to remember.

    It has its own deadline because ``airflow dags test`` ignores the one of a deferral.

    In an object store all triggers of a process that look into one zone share one listing.

    :param landing_path: absolute path of the landing zone, or its URI in an object store.
    :param mappings: the mappings as JSON-able dicts (``TableMapping.model_dump(mode="json")``).
    :param deadline: when to give up, seconds since the epoch.
    :param wake_at: when to fire ``due``, seconds since the epoch; ``None``: never.
    :param held: files to leave out for some time, from
        :func:`~airflow_landing_loader.runs.holdback.dump_held`.
    :param refused: what is refused already, from
        :func:`~airflow_landing_loader.runs.refusals.dump_refusals`; ``None``: refused files do not
        fire.
    :param start_at: when to look for the first time, seconds since the epoch.
    :param trouble_since: since when whoever waits could not look, seconds since the epoch.
    :param poll_interval: seconds between two looks, more than 0.
    :param connections: the fields of :class:`~airflow_landing_loader.hooks.connections.Connections`
        by name, for a zone in an object store.
    """

    def __init__(
        self,
        *,
        landing_path: str,
        mappings: Sequence[dict[str, Any]],
        deadline: float,
        wake_at: float | None = None,
        held: Sequence[dict[str, Any]] = (),
        refused: Sequence[dict[str, Any]] | None = None,
        start_at: float = 0.0,
        trouble_since: float | None = None,
        poll_interval: float = 10.0,
        **connections: Any,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.landing_path = landing_path
        self.mappings = list(mappings)
        self.deadline = deadline
        self.wake_at = wake_at
        self.held = list(held)
        self.refused = None if refused is None else list(refused)
        self.start_at = start_at
        self.trouble_since = trouble_since
        self.poll_interval = poll_interval
        self.connections = Connections(**connections)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """Class path and arguments, all JSON-able."""
        return (
            f"{type(self).__module__}.{type(self).__qualname__}",
            {
                "landing_path": self.landing_path,
                "mappings": self.mappings,
                "deadline": self.deadline,
                "wake_at": self.wake_at,
                "held": self.held,
                "refused": self.refused,
                "start_at": self.start_at,
                "trouble_since": self.trouble_since,
                "poll_interval": self.poll_interval,
                **asdict(self.connections),
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, sleep, look again; the listing runs in a thread, as a file system may hang."""
        zone = self._zone()
        mappings = [TableMapping.model_validate(fields) for fields in self.mappings]
        watch = self._watch()
        look: Look | None = None
        pause = self.poll_interval
        await asyncio.sleep(max(0.0, self.start_at - time.time()))
        while True:
            # Half: who polls a little before another one must not list for itself alone.
            max_age, pause = pause / 2, self.poll_interval
            error: ErrorDetail | None = None
            try:
                found = await self._look(zone, mappings, look, max_age)
            except TransientError as trouble:
                if watch.trouble_since is None:
                    self.log.warning("%s Looking again every %g s.", trouble, pause)
                watch, error = watch.after_trouble(time.time()), trouble.detail
            else:
                watch, look = watch.after_look(found, time.time()), found.look
                tell_waiting(AirflowMeter(), found, mappings)
                if found.settles_soon:
                    pause = min(pause, LOOK_INTERVAL)
            if watch.ended is not None:
                yield self._event(watch.ended, error if watch.ended == "error" else None)
                return
            await asyncio.sleep(watch.pause(pause, time.time()))

    def _watch(self) -> Watch:
        refused = None if self.refused is None else load_refusals(self.refused)
        return Watch(
            memory=Memory(held=load_held(self.held), refused=refused),
            deadline=self.deadline,
            wake_at=self.wake_at,
        )

    async def _look(
        self,
        zone: Zone,
        mappings: Sequence[TableMapping],
        previous: Look | None,
        max_age: float,
    ) -> Discovery:
        if isinstance(zone, SharedZone):
            await zone.refresh(max_age)
        return await asyncio.to_thread(
            discover, zone, mappings, now=time.time(), previous=previous, only_matching=True
        )

    def _zone(self) -> Zone:
        clients = ConnectionClients(self.connections)
        if not is_object_uri(self.landing_path):
            return open_zone(self.landing_path, clients)

        def open_it() -> Zone:
            return open_zone(self.landing_path, OpenedClients.of_zone(self.landing_path, clients))

        return shared_zone((self.landing_path, self.connections), open_it)

    def _event(self, status: Status, error: ErrorDetail | None = None) -> TriggerEvent:
        said = {
            "status": status,
            "error": values.dump(error) if error else None,
            "deadline": self.deadline,
            "trouble_since": self.trouble_since,
        }
        return TriggerEvent(said)  # type: ignore[no-untyped-call]
