"""Failed deliveries back into landing, and that written into the books."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from airflow_landing_loader.exceptions import ErrorDetail, TransientError
from airflow_landing_loader.landing.replay.model import Replayed
from airflow_landing_loader.landing.replay.replay import replay
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.storage.opening import Zones


def bring_back(
    names: Sequence[str],
    *,
    zones: Zones,
    ledger: Callable[[], Ledger],
    of_dag: str | None = None,
    tell: Callable[[Sequence[Replayed]], None] = lambda _: None,
) -> tuple[list[Replayed], ErrorDetail | None]:
    """Move deliveries back and write that down.

    :param names: as :func:`~airflow_landing_loader.landing.replay.replay.replay` takes them, and
        ``of_dag``.
    :param ledger: opens the books; the files go back also where that fails.
    :param tell: told what is back, before the books are asked for: a writer may keep them long.
    :return: what is back, and why the books could not be told of it.
    :raises LandingError: one of them cannot go back; the others were not moved either.
    """
    now = datetime.now(UTC).replace(tzinfo=None)
    replayed = replay(zones.failed, zones.landing, names, of_dag=of_dag)
    tell(replayed)
    try:
        ledger().mark_replayed([entry.name for entry in replayed], now)
    except TransientError as error:
        return replayed, error.detail
    return replayed, None
