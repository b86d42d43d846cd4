"""Rows of invented cells that a mapping's dialect and character set can write."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta
from decimal import Decimal

from airflow_landing_loader.config.mapping.column_names import clean_name, position_of, same
from airflow_landing_loader.config.mapping.dialect import CsvDialect
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.totals import TotalKind
from airflow_landing_loader.generating.figures import Figures
from airflow_landing_loader.generating.names import FIRST_DAY
from airflow_landing_loader.generating.wants import Wants, named_columns, wants_of

Row = tuple[str | None, ...]
_INVENTED = ("id", "name", "amount", "day", "note")
_WORDS = ("Alpha", "Beta", "Gamma Delta", "Zürich", "Ελλάδα", "Москва", "東京")
_NULL_SHARE = 0.2
_NEGATIVE_SHARE = 0.3
_AMOUNTS: tuple[TotalKind, ...] = ("sum", "min", "max")
_DAYS = ("DATE", "TIMESTAMP")
_PLAIN = ("alpha", "beta", "gamma")
_FIRST_KEY = 9_000_000
"""More than any other number: a first cell that is one stands nowhere else among the cells."""


def columns_of(mapping: TableMapping) -> tuple[str, ...]:
    """The names of the columns as the table has them: the mapping's, or invented ones."""
    csv = mapping.csv
    if csv.columns is not None:
        return csv.columns
    new = list(csv.rename.values())
    taken = {same(clean_name(name)) for name in (*new, *csv.rename, *mapping.add_columns)}
    more = []
    for name in (*_INVENTED[:1], *named_columns(mapping), *_INVENTED[1:]):
        if same(clean_name(name)) not in taken:
            taken.add(same(clean_name(name)))
            more.append(name)
    return (*new, *more)


def header_of(csv: CsvDialect, columns: Sequence[str]) -> tuple[str, ...]:
    """The names as the sender writes them.

    :param columns: as the table has them.
    """
    sent = {}
    for key, new in csv.rename.items():
        sent[new] = f"c{key[1:]}" if position_of(key) else key
    return tuple(sent.get(name, name) for name in columns)


def can_write(text: str, csv: CsvDialect) -> bool:
    """Whether a dialect and its character set have a text as a cell."""
    if csv.comments and text.startswith(csv.comments):
        return False
    if not csv.quote and not csv.escape_sequences and csv.delimiter in text:
        return False
    return encodes(text, csv.encoding)


def encodes(text: str, encoding: str) -> bool:
    """Whether a character set has a text."""
    try:
        return text.encode(encoding).decode(encoding) == text
    except UnicodeError:
        return False


class Rows:
    """Makes rows; the first cell of each is one of its kind.

    :param figures: how the numbers are written of which totals are given.
    :param seed: what they depend on, and nothing else.
    """

    def __init__(self, mapping: TableMapping, figures: Figures, seed: random.Random) -> None:
        csv = mapping.csv
        self._csv, self._figures, self._random = csv, figures, seed
        self._wants = [wants_of(mapping, name) for name in columns_of(mapping)]
        self._number = 0
        self._texts = tuple(text for text in self._possible() if encodes(text, csv.encoding))

    def make(self, number: int) -> list[Row]:
        """So many rows; the first one has no empty cell of which a total is given."""
        return [self._row(filled=at == 0) for at in range(number)]

    def _row(self, *, filled: bool) -> Row:
        self._number += 1
        kinds = (self._word, self._amount, self._day, self._note)
        cells: list[str | None] = [self._key(self._wants[0])]
        for at, wants in enumerate(self._wants[1:]):
            if wants == Wants():
                cells.append(kinds[at % len(kinds)]())
            elif not (filled or wants.filled) and self._random.random() < _NULL_SHARE:
                cells.append(None)
            else:
                cells.append(self._wanted(wants))
        return tuple(cells)

    def _key(self, wants: Wants) -> str:
        if wants.totals.isdisjoint(_AMOUNTS) and wants.type in (None, "VARCHAR"):
            return f"R{self._number:06}"
        if wants.type in _DAYS:
            return self._of_day(self._number, wants.type)
        return str(_FIRST_KEY + self._number)

    def _wanted(self, wants: Wants) -> str | None:
        if wants.totals:
            return self._counted(wants.totals)
        if wants.type in _DAYS:
            day = self._number if wants.different else self._random.randrange(300)
            return self._of_day(day, wants.type)
        if wants.type == "BOOLEAN":
            return self._random.choice(("true", "false"))
        if wants.type not in (None, "VARCHAR"):
            return self._of_number(wants)
        return f"U{self._number:06}" if wants.different else self._random.choice(_PLAIN)

    def _of_number(self, wants: Wants) -> str:
        digits, _, places = str(wants.type).removeprefix("DECIMAL(").rstrip(")").partition(",")
        if digits == places:
            return "0"  # all stand behind the point
        return str(self._number if wants.different else self._number % 10)

    def _of_day(self, number: int, type_: str | None) -> str:
        day = (FIRST_DAY + timedelta(days=number)).isoformat()
        return day if type_ == "DATE" else f"{day}T07:30:00"

    def _counted(self, totals: frozenset[TotalKind]) -> str | None:
        """A cell that counts in such totals."""
        if not totals.isdisjoint(_AMOUNTS):
            return self._figure()
        if "hash_total" in totals:
            return f"A{self._random.randrange(10**6):06}"
        return self._word()

    def _figure(self) -> str:
        negative = self._random.random() < _NEGATIVE_SHARE and self._figures.negatives
        value = Decimal(self._random.randrange(1, 10**6) * (-1 if negative else 1))
        return self._figures.written(value / 100 if self._figures.fractions else value)

    def _word(self) -> str | None:
        return self._random.choice(self._texts)

    def _amount(self) -> str | None:
        return f"{self._random.randrange(1, 10**6) / 100:.2f}"

    def _day(self) -> str | None:
        return (FIRST_DAY + timedelta(days=self._random.randrange(300))).isoformat()

    def _note(self) -> str | None:
        return None if self._random.random() < _NULL_SHARE else self._random.choice(self._texts)

    def _possible(self) -> Iterator[str]:
        """Texts that are of interest to a dialect, and plain ones."""
        csv = self._csv
        sequences = csv.escape_sequences in ("mysql", "postgres")
        yield from _WORDS
        if csv.quote or sequences:
            yield f"left{csv.delimiter}right"
            yield "two\nlines"
        if csv.quote and not csv.excel_formulas:
            yield f"say {csv.quote}x{csv.quote}"
        if csv.quote and not sequences:
            yield ""
