"""What lies in landing, table by table: the same that `list --landed` tells, in numbers."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from airflow_landing_loader.config.mapping.mapping_set import MappingSet
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.monitoring.arrivals import LandedEntry, State, landed_files
from airflow_landing_loader.storage.zone import Zone

MOST_NAMED = 200


@dataclass(frozen=True, kw_only=True)
class Landed:
    """What lies in landing for one table.

    :param counts: files by state.
    :param entries: the first :data:`MOST_NAMED` of them, by name.
    """

    counts: Mapping[State, int] = field(default_factory=dict)
    entries: tuple[LandedEntry, ...] = ()

    def count(self, *states: State) -> int:
        """How many are in any of these states."""
        return sum(self.counts.get(state, 0) for state in states)


NOTHING = Landed()


@dataclass(frozen=True, kw_only=True)
class LandingPicture:
    """What lies in landing.

    :param as_of: UTC without zone.
    :param tables: what lies there for each table.
    :param others: what belongs to no table: unmatched, and refused where nobody's pattern or two
        of them match.
    :param trouble: why the zone cannot be read; ``None``: it was.
    """

    as_of: datetime
    tables: Mapping[str, Landed] = field(default_factory=dict)
    others: Landed = NOTHING
    trouble: str | None = None

    def of(self, table: str) -> Landed:
        """What lies there for a table."""
        return self.tables.get(table, NOTHING)


def look_into_landing(zone: Zone, found: MappingSet, books: Callable[[], Ledger]) -> LandingPicture:
    """Look once; a zone that cannot be read is told, and no error.

    :param books: as for :func:`~airflow_landing_loader.monitoring.arrivals.landed_files`.
    """
    try:
        entries = landed_files(zone, found, books)
    except LandingError as error:
        return LandingPicture(as_of=now(), trouble=error.detail.text())
    by_table: dict[str | None, list[LandedEntry]] = defaultdict(list)
    for entry in entries:
        by_table[entry.table].append(entry)
    others = _landed(by_table.pop(None, []))
    tables = {table: _landed(own) for table, own in by_table.items() if table is not None}
    return LandingPicture(as_of=now(), tables=tables, others=others)


def _landed(entries: Iterable[LandedEntry]) -> Landed:
    listed = tuple(entries)
    return Landed(counts=Counter(entry.state for entry in listed), entries=listed[:MOST_NAMED])
