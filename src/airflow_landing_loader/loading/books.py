"""What is written down of loads, and what is decided before them: pure, for both warehouses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.archive_layout import archive_path
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.landing.zone import Zone
from airflow_landing_loader.loading.identity import (
    AlreadyLoaded,
    Decision,
    DuplicateOf,
    NewLoad,
    PriorLoad,
    decide,
)
from airflow_landing_loader.loading.model import (
    Duplicate,
    Load,
    Loaded,
    Refused,
    RunContext,
)
from airflow_landing_loader.loading.names import storable
from airflow_landing_loader.loading.notes import notes_of
from airflow_landing_loader.loading.records import Written


@dataclass(frozen=True)
class Planned:
    """A delivery that is to be loaded."""

    validated: Validated
    decision: NewLoad

    @property
    def table(self) -> str:
        """The table that it is loaded into."""
        return self.validated.delivery.mapping.table

    @property
    def replaces(self) -> str | None:
        """The load whose rows this one replaces."""
        restates = self.decision.restates
        if restates is not None and self.validated.delivery.mapping.on_redelivery == "replace":
            return restates.load_id
        return None


@dataclass(frozen=True)
class Earlier:
    """A delivery that an earlier try has loaded."""

    validated: Validated
    load_id: str

    def verdict(self, load: Load) -> Loaded:
        """Say so, given the row of ``load_metadata``, with what was to be said of it then."""
        missing = len(load.missing_columns)
        known = len(self.validated.inspection.columns) - len(load.drift_columns)
        notes = notes_of(self.validated, load, lacks_most=missing > (known + missing) / 2)
        return Loaded(
            delivery=self.validated.delivery,
            load=load,
            notes=("loaded by an earlier try", *notes),
        )


class _Known:
    """Loads that a delivery may be a repetition of, found by name and by content.

    :ivar loads: by load id.
    """

    def __init__(self, loads: Iterable[PriorLoad]) -> None:
        self.loads: dict[str, PriorLoad] = {}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        self._by_content: dict[str, list[str]] = defaultdict(list)
        for load in loads:
            self.add(load)

    def add(self, load: PriorLoad) -> None:
        """Know one load more."""
        self.loads[load.load_id] = load
        self._by_name[load.filename].append(load.load_id)
        self._by_content[load.sha256].append(load.load_id)

    def remove(self, load_id: str) -> None:
        """Know that a load's rows go out of its table."""
        self.loads[load_id] = replace(self.loads[load_id], removed=True)

    def like(self, validated: Validated) -> list[PriorLoad]:
        """Return the loads of the same file name or the same content."""
        of_name = self._by_name[storable(validated.delivery.data.name)]
        of_content = self._by_content[validated.inspection.sha256]
        return [self.loads[load_id] for load_id in dict.fromkeys([*of_name, *of_content])]


def decide_all(
    batch: Sequence[Validated], prior: Sequence[PriorLoad]
) -> list[Planned | Earlier | Duplicate | Refused]:
    """Say of each delivery what is to be done, the earlier ones of the batch counted as loaded."""
    known = _Known(prior)
    decided: list[Planned | Earlier | Duplicate | Refused] = []
    for validated in batch:
        try:
            decision = decide(validated, known.like(validated))
        except LandingError as error:
            decided.append(refused(validated, error))
            continue
        item = _decided(validated, decision)
        if isinstance(item, Planned):
            if item.replaces is not None:
                known.remove(item.replaces)
            # The next of the batch may have the same content.
            known.add(_as_prior(validated, item.decision, len(known.loads)))
        decided.append(item)
    return decided


def refused(validated: Validated, error: LandingError) -> Refused:
    """Return the verdict for an error, which names the file if it did not."""
    delivery = validated.delivery
    detail = replace(error.detail, file=error.detail.file or delivery.data.name)
    return Refused(delivery=delivery, error=detail, sha256=validated.inspection.sha256)


def load_row(
    item: Planned,
    written: Written,
    run: RunContext,
    *,
    archive: Zone,
    started_at: datetime,
    completed_at: datetime,
    sequence: int,
) -> Load:
    """Return the row of ``load_metadata``; times are UTC without zone."""
    validated, decision = item.validated, item.decision
    delivery, inspection = validated.delivery, validated.inspection
    return Load(
        load_id=decision.load_id,
        filename=storable(delivery.data.name),
        table_name=delivery.mapping.table,
        row_count=written.rows,
        started_at=started_at,
        completed_at=completed_at,
        sequence=sequence,
        uri=storable(delivery.data.path),
        size_bytes=inspection.size,
        sha256=inspection.sha256,
        delivery_token=delivery.data.token,
        go_filename=storable(delivery.go.name) if delivery.go else None,
        go_sha256=validated.go.sha256 if validated.go else None,
        record_count=inspection.records,
        expected_count=validated.expected_records,
        rejected_count=len(written.rejects),
        drift_columns=tuple(name for _, name in written.plan.extra),
        missing_columns=tuple(column.name for column in written.plan.missing),
        restates_load_id=decision.restates.load_id if decision.restates else None,
        same_content_load_id=decision.same_content.load_id if decision.same_content else None,
        archive_uri=storable(archive_path(archive, delivery, started_at.replace(tzinfo=UTC))),
        dag_id=run.dag_id,
        run_id=run.run_id,
    )


def column_rows(item: Planned, written: Written) -> list[tuple[str, int, str, str, str]]:
    """Return a load's rows of ``load_columns``."""
    extra = {index for index, _ in written.plan.extra}
    sender_names = item.validated.inspection.columns
    return [
        (
            item.decision.load_id,
            index + 1,
            sender,
            name,
            "extra" if index in extra else "column",
        )
        for index, (sender, name) in enumerate(zip(sender_names, written.names, strict=True))
    ]


def reject_rows(item: Planned, written: Written) -> list[tuple[object, ...]]:
    """Return a load's rows of ``load_rejects``."""
    return [
        (
            item.decision.load_id,
            storable(item.validated.delivery.data.name),
            item.validated.delivery.mapping.table,
            reject.record,
            reject.line,
            reject.code.value,
            reject.column,
            reject.message,
            reject.text,
        )
        for reject in written.rejects
    ]


def _decided(validated: Validated, decision: Decision) -> Planned | Earlier | Duplicate:
    match decision:
        case NewLoad():
            return Planned(validated, decision)
        case AlreadyLoaded(load=prior):
            return Earlier(validated, prior.load_id)
        case DuplicateOf(load=prior):
            return Duplicate(
                delivery=validated.delivery,
                sha256=validated.inspection.sha256,
                of_load_id=prior.load_id,
                notes=(f"equal to {prior.filename}, load {prior.load_id}",),
            )


def _as_prior(validated: Validated, decision: NewLoad, order: int) -> PriorLoad:
    delivery = validated.delivery
    return PriorLoad(
        load_id=decision.load_id,
        filename=storable(delivery.data.name),
        table_name=delivery.mapping.table,
        sha256=validated.inspection.sha256,
        delivery_token=delivery.data.token,
        sequence=2**62 + order,  # later than anything that is committed
    )
