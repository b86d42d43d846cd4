"""Failed deliveries back into landing, and that written into the books.

    files in landing, sidecars say so  ->  books  ->  sidecars out of failed

The sidecars go last, so that the same call finishes what a dead one has begun, or what the books
could not be told of.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from airflow_landing_loader.exceptions import TransientError
from airflow_landing_loader.landing.replay import replay
from airflow_landing_loader.landing.replay.model import Replayed
from airflow_landing_loader.loading.planning.identity import refused_id
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.storage.opening import Zones

UNBOOKED = "load_deliveries has no open failure of it, and does not say so"
"""What is said of a file that was replayed or discarded, where that is so."""


@dataclass(frozen=True, kw_only=True)
class BroughtBack:
    """Deliveries that are in landing again.

    :param unbooked: names in the failed zone of those of which the books have no open failure, so
        that they do not say so.
    :param untold: why the books could not be told of any; the same call tells them.
    """

    replayed: Sequence[Replayed]
    unbooked: frozenset[str] = frozenset()
    untold: TransientError | None = None


def bring_back(
    names: Sequence[str],
    *,
    zones: Zones,
    ledger: Callable[[], Ledger],
    of_dag: str | None = None,
    tell: Callable[[Sequence[Replayed]], None] = lambda _: None,
) -> BroughtBack:
    """Move deliveries back and write that down, or finish an earlier call's work.

    :param names: as :func:`~airflow_landing_loader.landing.replay.replay.bring_back` takes them,
        and ``of_dag``.
    :param ledger: opens the books; the files go back also where that fails.
    :param tell: told what is back, before the books are asked for: a writer may keep them long.
    :raises LandingError: one of them cannot go back; the others were not moved either.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    returned = replay.bring_back(zones.failed, zones.landing, names, of_dag=of_dag)
    tell(returned.replayed)
    ids = [refused_id(sidecar) for sidecar in returned.sidecars]
    try:
        booked = ledger().mark_replayed(ids, now)
    except TransientError as error:
        return BroughtBack(replayed=returned.replayed, untold=error)
    returned.forget()
    pairs = zip(returned.replayed, ids, strict=True)
    unbooked = frozenset(entry.stored for entry, own_id in pairs if own_id not in booked)
    return BroughtBack(replayed=returned.replayed, unbooked=unbooked)
