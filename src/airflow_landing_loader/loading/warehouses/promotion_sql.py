"""The questions and statements of one promotion, the same in all warehouses.

They are in the words of :mod:`~airflow_landing_loader.loading.ledger.queries` and a few of the
warehouse's own. Names, expressions and types' forms are bound; only identifiers, quoted, and types
of a closed list become part of a statement.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from airflow_landing_loader.loading.columns import promotion
from airflow_landing_loader.loading.columns.json_pairs import others_than, value_of
from airflow_landing_loader.loading.columns.literals import TEXT_TYPES
from airflow_landing_loader.loading.columns.names import EXTRA, LOAD_ID, ROW_NUMBER
from airflow_landing_loader.loading.columns.promotion import PROPOSED
from airflow_landing_loader.loading.ledger.queries import Value

LOADS = (
    "SELECT m.load_id FROM load_metadata m JOIN load_columns c ON c.load_id = m.load_id "
    "WHERE m.table_name = :table AND c.destination = 'extra' AND c.column_name = ANY(:names)"
)
"""The loads that have one of the names in ``_extra``, in their table or out of it."""

_PATTERNS: Mapping[str, Value] = {
    "number": promotion.PLAIN_NUMBER,
    "before": promotion.DIGITS_BEFORE,
    "behind": promotion.DIGITS_BEHIND,
    "padded": promotion.PADDED,
    "first": r"\1",
    "both": r"\1\2",
}
_ID = f"CAST(t.{LOAD_ID} AS STRING)"
_EXTRA = f"CAST(t.{EXTRA} AS STRING)"
_LARGEST = "1.7976931348623157e308"  # what is too large for a DOUBLE becomes infinite


@dataclass(frozen=True, kw_only=True)
class Words:
    """What a warehouse calls the few things that no statement of the books needs.

    :param matches: the function that says whether a text matches an expression.
    :param text_of_json: the one that gives the text of a JSON value.
    :param try_cast: ``CAST`` that gives NULL for what it cannot.
    :param type_of: from the reader's word for a type to the warehouse's.
    :param cast_type: from that to what its ``CAST`` takes.
    :param quoted_table: a table's name as SQL.
    :param quoted_name: a column's.
    """

    matches: str
    text_of_json: str
    try_cast: str
    type_of: Callable[[str], str]
    cast_type: Callable[[str], str]
    quoted_table: Callable[[str], str]
    quoted_name: Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class PromotionSql:
    """The SQL of one promotion.

    :param names: of the column, as the loads have them in ``_extra``; one at least.
    :param column: the table's name for it.
    :param type: of the column, in the reader's words.
    :param numbered: whether the table's rows may have numbers.
    """

    words: Words
    table: str
    names: tuple[str, ...]
    column: str
    type: str
    numbered: bool

    @property
    def types(self) -> tuple[str, ...]:
        """Those whose unfit values are counted, in the order of :meth:`found`."""
        return tuple(dict.fromkeys((*PROPOSED, self.type)))

    @property
    def values(self) -> dict[str, Value]:
        """All that is bound."""
        forms = {
            f"form_{i}_{j}": form
            for i, type_ in enumerate(self.types)
            if type_ not in TEXT_TYPES
            for j, form in enumerate(promotion.forms_of(type_))
        }
        return {
            "table": self.table,
            "names": list(self.names),
            "column": self.column,
            "pair": value_of(self.names),
            "others": others_than(self.names),
            **_PATTERNS,
            **forms,
        }

    @property
    def add(self) -> str:
        """The statement that adds the column unless it is there."""
        name, type_ = self.words.quoted_name(self.column), self.words.type_of(self.type)
        return f"ALTER TABLE {self._table} ADD COLUMN IF NOT EXISTS {name} {type_}"

    @property
    def move(self) -> tuple[str, str]:
        """The statements that move values and books, for one transaction."""
        others = f"LTRIM(REGEXP_REPLACE({_EXTRA}, :others, :both), ',')"
        return (
            f"UPDATE {self._table} t SET {self.words.quoted_name(self.column)} = {self._cell}, "
            f"{EXTRA} = NULLIF(CONCAT('{{', {others}, '}}'), '{{}}') WHERE {_ID} IN ({LOADS})",
            "UPDATE load_columns t SET destination = 'column', owner = t.column_name, "
            "column_name = :column WHERE t.destination = 'extra' AND t.column_name = ANY(:names) "
            "AND t.load_id IN (SELECT load_id FROM load_metadata WHERE table_name = :table)",
        )

    @property
    def found(self) -> str:
        """The question for what makes a :class:`Found`: the unfit values by type come last."""
        number = f"{self.words.matches}(v.filled, :number)"
        asked = [
            "COUNT(*), COUNT(CASE WHEN v.good THEN NULL ELSE 1 END)",
            "COUNT(v.value), COUNT(v.filled)",
            f"COUNT(CASE WHEN {number} THEN 1 END)",
            f"COUNT(CASE WHEN {self.words.matches}(v.filled, :padded) THEN 1 END)",
            *(
                f"MAX(CASE WHEN {number} THEN "
                f"LENGTH(REGEXP_REPLACE(v.filled, :{side}, :first)) END)"
                for side in ("before", "behind")
            ),
            *(f"COUNT(CASE WHEN {self._unfit(type_)} THEN 1 END)" for type_ in self.types),
        ]
        return f"SELECT {', '.join(asked)} FROM {self._cells} v"

    @property
    def altered_or_unfit(self) -> str:
        """The question for the number of rows that hinder the promotion."""
        return (
            f"SELECT COUNT(*) FROM {self._cells} v WHERE NOT v.good OR ({self._unfit(self.type)})"
        )

    @property
    def first_unfit(self) -> str:
        """The question for load, file and record of the first value that does not fit."""
        record = "MIN(v.number)" if self.numbered else "CAST(NULL AS BIGINT)"
        return (
            f"SELECT m.load_id, m.filename, {record} FROM {self._cells} v "
            f"JOIN load_metadata m ON m.load_id = v.id WHERE {self._unfit(self.type)} "
            "GROUP BY m.load_id, m.filename, m.sequence ORDER BY m.sequence LIMIT 1"
        )

    @property
    def samples(self) -> str:
        """The question for the values, each once, in order: cell values."""
        return (
            f"SELECT DISTINCT v.filled FROM {self._cells} v WHERE v.filled IS NOT NULL "
            "ORDER BY v.filled"
        )

    @property
    def _table(self) -> str:
        return self.words.quoted_table(self.table)

    @property
    def _cells(self) -> str:
        """The cells that are moved: whether the row is as a loader wrote it, value, and filled."""
        good = f"COALESCE({self.words.matches}({_EXTRA}, :pair), FALSE)"
        number = f", CAST(t.{ROW_NUMBER} AS BIGINT) AS number" if self.numbered else ""
        return (
            "(SELECT w.*, NULLIF(w.value, '') AS filled FROM "
            f"(SELECT {_ID} AS id, {good} AS good, {self._value} AS value{number} "
            f"FROM {self._table} t WHERE {_ID} IN ({LOADS})) w)"
        )

    @property
    def _value(self) -> str:
        """A row's value as text; NULL also where there is none."""
        return (
            f"CASE WHEN {self.words.matches}({_EXTRA}, :pair) THEN "
            f"{self.words.text_of_json}(REGEXP_REPLACE({_EXTRA}, :pair, :first), '$') END"
        )

    @property
    def _cell(self) -> str:
        """A row's value as the column takes it."""
        if self.type in TEXT_TYPES:
            return self._value
        value = f"NULLIF({self._value}, '')"
        if promotion.is_number(self.type):  # not every CAST takes a plus
            value = f"LTRIM({value}, '+')"
        return f"CAST({value} AS {self._cast_type(self.type)})"

    def _unfit(self, type_: str) -> str:
        """SQL that is true of a cell ``v`` that is filled with no value of the type."""
        if type_ in TEXT_TYPES:
            return "FALSE"
        index = self.types.index(type_)
        fits = [
            f"{self.words.matches}(v.filled, :form_{index}_{j})"
            for j, _ in enumerate(promotion.forms_of(type_))
        ]
        if not promotion.is_said_by_form(type_):
            tried = f"{self.words.try_cast}(LTRIM(v.filled, '+') AS {self._cast_type(type_)})"
            right = f"ABS({tried}) <= {_LARGEST}" if type_ == "DOUBLE" else f"{tried} IS NOT NULL"
            fits.append(f"COALESCE({right}, FALSE)")
        return f"v.filled IS NOT NULL AND NOT ({' AND '.join(fits)})"

    def _cast_type(self, type_: str) -> str:
        return self.words.cast_type(self.words.type_of(type_))
