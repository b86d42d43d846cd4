"""Rows of our own tables, made of what was loaded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from airflow_landing_loader.config.mapping.sequence import HIGHEST
from airflow_landing_loader.landing.control.totals import proved_totals
from airflow_landing_loader.landing.moves.archive_layout import archive_path
from airflow_landing_loader.loading.model import (
    Load,
    RunContext,
)
from airflow_landing_loader.loading.planning.identity import key_of
from airflow_landing_loader.loading.planning.steps import Planned
from airflow_landing_loader.loading.reading.quality import QualityLine
from airflow_landing_loader.loading.reading.records import Written
from airflow_landing_loader.safe_text import storable
from airflow_landing_loader.storage.zone import Zone


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
    turn = delivery.turn
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
        identity_key=key_of(delivery),
        sequence_number=turn.number if turn and turn.number < HIGHEST else None,
        sequence_key=storable(turn.key) if turn else None,
        quality_score=None if written.quality is None else written.quality.score,
    )


@dataclass(frozen=True, slots=True)
class ColumnRows:
    """Rows of ``load_columns`` that loads have alike, as most files of a table have.

    :param load_ids: whose rows they are.
    :param rows: without the load id.
    """

    load_ids: list[str]
    rows: list[tuple[object, ...]]


def column_rows(written: Iterable[tuple[str, Written]]) -> list[ColumnRows]:
    """Return the rows of ``load_columns`` of loads, by their ids."""
    found: list[ColumnRows] = []
    last: Written | None = None
    for load_id, each in written:
        if last is None or last.plan is not each.plan or last.columns != each.columns:
            found.append(ColumnRows([], _column_rows(each)))
            last = each
        found[-1].load_ids.append(load_id)
    return found


def _column_rows(written: Written) -> list[tuple[object, ...]]:
    plan = written.plan
    places = {index: (column.name, "column") for index, column in plan.known}
    places |= {index: (name, "extra") for index, name in plan.extra}
    return [
        (index + 1, column.sender, *places[index], plan.owned.get(index))
        for index, column in enumerate(written.columns)
    ]


def total_rows(item: Planned) -> list[tuple[object, ...]]:
    """Return a load's rows of ``load_totals``."""
    validated = item.validated
    delivery = validated.delivery
    return [
        (
            item.load_id,
            storable(delivery.data.name),
            delivery.mapping.table,
            storable(total.column),
            total.kind,
            total.promised,
            total.computed,
            total.promised_by,
            total.width,
        )
        for total in proved_totals(validated.inspection, validated.go)
    ]


def reject_rows(item: Planned, written: Written) -> list[tuple[object, ...]]:
    """Return a load's rows of ``load_rejects``."""
    return [
        (
            item.load_id,
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


def quality_lines(written: Written) -> tuple[QualityLine, ...]:
    """Return what was counted of a load's records; none where its mapping has no rules."""
    return () if written.quality is None else tuple(written.quality.lines)


def quality_rows(item: Planned, written: Written) -> list[tuple[object, ...]]:
    """Return a load's rows of ``load_quality``; none where its mapping has no rules."""
    quality = written.quality
    if quality is None:
        return []
    delivery = item.validated.delivery
    return [
        (
            item.load_id,
            storable(delivery.data.name),
            delivery.mapping.table,
            line.rule,
            line.column,
            line.failed,
            quality.records,
            quality.share_without(line.failed),
        )
        for line in quality.lines
    ]
