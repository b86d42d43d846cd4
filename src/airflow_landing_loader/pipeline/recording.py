"""What became of each delivery, and where its file lies, written down in the warehouse."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from airflow_landing_loader.exceptions import ErrorCode, LandingError, contained
from airflow_landing_loader.loading.ledger.events import of_refused
from airflow_landing_loader.loading.model import DeliveryRecord, Loaded, RunContext, Verdict
from airflow_landing_loader.loading.planning.identity import delivery_id
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.safe_text import storable

_T = TypeVar("_T")


def recorded(
    warehouse: Ledger,
    records: Sequence[DeliveryRecord],
    names: Sequence[tuple[str, str]],
    run: RunContext | None = None,
) -> dict[str, LandingError]:
    """Write down what became of deliveries, and where loaded files lie.

    :param names: load id and URI.
    :param run: whose events are told; ``None``: what there is to tell has been told.
    :return: why not, by the :func:`key_of` of each of which it cannot be written, as of others it
        can.
    """

    def record(some: Sequence[DeliveryRecord]) -> None:
        warehouse.record_deliveries(some, () if run is None else of_refused(some, run))

    unrecorded = _written_apart(record, records)
    unnamed = _written_apart(warehouse.record_archived, names)
    return {
        **{_key_of_record(record): error for record, error in unrecorded},
        **{load_id: error for (load_id, _), error in unnamed},
    }


def key_of(verdict: Verdict) -> str:
    """What a verdict's row in the books is known by."""
    if isinstance(verdict, Loaded):
        return verdict.load.load_id
    return delivery_id(verdict.delivery, verdict.sha256)


def _key_of_record(record: DeliveryRecord) -> str:
    # That of a duplicate is another delivery's load.
    own = record.load_id if record.outcome == "loaded" else None
    return own or record.delivery_id


def names_of(
    verdicts: Sequence[Verdict], uris: Sequence[str | None], told: Sequence[str | None]
) -> list[tuple[str, str]]:
    """Load id and URI of the loaded files of which the books do not know that they lie there.

    :param uris: for each verdict, where its file lies, or will; ``None``: nothing is to be said.
    :param told: for each verdict, what the books were told since its load, if anything.
    """
    return [
        (verdict.load.load_id, storable(uri))
        for verdict, uri, known in zip(verdicts, uris, told, strict=True)
        if isinstance(verdict, Loaded)
        and uri is not None
        and storable(uri) != (verdict.load.archive_uri if known is None else storable(known))
    ]


def corrected(
    verdicts: Sequence[Verdict], outcomes: Sequence[Outcome], records: Sequence[DeliveryRecord]
) -> list[DeliveryRecord]:
    """The records of files that did not load and could not get the foreseen name."""
    lies = {
        key_of(verdict): storable(outcome.uri)
        for verdict, outcome in zip(verdicts, outcomes, strict=True)
        if outcome.status in ("duplicate", "failed")
    }
    return [
        replace(record, final_uri=lies[record.delivery_id])
        for record in records
        if lies.get(record.delivery_id, record.final_uri) != record.final_uri
    ]


def _written_apart(
    write: Callable[[Sequence[_T]], None], items: Sequence[_T]
) -> list[tuple[_T, LandingError]]:
    """Write items together, and by halves where that fails, until who is at fault stands alone.

    :return: those that cannot be written, each with why.
    """

    def written() -> list[tuple[_T, LandingError]]:
        write(items)
        return []

    def failed(error: LandingError) -> list[tuple[_T, LandingError]]:
        if len(items) == 1 or error.code is ErrorCode.WAREHOUSE_LOCKED:
            return [(item, error) for item in items]  # each half would wait as long
        middle = len(items) // 2
        halves = (items[:middle], items[middle:])
        return [unwritten for half in halves for unwritten in _written_apart(write, half)]

    return contained(written, failed) if items else []
