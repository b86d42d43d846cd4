"""What a mapping says of columns: totals, types, rules of quality."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.config.mapping.model import PROOFS, TableMapping
from airflow_landing_loader.config.mapping.totals import TotalKind, places_of


@dataclass(frozen=True, slots=True)
class Wants:
    """What the cells of a column have to be.

    :param totals: kinds of the totals that are given of it.
    :param type: that each has the form of; ``None``: any text will do.
    :param filled: whether none may be empty.
    :param different: whether no two may be equal.
    """

    totals: frozenset[TotalKind] = frozenset()
    type: str | None = None
    filled: bool = False
    different: bool = False


def named_columns(mapping: TableMapping) -> tuple[str, ...]:
    """The columns that a mapping speaks of, as it first names them."""
    names: dict[str, str] = {}
    for name in _names(mapping):
        names.setdefault(same(clean_name(name)), name)
    return tuple(names.values())


def wants_of(mapping: TableMapping, column: str) -> Wants:
    """What a mapping wants of a column."""
    key, quality = same(clean_name(column)), mapping.quality
    types = (mapping.types, quality.types if quality else {})
    found = [t for each in types for name, t in each.items() if same(clean_name(name)) == key]
    required = map(clean_name, quality.required) if quality else ()
    unique = [clean_name(name) for each in quality.unique for name in each] if quality else []
    return Wants(
        totals=frozenset(kind for name, kind in _totals(mapping) if same(clean_name(name)) == key),
        type=found[0] if found else None,
        filled=key in map(same, (*required, *unique)),
        different=key in map(same, unique),
    )


def _names(mapping: TableMapping) -> Iterator[str]:
    yield from (name for name, _ in _totals(mapping))
    if mapping.quality is not None:
        yield from mapping.quality.required
        yield from mapping.quality.types
        yield from (name for each in mapping.quality.unique for name in each)
    yield from mapping.types


def _totals(mapping: TableMapping) -> Iterator[tuple[str, TotalKind]]:
    for proof in PROOFS:
        rules = getattr(mapping, proof)
        for place in places_of(rules.totals if rules is not None else None):
            yield place.column, place.kind
