"""A drift column becomes a column with its history, whatever the warehouse.

The values of all loads that have it in ``_extra`` go into a column of its own, and out of
``_extra``; ``load_columns`` says so of each of these loads, so that each can be proved as before.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.config.mapping.column_types import TEXT
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.columns import promotion
from airflow_landing_loader.loading.columns.drift import Owners, TableColumn, plan_columns
from airflow_landing_loader.loading.columns.names import ROW_NUMBER, columns_of
from airflow_landing_loader.loading.columns.own import lacking_own, load_id_of, load_ids_lost
from airflow_landing_loader.loading.columns.promotion import Found, Prospect, Step, Unfit
from airflow_landing_loader.loading.ledger.queries import Books, Value
from airflow_landing_loader.loading.model import Loaded, Verdict
from airflow_landing_loader.loading.warehouses.promotion_sql import LOADS, PromotionSql, Words

_BOUND = re.compile(r":(\w+)")


class Promoting(ABC):
    """Looks at drift columns of one warehouse, and makes them columns.

    :param books: our own tables there.
    :param words: the warehouse's.
    """

    def __init__(self, books: Books, words: Words) -> None:
        self._books = books
        self._words = words

    @abstractmethod
    def columns_of(self, table: str) -> tuple[TableColumn, ...] | None:
        """The table's columns now, with types in the reader's words; ``None``: it is gone."""

    @abstractmethod
    def steps(self, sql: PromotionSql, *, there: bool, loads: int) -> tuple[Step, ...]:
        """The statements of a promotion, in order."""

    @abstractmethod
    def take(self, steps: Sequence[Step]) -> None:
        """Take the steps; what a dead process has left half done is done by the same steps."""

    def drift_of(self, table: str) -> tuple[str, ...]:
        """The names that some load of the table has in ``_extra``, sorted."""
        rows = self._books.ask(
            "SELECT DISTINCT c.column_name FROM load_metadata m "
            "JOIN load_columns c ON c.load_id = m.load_id "
            "WHERE m.table_name = :table AND c.destination = 'extra'",
            table=table,
        )
        return tuple(sorted(name for (name,) in rows if name is not None))

    def owners_of(self, table: str) -> Owners:
        """Whose the table's columns are."""
        return self._books.owners_of([table]).get(table, {})

    def prospect(self, table: str, name: str, type_: str | None, *, new: bool = False) -> Prospect:
        """Say what the promotion of a name would do.

        :param type_: in the reader's words; ``None``: text, or what a column that is there has.
        :param new: whether a column is made though no load has it in ``_extra``.
        :raises TerminalError: ``PROMOTE_UNKNOWN``, ``PROMOTE_TAKEN``, ``PROMOTE_BAD_VALUE``,
            ``PROMOTE_ALTERED``.
        """
        columns = self.columns_of(table)
        if columns is None:
            rows = self._books.ask("SELECT DISTINCT table_name FROM load_metadata")
            raise promotion.unknown_table(table, [known for (known,) in rows if known])
        name = clean_name(name)
        drift = self.drift_of(table)
        names = tuple(n for n in drift if same(n) == same(name))
        name = name if name in names or not names else names[0]
        place = promotion.place_for(name, columns, self.owners_of(table)) if name else None
        if place is None or not (names or place.there or new):
            raise promotion.unknown_column(table, name, drift)
        sql = PromotionSql(
            words=self._words,
            table=table,
            names=names,
            column=place.column,
            type=place.type_for(type_),
            numbered=any(same(c.name) == ROW_NUMBER for c in columns),
        )
        if names:
            require_own_columns(table, name, columns)
        there = place.there is not None
        loads = self._number(f"SELECT COUNT(*) FROM ({LOADS}) x", sql) if names else 0
        plan = Prospect(
            table=table,
            name=name,
            column=sql.column,
            type=sql.type,
            there=there,
            loads=loads,
            steps=self.steps(sql, there=there, loads=loads),
        )
        return self._held_against_values(plan, sql) if loads else plan

    def samples(self, table: str, name: str, limit: int) -> tuple[str, ...]:
        """Return some of the different values that are in ``_extra`` under a name, in order."""
        name = clean_name(name)
        names = tuple(known for known in self.drift_of(table) if same(known) == same(name))
        if not names or self.columns_of(table) is None:
            return ()
        sql = PromotionSql(
            words=self._words, table=table, names=names, column=name, type=TEXT, numbered=False
        )
        bound = _bound(sql.samples, sql)
        rows = self._books.ask(f"{sql.samples} LIMIT :most", **bound, most=limit)
        return tuple(value for (value,) in rows)

    def promote(self, table: str, name: str, type_: str | None, *, new: bool = False) -> Prospect:
        """Do it; the same call finishes what a dead one has begun.

        :param new: as of :meth:`prospect`; so are the others.
        """
        found = self.prospect(table, name, type_, new=new)
        if not found.is_done:
            self.take(found.steps)
        return found

    def step(self, statement: str, sql: PromotionSql) -> Step:
        """A statement in the warehouse's words, with what it binds."""
        values = _bound(statement, sql)
        return Step(sql=self._books.dialect.said(statement, values), values=values)

    def _held_against_values(self, plan: Prospect, sql: PromotionSql) -> Prospect:
        rows = self._books.ask(sql.found, **_bound(sql.found, sql))
        all_rows, altered, values, filled, numbers, padded, before, behind, *unfit = (
            int(value or 0) for value in rows[0]
        )
        found = Found(
            filled=filled,
            unfit=dict(zip(sql.types, unfit, strict=True)),
            numbers=numbers,
            padded=padded,
            before=before,
            behind=behind,
        )
        if altered:
            raise promotion.extra_altered(plan.table, plan.name, altered)
        if found.unfit[plan.type]:
            load_id, filename, record = self._books.ask(
                sql.first_unfit, **_bound(sql.first_unfit, sql)
            )[0]
            first = Unfit(load_id=load_id, filename=filename, record=record)
            raise first.error(plan.name, plan.type, found.unfit[plan.type])
        padded = found.padded if promotion.is_number(plan.type) else 0
        return replace(plan, rows=all_rows, values=values, padded=padded, proposed=found.proposed)

    def _number(self, question: str, sql: PromotionSql) -> int:
        return int(self._books.ask(question, **_bound(question, sql))[0][0])


