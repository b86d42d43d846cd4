"""Rows of invented cells that a mapping's dialect and character set can write."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta

from airflow_landing_loader.config.mapping.column_names import clean_name, position_of, same
from airflow_landing_loader.config.mapping.dialect import CsvDialect
from airflow_landing_loader.generating.names import FIRST_DAY

Row = tuple[str | None, ...]
_INVENTED = ("id", "name", "amount", "day", "note")
_WORDS = ("Alpha", "Beta", "Gamma Delta", "Zürich", "Ελλάδα", "Москва", "東京")
_NULL_SHARE = 0.2


def columns_of(csv: CsvDialect) -> tuple[str, ...]:
    """The names of the columns as the table has them: the mapping's, or invented ones."""
    if csv.columns is not None:
        return csv.columns
    new = list(csv.rename.values())
    taken = {same(clean_name(name)) for name in (*new, *csv.rename)}
    return (*new, *(name for name in _INVENTED if name not in taken))


def header_of(csv: CsvDialect, columns: Sequence[str]) -> tuple[str, ...]:
    """The names as the sender writes them.

    :param columns: as the table has them.
    """
    sent = {}
    for key, new in csv.rename.items():
        sent[new] = f"c{key[1:]}" if position_of(key) else key
    return tuple(sent.get(name, name) for name in columns)


class Rows:
    """Makes rows; the first cell of each is one of its kind.

    :param seed: what they depend on, and nothing else.
    """

    def __init__(self, csv: CsvDialect, columns: Sequence[str], seed: random.Random) -> None:
        self._csv, self._columns, self._random = csv, columns, seed
        self._number = 0
        self._texts = tuple(text for text in self._possible() if self._can(text))

    def make(self, number: int) -> list[Row]:
        """So many rows."""
        return [self._row() for _ in range(number)]

    def _row(self) -> Row:
        self._number += 1
        kinds = (self._word, self._amount, self._day, self._note)
        cells: list[str | None] = [f"R{self._number:06}"]
        cells += [kinds[at % len(kinds)]() for at in range(len(self._columns) - 1)]
        return tuple(cells)

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

    def _can(self, text: str) -> bool:
        """Whether the character set has it."""
        try:
            return text.encode(self._csv.encoding).decode(self._csv.encoding) == text
        except UnicodeError:
            return False
