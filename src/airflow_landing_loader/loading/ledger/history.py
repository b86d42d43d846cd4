"""The books' past, a page at a time: what the page and the API ask."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.loading.history import (
    MOST_REJECTS,
    Cause,
    DeliveryQuery,
    FileColumn,
    LoadDetail,
    LoadQuery,
    Page,
    Reject,
    TableQuality,
    Trait,
)
from airflow_landing_loader.loading.ledger.operations import (
    executions_of,
    recent_actions,
    recent_executions,
)
from airflow_landing_loader.loading.ledger.quality import quality_since
from airflow_landing_loader.loading.ledger.queries import NEWEST_DELIVERIES, Books, Value
from airflow_landing_loader.loading.ledger.records import row_of
from airflow_landing_loader.loading.ledger.tables import (
    LOAD_COLUMNS,
    LOAD_DELIVERIES,
    LOAD_METADATA,
    LOAD_REJECTS,
    OwnTable,
    now,
)
from airflow_landing_loader.loading.model import DeliveryRecord, Load
from airflow_landing_loader.loading.operations import ActionRecord, ExecutionRecord
from airflow_landing_loader.loading.summary import Summary

_Row = TypeVar("_Row")
_Empty = TypeVar("_Empty")

_WITH: dict[Trait, str] = {
    "drift": "ARRAY_LENGTH(drift_columns) > 0",
    "rejected": "rejected_count > 0",
    "quality": "quality_score < 100",
    "removed": "removed_sequence IS NOT NULL",
    "restated": "restates_load_id IS NOT NULL",
}

_HAS: dict[Trait, Callable[[Load], bool]] = {
    "drift": lambda load: bool(load.drift_columns),
    "rejected": lambda load: load.rejected_count > 0,
    "quality": lambda load: load.quality_score is not None and load.quality_score < 100,
    "removed": lambda load: load.removed_sequence is not None,
    "restated": lambda load: load.restates_load_id is not None,
}


class History:
    """The past of one warehouse, for whoever shows it; it waits for no writer.

    :param books: opens our tables to be read, ``None`` where there are none: nobody has loaded yet,
        or the database is another machine's.
    :param remembered: what is known without them.
    """

    def __init__(
        self,
        books: Callable[[], AbstractContextManager[Books | None]],
        remembered: Callable[[], Summary],
    ) -> None:
        self._books = books
        self._remembered = remembered

    def loads(self, query: LoadQuery) -> Page[Load]:
        """The loads that are asked for; while a writer works, of the newest ones."""
        try:
            with self._books() as books:
                if books is not None:
                    return loads(books, query)
        except TransientError as error:
            _require_locked(error)
        return loads_of(self._remembered(), query)

    def deliveries(self, query: DeliveryQuery) -> Page[DeliveryRecord]:
        """The deliveries that are asked for; while a writer works, of the newest ones."""
        try:
            with self._books() as books:
                if books is not None:
                    return deliveries(books, query)
        except TransientError as error:
            _require_locked(error)
        return deliveries_of(self._remembered(), query)

    def delivery(self, delivery_id: str) -> DeliveryRecord | None:
        """What became of one delivery; ``None`` if there is none of this id, or if a writer works
        and it is none of the newest."""
        try:
            with self._books() as books:
                if books is not None:
                    return delivery_of(books, delivery_id)
        except TransientError as error:
            _require_locked(error)
        newest = self._remembered().overview.deliveries
        return next((record for record in newest if record.delivery_id == delivery_id), None)

    def causes(self, query: DeliveryQuery) -> tuple[Cause, ...]:
        """The codes of the deliveries that are asked for, the most frequent first; while a writer
        works, of the newest ones.

        :param query: where its page begins and ends counts for nothing.
        """
        query = replace(query, before=None)
        try:
            with self._books() as books:
                if books is not None:
                    return causes(books, query)
        except TransientError as error:
            _require_locked(error)
        return causes_of(self._remembered(), query)

    def load(self, load_id: str) -> LoadDetail | None:
        """All that the books know of one load; ``None`` if there is none of this id.

        :raises TransientError: ``WAREHOUSE_LOCKED``, a writer works; ``WAREHOUSE_ELSEWHERE``, the
            books are not on this machine.
        """
        with self._books() as books:
            return self._nothing(None) if books is None else load_detail(books, load_id)

    def executions(self, execution_ids: Sequence[str]) -> tuple[ExecutionRecord, ...]:
        """These runs and their layers, in no order.

        :raises TransientError: as :meth:`load`.
        """
        with self._books() as books:
            return self._nothing(()) if books is None else executions_of(books, execution_ids)

    def recent_executions(
        self, tables: Sequence[str], since: datetime, limit: int
    ) -> tuple[ExecutionRecord, ...]:
        """The runs of tables that ended from a time on, newest first, without their layers.

        :raises TransientError: as :meth:`load`.
        """
        with self._books() as books:
            return (
                self._nothing(())
                if books is None
                else recent_executions(books, tables, since, limit)
            )

    def recent_actions(self, tables: Sequence[str], limit: int) -> tuple[ActionRecord, ...]:
        """What people asked of tables, newest first.

        :raises TransientError: as :meth:`load`.
        """
        with self._books() as books:
            return self._nothing(()) if books is None else recent_actions(books, tables, limit)

    def quality(self, since: datetime) -> tuple[TableQuality, ...]:
        """What all loads that were completed from a time on came to, by table.

        :raises TransientError: as :meth:`load`.
        """
        with self._books() as books:
            return self._nothing(()) if books is None else quality_since(books, since)

    def _nothing(self, empty: _Empty) -> _Empty:
        """What books say that are not there yet.

        :raises TransientError: ``WAREHOUSE_ELSEWHERE``, they are there, and not here.
        """
        if self._remembered().is_copy:
            raise TransientError(
                ErrorCode.WAREHOUSE_ELSEWHERE,
                "the database is not on this machine, and the copy in the archive has no more",
                hint="Ask where the database is, or let the API server run there; BigQuery can be "
                "asked from everywhere.",
            )
        return empty


def _require_locked(error: TransientError) -> None:
    if error.code is not ErrorCode.WAREHOUSE_LOCKED:
        raise error


def loads(books: Books, query: LoadQuery) -> Page[Load]:
    """Return the loads that are asked for."""
    where = _Where(query.tables)
    for trait in query.traits:
        where.add(_WITH[trait])
    if query.text:
        where.add(
            "(STRPOS(LOWER(filename), :text) > 0 OR STARTS_WITH(load_id, :text))",
            text=query.text.lower(),
        )
    if query.since is not None:
        where.add("completed_at >= :since", since=query.since)
    if query.until is not None:
        where.add("completed_at < :until", until=query.until)
    if query.run is not None:
        where.add("dag_id = :dag AND run_id = :run", dag=query.run[0], run=query.run[1])
    if query.before is not None:
        where.add("sequence < :before", before=query.before)
    return where.page(books, Load, LOAD_METADATA, "sequence DESC", query.limit)


def deliveries(books: Books, query: DeliveryQuery) -> Page[DeliveryRecord]:
    """Return the deliveries that are asked for."""
    where = _of_deliveries(query)
    return where.page(books, DeliveryRecord, LOAD_DELIVERIES, NEWEST_DELIVERIES, query.limit)


def causes(books: Books, query: DeliveryQuery) -> tuple[Cause, ...]:
    """Return the codes of the deliveries that are asked for, the most frequent first."""
    counted = _of_deliveries(query).counted(
        books, LOAD_DELIVERIES, "code", "COUNT(*), COUNT(DISTINCT table_name)"
    )
    return _most_frequent_first(
        Cause(code=code, deliveries=int(count), tables=int(tables))
        for code, count, tables in counted
    )


def _of_deliveries(query: DeliveryQuery) -> _Where:
    where = _Where(query.tables)
    if query.outcomes:
        where.add("outcome = ANY(:outcomes)", outcomes=list(query.outcomes))
    if query.text:
        where.add(
            "(STRPOS(LOWER(filename), :text) > 0 OR STRPOS(LOWER(message), :text) > 0)",
            text=query.text.lower(),
        )
    if query.code is not None:
        where.add("code = :code", code=query.code)
    if query.before is not None:
        at, delivery_id = query.before
        where.add(
            "(recorded_at < :at OR (recorded_at = :at AND delivery_id < :id))",
            at=at,
            id=delivery_id,
        )
    return where


def delivery_of(books: Books, delivery_id: str) -> DeliveryRecord | None:
    """Return what became of one delivery; ``None`` if there is none of this id."""
    clause = "WHERE delivery_id = :id ORDER BY recorded_at DESC LIMIT 1"
    found = books.records(DeliveryRecord, LOAD_DELIVERIES, clause, id=delivery_id)
    return found[0] if found else None


class _Where:
    """Conditions of a question, with what they have bound.

    :param tables: of which rows are wanted.
    """

    def __init__(self, tables: Sequence[str]) -> None:
        self._conditions = ["table_name = ANY(:tables)"]
        self._values: dict[str, Value] = {"tables": list(tables)}

    def add(self, condition: str, **values: Value) -> None:
        """One more condition, which must hold too."""
        self._conditions.append(condition)
        self._values |= values

    def page(
        self, books: Books, kind: type[_Row], table: OwnTable, order: str, limit: int
    ) -> Page[_Row]:
        """The first rows, and whether there are more."""
        as_of = now()
        clause = f"WHERE {' AND '.join(self._conditions)} ORDER BY {order} LIMIT :most"
        found = books.records(kind, table, clause, **self._values, most=limit + 1)
        return Page(rows=found[:limit], more=len(found) > limit, as_of=as_of)

    def counted(
        self, books: Books, table: OwnTable, by: str, counts: str
    ) -> Sequence[tuple[Any, ...]]:
        """Counts of the rows, by the values of a column."""
        clause = f"WHERE {' AND '.join(self._conditions)} GROUP BY {by}"
        return books.ask(f"SELECT {by}, {counts} FROM {table.name} {clause}", **self._values)


def loads_of(summary: Summary, query: LoadQuery) -> Page[Load]:
    """Return those of the newest loads that are asked for."""
    found = [load for load in summary.overview.loads if _asked_for(load, query)]
    return _newest(found, query.limit, summary)


def deliveries_of(summary: Summary, query: DeliveryQuery) -> Page[DeliveryRecord]:
    """Return those of the newest deliveries that are asked for."""
    found = [record for record in summary.overview.deliveries if _wanted(record, query)]
    return _newest(sorted(found, key=_age, reverse=True), query.limit, summary)


def _newest(found: Sequence[_Row], limit: int, summary: Summary) -> Page[_Row]:
    return Page(
        rows=tuple(found[:limit]),
        more=len(found) > limit,
        as_of=summary.overview.as_of,
        newest_only=True,
        busy_with=summary.overview.busy_with,
    )


def causes_of(summary: Summary, query: DeliveryQuery) -> tuple[Cause, ...]:
    """Return the codes of those of the newest deliveries that are asked for."""
    tables: defaultdict[str | None, list[str]] = defaultdict(list)
    for record in summary.overview.deliveries:
        if _wanted(record, query):
            tables[record.code].append(record.table_name)
    return _most_frequent_first(
        Cause(code=code, deliveries=len(names), tables=len(set(names)))
        for code, names in tables.items()
    )


def _most_frequent_first(found: Iterable[Cause]) -> tuple[Cause, ...]:
    return tuple(sorted(found, key=lambda cause: (-cause.deliveries, cause.code or "")))


def _asked_for(load: Load, query: LoadQuery) -> bool:
    text = query.text.lower()
    return (
        load.table_name in query.tables
        and (text in load.filename.lower() or load.load_id.startswith(text))
        and (query.since is None or load.completed_at >= query.since)
        and (query.until is None or load.completed_at < query.until)
        and (query.before is None or load.sequence < query.before)
        and (query.run is None or (load.dag_id, load.run_id) == query.run)
        and all(_HAS[trait](load) for trait in query.traits)
    )


def _wanted(record: DeliveryRecord, query: DeliveryQuery) -> bool:
    text = query.text.lower()
    return (
        record.table_name in query.tables
        and (not query.outcomes or record.outcome in query.outcomes)
        and (text in record.filename.lower() or text in (record.message or "").lower())
        and (query.code is None or record.code == query.code)
        and (query.before is None or _age(record) < query.before)
    )


def _age(record: DeliveryRecord) -> tuple[datetime, str]:
    """As ``NEWEST_DELIVERIES`` has it."""
    return record.recorded_at, record.delivery_id


def load_detail(books: Books, load_id: str) -> LoadDetail | None:
    """Return all that the books know of one load; ``None`` if there is none of this id."""
    load = books.loads_by_id([load_id]).get(load_id)
    if load is None:
        return None
    own = books.records(
        DeliveryRecord,
        LOAD_DELIVERIES,
        "WHERE load_id = :id AND outcome IN ('loaded', 'superseded', 'unloaded') "
        "ORDER BY recorded_at DESC LIMIT 1",
        id=load_id,
    )
    return LoadDetail(
        load=load,
        delivery=own[0] if own else None,
        columns=columns_of_file(books, load_id),
        totals=books.totals_of_load(load_id),
        quality=books.quality_of_load(load_id),
        rejects=_rejects(books, load_id),
    )


def columns_of_file(books: Books, load_id: str) -> tuple[FileColumn, ...]:
    """Return the columns of a load's file, in file order."""
    rows = books.ask(
        "SELECT position, sender_name, column_name, destination FROM load_columns "
        "WHERE load_id = :id ORDER BY position",
        id=load_id,
    )
    return tuple(
        row_of(
            FileColumn,
            LOAD_COLUMNS,
            {"position": at, "sender_name": sender, "column_name": name, "extra": to == "extra"},
        )
        for at, sender, name, to in rows
    )


def _rejects(books: Books, load_id: str) -> tuple[Reject, ...]:
    rows = books.ask(
        "SELECT record, line, code, column_name, message, text FROM load_rejects "
        "WHERE load_id = :id ORDER BY record LIMIT :most",
        id=load_id,
        most=MOST_REJECTS,
    )
    names = ("record", "line", "code", "column_name", "message", "text")
    return tuple(row_of(Reject, LOAD_REJECTS, dict(zip(names, r, strict=True))) for r in rows)
