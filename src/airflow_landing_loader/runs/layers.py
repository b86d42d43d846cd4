"""What the books keep of a run: the run itself, and each layer that it has worked on."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from airflow_landing_loader.codec import from_json, to_json
from airflow_landing_loader.dbt.results import DbtLayer, DbtNodeRun, DbtTaskRun, Place
from airflow_landing_loader.loading.ledger.events import Event
from airflow_landing_loader.loading.operations import (
    BronzeResult,
    DbtLayerResult,
    ExecutionRecord,
    ExecutionStatus,
)
from airflow_landing_loader.runs.executions import RunKey, id_of
from airflow_landing_loader.runs.report import RunReport, causes, causes_of_files, summary

_LAYERS: tuple[DbtLayer, ...] = ("silver", "gold")
_MAX_CONFIG = 10_000
_NAMED = 20
_MAX_MODELS = 100


@dataclass(frozen=True, kw_only=True)
class Span:
    """When something worked; aware times, ``None``: not known."""

    began: datetime | None = None
    ended: datetime | None = None

    @classmethod
    def of(cls, began: Iterable[float], ended: Iterable[float]) -> Span:
        """From the first begin to the last end, both in seconds since the epoch."""
        first, last = min(began, default=None), max(ended, default=None)
        return cls(
            began=None if first is None else datetime.fromtimestamp(first, UTC),
            ended=None if last is None else datetime.fromtimestamp(last, UTC),
        )


@dataclass(frozen=True, kw_only=True)
class DagRun:
    """A run of Airflow that ends now.

    :param table: raw table that it is for; ``None``: it is dbt's own, for many.
    :param conf: what it was triggered with.
    :param began: when it began, the wait for files included.
    """

    key: RunKey
    table: str | None
    conf: Mapping[str, Any]
    began: datetime | None


@dataclass(frozen=True, kw_only=True)
class DbtWork:
    """What dbt did in a run.

    :param tasks: its tasks that have begun.
    :param rows: how many rows those of :meth:`tables` have that the warehouse counts.
    """

    tasks: tuple[DbtTaskRun, ...] = ()
    rows: Mapping[Place, int] = field(default_factory=dict)

    def tables(self) -> frozenset[Place]:
        """What rows are to be counted of: what was built, and what it was made from."""
        nodes = [node for task in self.tasks for node in task.nodes if node.table is not None]
        places = (place for node in nodes for place in (node.table, node.made_from))
        return frozenset(place for place in places if place is not None)


def records_of_run(
    run: DagRun,
    report: RunReport,
    lanes: Span,
    dbt: DbtWork,
    *,
    fail_on_files: bool,
    at: datetime,
) -> tuple[ExecutionRecord, ...]:
    """The rows of a table's run; none if nothing happened in it, and nothing failed it.

    :param lanes: when its lanes worked.
    :param fail_on_files: as :func:`~airflow_landing_loader.runs.report.failures`.
    :param at: when the run ends, aware.
    """
    errors = causes(report, fail_on_files=fail_on_files)
    if report.nothing_happened and not errors:
        return ()
    layers = _layers_of_dbt(run, dbt, at)
    if report.outcomes:
        layers = (_bronze(run, report, lanes, fail_on_files=fail_on_files, at=at), *layers)
    whole = _whole(run, layers, errors, at)
    bronze = next((record for record in layers if record.layer == "bronze"), None)
    if bronze is not None:
        whole = replace(
            whole,
            records_processed=bronze.records_processed,
            records_failed=bronze.records_failed,
            size_bytes=bronze.size_bytes,
        )
    return replace(whole, result=json.dumps(summary(report))), *layers


def records_of_dbt_run(
    run: DagRun, dbt: DbtWork, error: str | None, at: datetime
) -> tuple[ExecutionRecord, ...]:
    """The rows of a run of dbt's own DAG.

    :param error: why it failed, if it did.
    :param at: when the run ends, aware.
    """
    layers = _layers_of_dbt(run, dbt, at)
    return _whole(run, layers, [error] if error else [], at), *layers


def layers_completed(records: Iterable[ExecutionRecord], tables: Iterable[str]) -> Iterator[Event]:
    """What the layers of dbt tell that are complete, one event for each table that they are for.

    :param records: of a run; that bronze is complete, each load has told itself.
    :param tables: raw tables whose newest loads dbt has covered.
    """
    done = [r for r in records if r.layer in _LAYERS and r.status == "completed"]
    for record in done:
        result = from_json(DbtLayerResult, (record.result or "").encode()) or DbtLayerResult()
        for table in tables:
            yield Event(
                type="layer.completed",
                key=(record.dag_id, record.run_id, record.layer, table),
                at=record.completed_at,
                table=table,
                data={
                    "layer": record.layer,
                    "models": list(result.models[:_MAX_MODELS]),
                    "rows": record.records_processed,
                    "left_out": record.records_failed,
                    "duration_ms": record.duration_ms,
                },
            )


def _whole(
    run: DagRun, layers: Sequence[ExecutionRecord], errors: Sequence[str], at: datetime
) -> ExecutionRecord:
    begins = [layer.started_at for layer in layers if layer.started_at is not None]
    began = min(begins).replace(tzinfo=UTC) if begins else run.began
    record = _record(run, "failed" if errors else "completed", Span(began=began, ended=at), at)
    config = json.dumps(run.conf, default=str) if run.conf else None
    return replace(
        record,
        config=config if config is not None and len(config) <= _MAX_CONFIG else None,
        error="\n".join(errors) or None,
    )


def _bronze(
    run: DagRun, report: RunReport, lanes: Span, *, fail_on_files: bool, at: datetime
) -> ExecutionRecord:
    count = Counter(outcome.status for outcome in report.outcomes)
    loaded = [outcome for outcome in report.outcomes if outcome.status == "loaded"]
    errors = [*causes_of_files(report, fail_on_files=fail_on_files), *report.broken_tasks]
    result = BronzeResult(
        loaded=count["loaded"],
        duplicate=count["duplicate"],
        failed=count["failed"],
        left=count["left"],
        waiting=report.waiting,
    )
    return replace(
        _record(run, "failed" if errors else "completed", lanes, at),
        layer="bronze",
        result=to_json(result).decode(),
        error="\n".join(errors) or None,
        records_processed=sum(outcome.rows for outcome in loaded),
        records_failed=sum(outcome.rejected for outcome in loaded),
        size_bytes=sum(outcome.size_bytes for outcome in loaded),
    )


def _layers_of_dbt(run: DagRun, dbt: DbtWork, at: datetime) -> tuple[ExecutionRecord, ...]:
    found = ((layer, _dbt_layer(run, layer, dbt, at)) for layer in _LAYERS)
    return tuple(replace(record, layer=layer) for layer, record in found if record is not None)


def _dbt_layer(run: DagRun, layer: DbtLayer, dbt: DbtWork, at: datetime) -> ExecutionRecord | None:
    """The row of a layer; ``None`` if dbt did nothing there."""
    tasks = [task for task in dbt.tasks if task.layer == layer]
    if not tasks:
        return None
    nodes = [node for task in tasks for node in task.nodes]
    silent = [task.name for task in tasks if task.ended is None or not task.nodes]
    failed = [*(node.name for node in nodes if node.status == "failed"), *silent]
    good = [node for node in nodes if node.status in ("ok", "warned")]
    result = DbtLayerResult(
        models=tuple(node.name for node in good if node.kind not in ("test", "unit_test")),
        failed=tuple(failed),
        warned=tuple(node.name for node in nodes if node.status == "warned"),
    )
    ends = [task.ended for task in tasks if task.ended is not None]
    span = Span(began=min(task.began for task in tasks), ended=max(ends, default=None))
    return replace(
        _record(run, "failed" if failed else "completed", span, at),
        result=to_json(result).decode(),
        error=_failed_text(failed),
        records_processed=_known(
            dbt.rows.get(node.table) for node in good if node.table is not None
        ),
        records_failed=_known(
            _left_out(node, dbt.rows) for node in good if node.made_from is not None
        ),
    )


def _record(run: DagRun, status: ExecutionStatus, span: Span, at: datetime) -> ExecutionRecord:
    known = span.began is not None and span.ended is not None
    return ExecutionRecord(
        execution_id=id_of(run.key),
        dag_id=run.key.dag_id,
        run_id=run.key.run_id,
        table_name=run.table,
        layer="run",
        status=status,
        duration_ms=_milliseconds(span) if known else None,
        started_at=None if span.began is None else _stored(span.began),
        completed_at=_stored(span.ended or at),
    )


def _milliseconds(span: Span) -> int:
    """Clocks of machines differ, so that something may seem to end before it began."""
    assert span.began is not None
    assert span.ended is not None
    return max(0, round((span.ended - span.began).total_seconds() * 1000))


def _stored(at: datetime) -> datetime:
    """A time as the books hold it: UTC without zone."""
    return at.astimezone(UTC).replace(tzinfo=None)


def _left_out(node: DbtNodeRun, rows: Mapping[Place, int]) -> int | None:
    """Rows that a model leaves out of those it is made from, where both are counted."""
    if node.table is None or node.made_from is None:
        return None
    own, theirs = rows.get(node.table), rows.get(node.made_from)
    return None if own is None or theirs is None else max(0, theirs - own)


def _known(counts: Iterable[int | None]) -> int | None:
    """The sum of those that are known; ``None`` if none is."""
    known = [count for count in counts if count is not None]
    return sum(known) if known else None


def _failed_text(failed: Sequence[str]) -> str | None:
    if not failed:
        return None
    more = f" and {len(failed) - _NAMED} more" if len(failed) > _NAMED else ""
    return f"dbt failed in {', '.join(failed[:_NAMED])}{more}"
