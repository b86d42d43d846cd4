"""Files of a table that no run takes: told once, and again only when something changes."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from airflow_landing_loader.codec import sendable
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.discovery.discover import discover
from airflow_landing_loader.landing.discovery.model import Discovery
from airflow_landing_loader.landing.discovery.notices import NoticeKind, notices_of

if TYPE_CHECKING:
    from airflow_landing_loader.pipeline.pipeline import Pipeline

MAX_NOTICES = 200
MAX_NEW_NOTICES = 1000  # of one run, the newest; at every look there may be other strange names

_WAITS = (
    NoticeKind.WAITING,
    NoticeKind.MEMBER,
    NoticeKind.UNLISTED,
    NoticeKind.WRITTEN,
    NoticeKind.GAP,
)


@dataclass(frozen=True, kw_only=True)
class TableNotices:
    """What a look says of a table's files that are left alone, a sentence each, ready to be sent.

    :param current: all that is true now, bounded; what the next look compares with.
    :param new: those that were not known.
    :param waits: those of ``new`` that pass by themselves in the ordinary run of things: a file
        that waits for its go file or for what else that names, or is still being written.
    """

    current: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    waits: tuple[str, ...] = ()


def new_notices(
    pipeline: Pipeline, neighbours: Sequence[TableMapping], known: Collection[str]
) -> TableNotices:
    """Look into the landing zone for what no run of this table takes.

    :param neighbours: the mappings of all tables: others' files are left to them.
    :param known: ``current`` of the look before, of this run or an earlier one.
    :raises TransientError: the landing zone cannot be read.
    """
    own = pipeline.mappings
    everybody = [*own, *(mapping for mapping in neighbours if mapping not in own)]
    found = discover(pipeline.zones.landing, everybody, now=time.time())
    notices = notices_of(_concerning(found, own))
    told = [(sendable(f"{n.message} {n.hint}"), n.kind) for n in notices[:MAX_NOTICES]]
    current = [text for text, _ in told]
    if len(notices) > MAX_NOTICES:
        current.append(f"{len(notices) - MAX_NOTICES} more files are not taken.")
    return TableNotices(
        current=tuple(current),
        new=tuple(text for text in current if text not in known),
        waits=tuple(text for text, kind in told if kind in _WAITS and text not in known),
    )


def all_new_notices(said: Sequence[str], new: Sequence[str]) -> list[str]:
    """What a run has to tell so far; of many, the newest.

    :param said: what it had to tell before.
    :param new: what the last look has added.
    """
    return [*said, *new][-MAX_NEW_NOTICES:]


def _concerning(found: Discovery, own: Sequence[TableMapping]) -> Discovery:
    """What concerns one table."""
    ids = {id(mapping) for mapping in own}  # comparing them would cost more than the whole look
    return replace(
        found,
        unmatched=(),
        waiting=tuple(w for w in found.waiting if id(w.mapping) in ids),
        orphans=tuple(o for o in found.orphans if id(o.mapping) in ids),
        refused=tuple(r for r in found.refused if any(id(u.mapping) in ids for u in r.uses)),
    )
