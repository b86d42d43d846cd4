"""What two mappings may not say together. Every mapping involved gets a finding of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import islice

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.mapping.findings import Finding, locate
from airflow_landing_loader.mapping.model import DAG_KEYS, TableMapping
from airflow_landing_loader.mapping.overlaps import pattern_findings
from airflow_landing_loader.mapping.written import Written

_MAX_NAMED = 3

Findings = dict[int, list[Finding]]
"""Findings by the index of their mapping."""


def check(all_written: Sequence[Written]) -> Findings:
    """Compare all mappings of a tree with each other.

    :param all_written: in order of file and line.
    :returns: findings by index in ``all_written``; mappings that are fine together are left out.
    """
    found: Findings = defaultdict(list)
    for index, finding in pattern_findings(all_written):
        found[index].append(finding)
    _check_table_names(all_written, found)
    _check_dag_keys(all_written, found)
    return found


def _check_table_names(all_written: Sequence[Written], found: Findings) -> None:
    """One table is spelled in one way, and two tables make two DAG ids."""
    by_dag: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, written in enumerate(all_written):
        if written.table:
            by_dag[_folded(written.table).replace(".", "__")][written.table].append(index)
    for spellings in by_dag.values():
        for table, indices in spellings.items() if len(spellings) > 1 else ():
            other = next(others[0] for name, others in spellings.items() if name != table)
            for index in indices:
                found[index].append(_spelling_finding(all_written[index], all_written[other]))


def _spelling_finding(written: Written, other: Written) -> Finding:
    name, other_name = written.table or "", other.table or ""
    same = _folded(name) == _folded(other_name)
    why = (
        "are one table: a warehouse ignores case, and main is DuckDB's default schema"
        if same
        else f"make one DAG id, landing__{name.replace('.', '__')}"
    )
    return Finding(
        ErrorCode.MAPPING_BAD_TABLE,
        f"{name!r} and {other_name!r} ({other.origin}) {why}.",
        "Spell it in the same way everywhere." if same else "Rename one of the two tables.",
        locate(written.pair, ("table",)).value,
        ("table",),
    )


def _folded(table: str) -> str:
    return table.casefold().removeprefix("main.")


def _check_dag_keys(all_written: Sequence[Written], found: Findings) -> None:
    """The mappings of one table share its DAG, so they say the same about it."""
    by_table: dict[str, list[tuple[int, TableMapping]]] = defaultdict(list)
    for index, written in enumerate(all_written):
        if written.mapping:
            by_table[written.mapping.table].append((index, written.mapping))
    for members in by_table.values():
        first = members[0][1]
        differing = [
            key
            for key in DAG_KEYS
            if any(getattr(mapping, key) != getattr(first, key) for _, mapping in members)
        ]
        if differing:
            for index, mapping in members:
                others = (other.origin for _, other in members if other is not mapping)
                named = list(islice(others, _MAX_NAMED + 1))
                found[index].append(_difference(all_written[index], differing, named))


def _difference(written: Written, keys: Sequence[str], others: Sequence[str]) -> Finding:
    named = ", ".join(others[:_MAX_NAMED]) + (" and others" if len(others) > _MAX_NAMED else "")
    return Finding(
        ErrorCode.MAPPING_CONTRADICTION,
        f"The table {written.table} has one DAG, but its mappings differ in {', '.join(keys)} "
        f"(see {named}).",
        f"Write the same {' and '.join(keys)} in all mappings of {written.table}.",
        locate(written.pair, (keys[0],)).key,
        (keys[0],),
    )
