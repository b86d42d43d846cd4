"""The trigger behind the sensor: looks into the landing zone while no task runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any, Literal

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_landing_loader import serde
from airflow_landing_loader.exceptions import ErrorDetail, TransientError
from airflow_landing_loader.holdback import PATIENCE, load_held, offered
from airflow_landing_loader.hooks.connections import ConnectionClients, OpenedClients
from airflow_landing_loader.landing.discovery import LOOK_INTERVAL, Discovery, Look, discover
from airflow_landing_loader.landing.local_zone import LocalZone
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.landing.zones import open_zone
from airflow_landing_loader.mapping.model import TableMapping
from airflow_landing_loader.settings import is_object_uri
from airflow_landing_loader.triggers.shared_zone import SharedZone, shared_zone

Status = Literal["ready", "due", "timeout", "error"]


class LandingFilesTrigger(BaseTrigger):
    """Fire when a file of these mappings is ready, when a moment has come, or when time is up.

    Fires one event, a dict with ``status``: ``ready`` (a file is complete and at rest), ``due``
    (``wake_at`` has passed), ``timeout`` (``deadline`` has passed, and the zone can be read) or
    ``error`` (the zone could not be read for
    :data:`~airflow_landing_loader.holdback.PATIENCE` seconds in a row; ``error`` holds the reason).
    The event names no files: whoever wakes looks again, with the mappings of then. It gives
    ``deadline`` and ``trouble_since`` back, because ``airflow dags test`` loses what a deferral
    wants to remember.

    It has its own deadline because ``airflow dags test`` ignores the one of a deferral.

    In an object store all triggers of a process that look into one zone share one listing.

    :param landing_path: absolute path of the landing zone, or its URI in an object store.
    :param mappings: the mappings as JSON-able dicts (``TableMapping.model_dump(mode="json")``).
    :param deadline: when to give up, seconds since the epoch.
    :param wake_at: when to fire ``due``, seconds since the epoch; ``None``: never.
    :param held: files to leave out for some time, from
        :func:`~airflow_landing_loader.holdback.dump_held`.
    :param start_at: when to look for the first time, seconds since the epoch.
    :param trouble_since: since when whoever waits could not look, seconds since the epoch.
    :param poll_interval: seconds between two looks, more than 0.
    :param gcp_conn_id: Airflow connection for ``gs://`` zones.
    :param gcp_impersonation_chain: service accounts to impersonate, with commas between.
    :param aws_conn_id: Airflow connection for ``s3://`` zones; ``None``: the credentials that
        ``boto3`` finds.
    :param azure_conn_id: Airflow connection for ``az://`` zones; ``None``: as on the command line.
    """

    def __init__(
        self,
        *,
        landing_path: str,
        mappings: Sequence[dict[str, Any]],
        deadline: float,
        wake_at: float | None = None,
        held: Sequence[dict[str, Any]] = (),
        start_at: float = 0.0,
        trouble_since: float | None = None,
        poll_interval: float = 10.0,
        gcp_conn_id: str = "google_cloud_default",
        gcp_impersonation_chain: str | None = None,
        aws_conn_id: str | None = None,
        azure_conn_id: str | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.landing_path = landing_path
        self.mappings = list(mappings)
        self.deadline = deadline
        self.wake_at = wake_at
        self.held = list(held)
        self.start_at = start_at
        self.trouble_since = trouble_since
        self.poll_interval = poll_interval
        self.gcp_conn_id = gcp_conn_id
        self.gcp_impersonation_chain = gcp_impersonation_chain
        self.aws_conn_id = aws_conn_id
        self.azure_conn_id = azure_conn_id

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
                "start_at": self.start_at,
                "trouble_since": self.trouble_since,
                "poll_interval": self.poll_interval,
                "gcp_conn_id": self.gcp_conn_id,
                "gcp_impersonation_chain": self.gcp_impersonation_chain,
                "aws_conn_id": self.aws_conn_id,
                "azure_conn_id": self.azure_conn_id,
            },
        )

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Look, sleep, look again; the listing runs in a thread, as a file system may hang."""
        zone = self._zone()
        mappings = [TableMapping.model_validate(fields) for fields in self.mappings]
        look: Look | None = None
        trouble_since: float | None = None
        pause = self.poll_interval
        await asyncio.sleep(max(0.0, self.start_at - time.time()))
        while True:
            # Half: who polls a little before another one must not list for itself alone.
            max_age, pause = pause / 2, self.poll_interval
            try:
                found = await self._look(zone, mappings, look, max_age)
            except TransientError as error:
                if trouble_since is None:
                    trouble_since = time.time()
                    self.log.warning("%s Looking again every %g s.", error, pause)
                if time.time() - trouble_since >= PATIENCE:
                    yield self._event("error", error.detail)
                    return
            else:
                trouble_since, look = None, found.look
                if self._offers(found):
                    yield self._event("ready")
                    return
                if found.unsettled:
                    pause = min(pause, LOOK_INTERVAL)
            now = time.time()
            if now >= self.deadline and trouble_since is None:
                yield self._event("timeout")
                return
            if self.wake_at is not None and now >= self.wake_at:
                yield self._event("due")
                return
            await asyncio.sleep(pause if now >= self.deadline else min(pause, self.deadline - now))

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
        if not is_object_uri(self.landing_path):
            return LocalZone(self.landing_path)
        chain = self.gcp_impersonation_chain or ""
        clients = ConnectionClients.named(
            self.gcp_conn_id,
            chain,
            aws_conn_id=self.aws_conn_id,
            azure_conn_id=self.azure_conn_id,
        )

        def open_it() -> Zone:
            return open_zone(self.landing_path, OpenedClients.of_zone(self.landing_path, clients))

        who = (self.gcp_conn_id, chain, self.aws_conn_id or "", self.azure_conn_id or "")
        return shared_zone((self.landing_path, *who), open_it)

    def _offers(self, found: Discovery) -> bool:
        return bool(offered(found.ready, load_held(self.held), time.time()))

    def _event(self, status: Status, error: ErrorDetail | None = None) -> TriggerEvent:
        said = {
            "status": status,
            "error": serde.dump(error) if error else None,
            "deadline": self.deadline,
            "trouble_since": self.trouble_since,
        }
        return TriggerEvent(said)  # type: ignore[no-untyped-call]
