"""One listing of a landing zone for all triggers of a process.

A listing of an object store is a paid request, and every table of a bucket wants one at each poll.
All triggers live in one process and one event loop, so the first one that finds the listing too old
lists the zone, and the others wait for it and take the same.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary

from asgiref.sync import sync_to_async

from airflow_landing_loader.storage.content import FileContent
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Listing, Zone

# By event loop, because `airflow dags test` has a new one for each trigger. Weak: a zone that no
# trigger looks into any more is forgotten.
_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, WeakValueDictionary[Hashable, SharedZone]] = (
    WeakKeyDictionary()
)


class SharedZone:
    """A :class:`~airflow_landing_loader.storage.zone.Zone` whose last listing is kept;
    :meth:`refresh` renews it when it is too old.

    :param open_it: opens the zone itself, ready to be listed without asking Airflow for anything.
    """

    def __init__(self, open_it: Callable[[], Zone]) -> None:
        self._open_it = open_it
        self._opened: Zone | None = None
        self._lock = asyncio.Lock()
        self._listing: Listing[Any] | None = None
        self._listed_at: float | None = None

    @property
    def path(self) -> str:
        return self._zone.path

    @property
    def settles(self) -> bool:
        return self._zone.settles

    @property
    def links(self) -> bool:
        return self._zone.links

    @property
    def _zone(self) -> Zone:
        if self._opened is None:
            raise RuntimeError("refresh() comes first")
        return self._opened

    async def refresh(self, max_age: float) -> None:
        """List the zone, unless that was done within the last ``max_age`` seconds.

        :raises TransientError: ``ZONE_UNAVAILABLE``.
        """
        async with self._lock:
            if self._listed_at is None or time.monotonic() - self._listed_at >= max_age:
                if self._opened is None:
                    # A connection may be asked for only in this way: in a thread of any other kind
                    # the triggerer of Airflow 3.1 mixes up its answers, and dies.
                    self._opened = await sync_to_async(self._open_it)()
                self._listing = await asyncio.to_thread(self._zone.list)
                self._listed_at = time.monotonic()

    def list(self, prefix: str = "") -> Listing[Any]:
        """The last listing."""
        if self._listing is None:
            raise RuntimeError("refresh() comes first")
        return self._listing.only(lambda name: name.startswith(prefix))

    def stat(self, name: str) -> LandedFile | None:
        return self._zone.stat(name)

    def require(self) -> None:
        self._zone.require()

    def is_being_written(self, name: str) -> bool:
        return self._zone.is_being_written(name)

    def source(self, file: LandedFile) -> FileContent:
        return self._zone.source(file)


def shared_zone(key: Hashable, open_it: Callable[[], Zone]) -> SharedZone:
    """The zone that all triggers of this event loop with an equal key share.

    :param key: what tells one zone, and who looks into it, from another.
    :param open_it: opens it, for the first one that lists it.
    """
    zones = _shared.setdefault(asyncio.get_running_loop(), WeakValueDictionary())
    zone = zones.get(key)
    if zone is None:
        zone = zones[key] = SharedZone(open_it)
    return zone
