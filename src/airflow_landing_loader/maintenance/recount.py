"""The figures of quality, counted anew from the archived file, without an engine."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from datetime import date, datetime
from hashlib import blake2b
from math import isfinite

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.model import Inspection
from airflow_landing_loader.loading.columns.literals import literal_form
from airflow_landing_loader.loading.columns.names import file_columns
from airflow_landing_loader.loading.model import LoadColumn
from airflow_landing_loader.loading.reading.quality import (
    ALL,
    REJECTED,
    REQUIRED,
    TYPES,
    UNIQUE,
    QualityLine,
    places_of,
)

Cells = Sequence[str | None]
_BLANKS = " \t\n\f\r"
_LARGEST = 2**63


class Recount:
    """Counts a file's records by a mapping's rules.

    Of what is unique it keeps eight bytes for each record.

    :param columns: the load's, in file order.
    """

    def __init__(
        self, mapping: TableMapping, inspection: Inspection, columns: Sequence[LoadColumn]
    ) -> None:
        quality = mapping.quality
        assert quality is not None
        added = tuple(mapping.add_columns) if inspection.columns else ()
        theirs = file_columns(inspection.columns, mapping.csv.rename, added, file="")
        known = {i: column.name for i, column in enumerate(columns) if not column.extra}
        self._places = places_of(quality, theirs, known)
        self._checks: list[tuple[str, str, Callable[[Cells], bool]]] = [
            *((REQUIRED, name, self._lacks(name)) for name in quality.required),
            *((TYPES, name, self._unfit(name, type_)) for name, type_ in quality.types.items()),
        ]
        self._failed = [0] * len(self._checks)
        self._keys = [(", ".join(key), self._positions(key)) for key in quality.unique]
        self._sums = [array("Q") for _ in self._keys]
        self._bad = bytearray()
        self._rejected = 0

    def reject(self) -> None:
        """Take a record that was set aside."""
        self._rejected += 1

    def add(self, cells: Cells) -> None:
        """Take a record."""
        bad = False
        for index, (_, _, is_broken) in enumerate(self._checks):
            if is_broken(cells):
                self._failed[index] += 1
                bad = True
        self._bad.append(bad)
        for sums, (_, positions) in zip(self._sums, self._keys, strict=True):
            sums.append(_sum_of([cells[i] for i in positions]) if positions else 0)

    def lines(self) -> tuple[QualityLine, ...]:
        """The figures, in the order of the books."""
        unique = []
        for sums, (name, _) in zip(self._sums, self._keys, strict=True):
            doubled = _doubled(sums)
            failed = 0
            for index, value in enumerate(sums):
                if value in doubled:
                    failed += 1
                    self._bad[index] = True
            unique.append(QualityLine(rule=UNIQUE, column=name, failed=failed))
        checks = [
            QualityLine(rule=rule, column=column, failed=failed)
            for (rule, column, _), failed in zip(self._checks, self._failed, strict=True)
        ]
        every = sum(self._bad) + self._rejected
        return (
            QualityLine(rule=ALL, column=None, failed=every),
            *checks,
            *unique,
            QualityLine(rule=REJECTED, column=None, failed=self._rejected),
        )

    def _lacks(self, name: str) -> Callable[[Cells], bool]:
        index = self._places[name]
        if index is None:
            return lambda _: True
        return lambda cells: not (cells[index] or "").strip(_BLANKS)

    def _unfit(self, name: str, type_: str) -> Callable[[Cells], bool]:
        index, fits = self._places[name], _fits(type_)
        if index is None:
            return lambda _: False
        return lambda cells: bool(cells[index]) and not fits(cells[index] or "")

    def _positions(self, key: Sequence[str]) -> list[int] | None:
        places = [self._places[name] for name in key]
        return None if None in places else [place for place in places if place is not None]


def _sum_of(values: Cells) -> int:
    """What equal values have in common, and 0 where one is NULL."""
    if None in values:
        return 0
    told = "".join(f"{len(value or '')}:{value}" for value in values)
    return int.from_bytes(blake2b(told.encode(), digest_size=8).digest(), "big") or 1


def _doubled(sums: array[int]) -> frozenset[int]:
    found, before = set(), 0
    for value in sorted(sums):
        if value == before and value:
            found.add(value)
        before = value
    return frozenset(found)


def _fits(type_: str) -> Callable[[str], bool]:
    form = literal_form(type_)
    if form is None:
        return lambda _: True
    pattern = re.compile(form.pattern, re.ASCII)
    is_value = _values(type_)

    def fits(text: str) -> bool:
        try:
            return pattern.fullmatch(text) is not None and is_value(text)
        except (ValueError, OverflowError):
            return False

    return fits


def _values(type_: str) -> Callable[[str], bool]:
    if type_.startswith("DECIMAL"):
        digits, places = map(int, re.findall("[0-9]+", type_))
        return lambda text: len(text.lstrip("+-0").partition(".")[0]) <= digits - places
    tries: dict[str, Callable[[str], bool]] = {
        "BIGINT": lambda text: -_LARGEST <= int(text) < _LARGEST,
        "DOUBLE": lambda text: isfinite(float(text)),
        "DATE": lambda text: bool(date.fromisoformat(text)),
        "TIMESTAMP": lambda text: bool(datetime.fromisoformat(text)),
    }
    return tries.get(type_, lambda _: True)
