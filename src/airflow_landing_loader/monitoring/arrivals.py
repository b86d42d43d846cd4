"""What lies in landing, and why it does not load now."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from airflow_landing_loader.config.mapping.mapping_set import MappingSet
from airflow_landing_loader.exceptions import LandingError, shown
from airflow_landing_loader.landing.discovery.discover import discover
from airflow_landing_loader.landing.discovery.model import Discovery, Look, Waiting
from airflow_landing_loader.landing.discovery.rest import LOOK_INTERVAL
from airflow_landing_loader.landing.model import Delivery, names_of
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.pipeline.sequencing import in_sequence
from airflow_landing_loader.storage.zone import Zone

State = Literal["ready", "unsettled", "waiting", "orphan", "unmatched", "refused"]


@dataclass(frozen=True, kw_only=True)
class LandedEntry:
    """One file in the landing zone.

    :param state: ``ready`` to load; ``unsettled``, changed a moment ago; ``waiting`` for its go
        file, or for a number of its sequence; ``orphan``, a go file without data file;
        ``unmatched`` by any pattern; ``refused``.
    :param partner: the go file of a data file, the data file of a go file.
    :param why: why it does not load now.
    """

    name: str
    state: State
    table: str | None = None
    size: int | None = None
    partner: str | None = None
    why: str = ""


def landed_files(
    zone: Zone, found: MappingSet, books: Callable[[], Ledger]
) -> tuple[LandedEntry, ...]:
    """All files in the landing zone that are not hidden, by name.

    One look can only go by modification times: the last moments count as if we had watched.

    :param books: opens the books, which know what number of a sequence comes next.
    """
    now = time.time()
    look = discover(zone, found.mappings, now=now).look
    watched = tuple(replace(seen, since=seen.since - LOOK_INTERVAL) for seen in look.seen)
    listed = discover(zone, found.mappings, now=now, previous=Look(seen=watched))
    with suppress(LandingError):  # what files lie there is told without the books, too
        listed = in_sequence(listed, books())
    return _entries(listed, lambda name: _size(zone, name))


def _entries(found: Discovery, size: Callable[[str], int | None]) -> tuple[LandedEntry, ...]:
    entries = [_delivery(d, "ready") for d in found.ready]
    entries += [
        _delivery(one.delivery, "waiting", f"waits for number {one.missing:,} of its sequence")
        for one in found.held
    ]
    entries += [_delivery(d, "unsettled", _unsettled(d, found)) for d in found.unsettled]
    entries += [
        LandedEntry(
            name=w.name,
            state="waiting",
            table=w.mapping.table,
            size=size(w.name),
            partner=w.go_name,
            why=_waits_for(w),
        )
        for w in found.waiting
    ]
    entries += [
        LandedEntry(
            name=o.name,
            state="orphan",
            table=o.mapping.table,
            size=size(o.name),
            partner=o.data_name,
            why="its data file is not there",
        )
        for o in found.orphans
    ]
    entries += [
        LandedEntry(name=name, state="unmatched", size=size(name), why="no pattern matches it")
        for name in found.unmatched
    ]
    entries += [
        LandedEntry(name=r.name, state="refused", why=r.error.message) for r in found.refused
    ]
    return tuple(sorted(entries, key=lambda entry: entry.name))


def _waits_for(waiting: Waiting) -> str:
    if waiting.lacks is None:
        return "its go file is not there yet"
    if waiting.lacks:
        return f"its go file names {shown(waiting.lacks)}, which is not there yet"
    return "no go file that is right names it yet"


def _size(zone: Zone, name: str) -> int | None:
    """The size of a file that is not going to be taken; ``None`` if it cannot be told."""
    try:
        file = zone.stat(name)
    except LandingError:
        return None
    return None if file is None else file.size


def _unsettled(delivery: Delivery, found: Discovery) -> str:
    held = names_of(delivery) & set(found.being_written)
    return "somebody has it open for writing" if held else "changed a moment ago"


def _delivery(delivery: Delivery, state: State, why: str = "") -> LandedEntry:
    return LandedEntry(
        name=delivery.data.name,
        state=state,
        table=delivery.mapping.table,
        size=delivery.data.size,
        partner=delivery.go.name if delivery.go else None,
        why=why,
    )
