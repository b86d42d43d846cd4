"""How many records break a mapping's rules, counted by the one reader.

All warehouses ask here, over the texts that the reader gives, so that a file has the same figures
in each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.config.mapping.quality import Quality
from airflow_landing_loader.loading.columns.drift import ColumnPlan, TableColumn
from airflow_landing_loader.loading.columns.literals import TEXT_TYPES, literal_form
from airflow_landing_loader.loading.columns.names import FileColumn
from airflow_landing_loader.loading.columns.typed import TypedColumn
from airflow_landing_loader.loading.reading.quality import (
    ALL,
    REJECTED,
    REQUIRED,
    TYPES,
    UNIQUE,
    LoadQuality,
    QualityLine,
    places_of,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection as Connection

_MOST_PARTS = 256
# Types of which a text has the form if the engine writes its value so; of dates those with four
# digits for the year, and neither before Christ nor infinite.
_AS_WRITTEN = {"BIGINT": "", "DATE": " AND length(c{}) = 10"}
_DOUBLED = "landing_doubled"
_MOST_HASHES = 8_000_000
"""That are looked at together, in 64 MB."""
Counts = Mapping[str, tuple[int, ...]]
"""By load: how many rows break each of the rules, and then any of them."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One load of those whose rows are counted together.

    :param load: its value in the column ``load``.
    :param records: of its file.
    :param rejected: of those, that were set aside.
    """

    load: str
    records: int
    rejected: int


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Rows to be counted.

    :param sql: of rows with ``load`` and the columns as ``c0``, ``c1``, ...
    :param values: what is bound in it.
    :param spills: whether the engine may use the disk, where keys need more memory than it has.
    """

    sql: str
    values: Sequence[object] = ()
    spills: bool


@dataclass(frozen=True)
class _Rule:
    """One rule over the rows of the reader.

    :param broken: SQL that is true of a row that breaks it.
    :param key: SQL of what rows are compared by, NULL where they are not; then no row breaks it
        alone.
    """

    name: str
    column: str
    broken: str = "false"
    key: str | None = None


class QualityRules:
    """A mapping's rules over the columns of files with one header.

    :param columns: the files'.
    :param plan: where they go.
    """

    def __init__(self, quality: Quality, columns: Sequence[FileColumn], plan: ColumnPlan) -> None:
        self._places = _places(quality, columns, plan)
        self._plan = plan
        self.rules = (
            *(_Rule(REQUIRED, name, self._lacks_value(name)) for name in quality.required),
            *(_Rule(TYPES, name, self._unfit(name, t)) for name, t in quality.types.items()),
            *(_Rule(UNIQUE, ", ".join(key), key=self._key(key)) for key in quality.unique),
        )

    @property
    def unknown(self) -> tuple[str, ...]:
        """Columns that the rules name and neither the files nor the table have."""
        missing = {same(column.name) for column in self._plan.missing}
        return tuple(
            name
            for name, index in self._places.items()
            if index is None and same(clean_name(name)) not in missing
        )

    def columns_in_table(self) -> dict[int, str] | None:
        """The table's columns that hold what the rules are about as the reader gave it, by their
        places in the file; ``None``: some hold it otherwise."""
        texts = {index: column.name for index, column in self._plan.known if _is_text(column)}
        needed = {index for index in self._places.values() if index is not None}
        return {i: texts[i] for i in sorted(needed)} if needed <= texts.keys() else None

    def _lacks_value(self, name: str) -> str:
        index = self._places[name]
        if index is None:
            return "true"
        value = f"c{index}"
        # Most values begin with what no blank is.
        return rf"({value} IS NULL OR ({value} < '!' AND regexp_full_match({value}, '\s*')))"

    def _unfit(self, name: str, type_: str) -> str:
        index, form = self._places[name], literal_form(type_)
        if index is None or form is None:
            return "false"
        unfit = f"NOT {TypedColumn(index, TableColumn(name, type_), type_, form).is_good()}"
        # Far cheaper than an expression, and true of nearly all.
        written = f"CAST(TRY_CAST(c{index} AS {type_}) AS VARCHAR)"
        if type_ in _AS_WRITTEN:
            fit = f"{written} = c{index}{_AS_WRITTEN[type_].format(index)}"
        elif type_.startswith("DECIMAL("):
            # The engine writes all decimals that the type has: a text may leave noughts out.
            fit = f"starts_with({written}, c{index})"
        else:
            return unfit
        return f"CASE WHEN {fit} THEN false ELSE {unfit} END"

    def _key(self, names: Sequence[str]) -> str:
        places = [self._places[name] for name in names]
        if None in places:
            return "CAST(NULL AS VARCHAR)"
        if len(places) == 1:
            return f"c{places[0]}"
        # NULL where one is; lengths tell where each ends.
        return " || ".join(f"(length(c{i}) || ':' || c{i})" for i in places)


def count_quality(
    con: Connection, rules: QualityRules, rows: Rows, loads: Sequence[Measured]
) -> list[LoadQuality]:
    """Count the rows of loads through a connection of the reader, in the order of ``loads``."""
    one = loads[0] if len(loads) == 1 else None
    counts = _Counting(con, rules.rules, rows, one).counts()
    return [_quality(rules, load, counts.get(load.load)) for load in loads]