def require_own_columns(table: str, name: str, columns: Sequence[TableColumn]) -> None:
    """See that a table's rows can be told apart, and have an ``_extra``.

    :raises TerminalError: ``LOAD_TABLE_UNFIT``, ``PROMOTE_ALTERED``.
    """
    if load_id_of(columns) is None:
        raise load_ids_lost(table)
    if lacking_own(columns, row_number=False):
        raise promotion.extra_lost(table, name)


def _bound(statement: str, sql: PromotionSql) -> dict[str, Value]:
    """What of the values a statement binds."""
    values = sql.values
    return {name: values[name] for name in dict.fromkeys(_BOUND.findall(statement))}


def with_columns(
    promoting: Promoting, batch: Sequence[Validated], load: Callable[[], Iterable[Verdict]]
) -> tuple[Verdict, ...]:
    """Load a batch, and make columns of what the mappings' ``types`` name: before it, so that its
    values go there; and afterwards, where the batch has made its table itself.

    :param load: loads the batch.
    :return: its verdicts, with what is to be said of the columns.
    """
    notes = bring_columns(promoting, batch)
    verdicts = tuple(load())
    drifted = {v.delivery.mapping.table for v in verdicts if _has_left_some(v)}
    later = [item for item in batch if item.delivery.mapping.table in drifted - notes.keys()]
    return _with_notes(verdicts, notes | bring_columns(promoting, later))


def _has_left_some(verdict: Verdict) -> bool:
    """Whether something that ``types`` names went to ``_extra``."""
    if not isinstance(verdict, Loaded):
        return False
    wanted = {same(clean_name(name)) for name in verdict.delivery.mapping.types}
    return any(same(name) in wanted for name in verdict.load.drift_columns)


def bring_columns(promoting: Promoting, batch: Sequence[Validated]) -> dict[str, tuple[str, ...]]:
    """Make columns of what the mappings' ``types`` name: of drift columns with their history, and
    of columns of the files to come that their table lacks.

    :return: what is to be said of it, by table. What cannot become a column stays in ``_extra``,
        and no file is refused for it.
    """
    said: dict[str, list[str]] = {}
    for table, items in _with_types(batch).items():
        try:
            columns = promoting.columns_of(table)
        except LandingError:
            continue  # no file can be loaded into it, which is said of each
        if columns is None:
            continue  # it is made with these types
        types = items[0].delivery.mapping.types
        wanted = {same(clean_name(name)): type_ for name, type_ in types.items()}
        drift = {same(name): name for name in promoting.drift_of(table)}
        coming = _coming(promoting, table, columns, items)
        for key, type_ in wanted.items():
            name = drift.get(key) or coming.get(key)
            if name is not None:
                note = _brought(promoting, table, name, type_)
                said.setdefault(table, []).extend([note] if note else [])
    return {table: tuple(notes) for table, notes in said.items()}


def _with_notes(
    verdicts: Iterable[Verdict], notes: Mapping[str, tuple[str, ...]]
) -> tuple[Verdict, ...]:
    """Verdicts with what is to be said of their tables."""
    return tuple(
        replace(verdict, notes=(*verdict.notes, *more))
        if isinstance(verdict, Loaded) and (more := notes.get(verdict.delivery.mapping.table))
        else verdict
        for verdict in verdicts
    )


def _with_types(batch: Sequence[Validated]) -> dict[str, list[Validated]]:
    found: dict[str, list[Validated]] = {}
    for item in batch:
        if item.delivery.mapping.types:
            found.setdefault(item.delivery.mapping.table, []).append(item)
    return found


def _coming(
    promoting: Promoting, table: str, columns: Sequence[TableColumn], items: Sequence[Validated]
) -> dict[str, str]:
    """The names in the files that would go to ``_extra`` now, of files that fit the table."""
    owners = promoting.owners_of(table)
    coming: dict[str, str] = {}
    for item in items:
        try:
            theirs = columns_of(item.delivery, item.inspection)
            plan = plan_columns(theirs, columns, owners, file=item.delivery.data.name)
        except LandingError:
            continue  # it will be refused, and changes no table
        coming |= {same(name): name for _, name in plan.extra}
    return coming


def _brought(promoting: Promoting, table: str, name: str, type_: str) -> str | None:
    try:
        found = promoting.promote(table, name, type_, new=True)
    except LandingError as error:
        return f"types would make {name!r} a column, but it stays in _extra: {error.detail.message}"
    return None if found.is_done else found.sentence()
