"""Mappings whose data files are named by the same go files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

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


def first_table(together: Iterable[TableMapping]) -> str:
    """The table whose loader takes the sets of these mappings: the first one by name."""
    return min(mapping.table for mapping in together)


def mappings_taken(
    own: Sequence[TableMapping], sets: Mapping[SetKey, Sequence[TableMapping]]
) -> tuple[TableMapping, ...]:
    """Those whose files a loader takes: a set, which may be of several tables, has one loader.

    :param own: the mappings of the loader's table.
    :param sets: :func:`by_set` of the mappings of all tables.
    """
    tables = {mapping.table for mapping in own}
    taken: dict[int, TableMapping] = {}
    for mapping in own:
        key = set_key(mapping)
        together = (mapping,) if key is None else sets[key]
        if first_table(together) in tables:
            taken |= {id(other): other for other in together}
    return tuple(taken.values())