class _Counting:
    """
    :param one: the load that all rows are of; ``None``: they are of several.
    """

    def __init__(
        self, con: Connection, rules: Sequence[_Rule], rows: Rows, one: Measured | None
    ) -> None:
        self._con = con
        self._one = one
        self._rules = rules
        self._keys = [i for i, rule in enumerate(rules) if rule.key is not None]
        self._rows = rows
        flags = [f"{rule.broken} AS b{i}" for i, rule in enumerate(rules)]
        keys = [f"{rules[i].key} AS k{i}" for i in self._keys]
        self._flagged = f"(SELECT {', '.join(['load', *flags, *keys])} FROM {rows.sql})"

    def counts(self) -> Counts:
        import duckdb

        parts = 1
        while True:
            try:
                return self._counts(parts)
            except duckdb.OutOfMemoryException:
                # A transaction ends with it: whoever began that has more memory to give.
                if self._rows.spills or parts >= _MOST_PARTS or not self._keys:
                    raise
                parts *= 4

    def _counts(self, parts: int) -> Counts:
        """Count, the keys in so many parts, each in a pass of its own."""
        counts, doubled = self._of_one(self._one) if self._one else self._of_several(parts)
        if not doubled:
            return counts
        for index in self._keys:
            self._keep_doubled(index, parts)
        return self._with_doubled()

    def _of_one(self, load: Measured) -> tuple[Counts, bool]:
        """What is counted of a load, and whether some of its keys may come twice."""
        (found,) = self._ask(f"SELECT {self._counted()} FROM {self._flagged}")
        return {load.load: found}, any(self._may_repeat(i, load.records) for i in self._keys)

    def _may_repeat(self, index: int, records: int) -> bool:
        """Whether two keys have one hash.

        To sort the hashes takes half the time that the engine needs to tell the keys apart.
        """
        turns = 1 + records // _MOST_HASHES
        keys = f"(SELECT k{index} AS k FROM {self._flagged})"
        hashes = f"(SELECT hash(k) AS h FROM {keys} WHERE k IS NOT NULL)"
        for turn in range(turns):
            found = self._con.execute(
                f"SELECT h FROM {hashes} WHERE h % {turns} = {turn}", list(self._rows.values)
            ).fetchnumpy()["h"]
            found.sort()
            if (found[1:] == found[:-1]).any():
                return True
        return False

    def _counted(self) -> str:
        return _counted([f"b{i}" for i, _ in enumerate(self._rules)])

    def _of_several(self, parts: int) -> tuple[Counts, bool]:
        """What is counted of each load, and whether some keys come twice in one."""
        counts: Counts = {}
        doubled = False
        for part in range(parts):
            keys = [self._of_part(f"k{i}", parts, part) for i in self._keys]
            excess = [f"count({key}) - count(DISTINCT {key})" for key in keys]
            counted = ", ".join([self._counted(), *excess])
            found = self._ask(f"SELECT load, {counted} FROM {self._flagged} GROUP BY 1")
            rules = len(self._rules) + 1
            counts = {load: tuple(row[:rules]) for load, *row in found}
            doubled |= any(any(row[rules:]) for _, *row in found)
        return counts, doubled

    def _keep_doubled(self, index: int, parts: int) -> None:
        table = f"{_DOUBLED}_{index}"
        for part in range(parts):
            key = self._of_part(f"k{index}", parts, part)
            select = (
                f"SELECT load, k FROM (SELECT load, {key} AS k FROM {self._flagged}) "
                "WHERE k IS NOT NULL GROUP BY load, k HAVING count(*) > 1"
            )
            self._ask(
                f"INSERT INTO {table} {select}"
                if part
                else f"CREATE OR REPLACE TEMP TABLE {table} AS {select}"
            )

    def _with_doubled(self) -> Counts:
        """Count again, with the rows that have a key of another one."""
        joins = "".join(
            f" LEFT JOIN {_DOUBLED}_{i} d{i} ON d{i}.load = f.load AND d{i}.k = f.k{i}"
            for i in self._keys
        )
        flags = [
            f"(d{i}.load IS NOT NULL)" if i in self._keys else f"b{i}"
            for i, _ in enumerate(self._rules)
        ]
        found = self._ask(
            f"SELECT f.load, {_counted(flags)} FROM {self._flagged} f{joins} GROUP BY 1"
        )
        for i in self._keys:
            self._con.execute(f"DROP TABLE {_DOUBLED}_{i}")
        return {load: tuple(row) for load, *row in found}

    def _of_part(self, key: str, parts: int, part: int) -> str:
        return key if parts == 1 else f"CASE WHEN hash({key}) % {parts} = {part} THEN {key} END"

    def _ask(self, sql: str) -> list[tuple[Any, ...]]:
        return self._con.execute(sql, list(self._rows.values)).fetchall()


def _counted(flags: Sequence[str]) -> str:
    each = [f"count(*) FILTER ({flag})" for flag in flags]
    return ", ".join([*each, f"count(*) FILTER ({' OR '.join(flags) or 'false'})"])


def _quality(rules: QualityRules, load: Measured, counts: tuple[int, ...] | None) -> LoadQuality:
    each = counts or (0,) * (len(rules.rules) + 1)
    return LoadQuality(
        records=load.records,
        lines=(
            QualityLine(rule=ALL, column=None, failed=each[-1] + load.rejected),
            *(
                QualityLine(rule=rule.name, column=rule.column, failed=failed)
                for rule, failed in zip(rules.rules, each, strict=False)
            ),
            QualityLine(rule=REJECTED, column=None, failed=load.rejected),
        ),
        unknown=rules.unknown if load.records else (),
    )


def _places(
    quality: Quality, columns: Sequence[FileColumn], plan: ColumnPlan
) -> dict[str, int | None]:
    """Where in the file the columns are that the rules name; ``None``: it lacks them."""
    known = {index: column.name for index, column in plan.known}
    return places_of(quality, columns, known)


def _is_text(column: TableColumn) -> bool:
    return column.type in TEXT_TYPES
