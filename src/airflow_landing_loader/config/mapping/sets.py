"""Mappings whose data files are named by the same go files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from airflow_landing_loader.config.mapping.model import TableMapping

SetKey = tuple[str, bool]
"""The go files' pattern, and whether it ignores case."""


def set_key(mapping: TableMapping) -> SetKey | None:
    """What the mappings of one kind of set have in common; ``None``: its files come in none."""
    go_file = mapping.go_file
    if go_file is None or not go_file.lists:
        return None
    return go_file.pattern, mapping.ignore_case


def by_set(mappings: Iterable[TableMapping]) -> dict[SetKey, tuple[TableMapping, ...]]:
    """The mappings whose files come in sets, those of one kind of set together, in order."""
    found: dict[SetKey, list[TableMapping]] = {}
    for mapping in mappings:
        key = set_key(mapping)
        if key is not None:
            found.setdefault(key, []).append(mapping)
    return {key: tuple(group) for key, group in found.items()}


def mappings_taken(
    own: Sequence[TableMapping], everybody: Sequence[TableMapping]
) -> tuple[TableMapping, ...]:
    """What one table's loader takes of sets that are of several tables: all of a set, if its table
    is the first one of them by name, else nothing.

    :param own: the mappings of the table.
    :param everybody: those of all tables.
    """
    table = own[0].table
    sets = by_set(dict.fromkeys([*own, *everybody]))
    taken: list[TableMapping] = []
    for mapping in own:
        key = set_key(mapping)
        together = sets[key] if key is not None else (mapping,)
        if table == min(other.table for other in together):
            taken += [other for other in together if other not in taken]
    return tuple(taken)
