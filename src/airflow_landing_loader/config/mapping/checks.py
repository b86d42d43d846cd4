"""What two mappings may not say together. Every mapping involved gets a finding of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import islice
from typing import Any

from airflow_landing_loader.config.mapping.dag_ids import dag_id_of
from airflow_landing_loader.config.mapping.model import TABLE_KEYS, TableMapping
from airflow_landing_loader.config.mapping.notify import unknown_channels
from airflow_landing_loader.config.mapping.overlaps import pattern_findings
from airflow_landing_loader.config.mapping.sets import SetKey, set_key
from airflow_landing_loader.config.mapping.written import Written
from airflow_landing_loader.config.yaml.findings import Finding, locate
from airflow_landing_loader.exceptions import ErrorCode

_MAX_NAMED = 3

Findings = dict[int, list[Finding]]
"""Findings by the index of their mapping."""


def check(all_written: Sequence[Written], channels: Collection[str] | None = None) -> Findings:
    """Compare all mappings of a tree with each other, and with the channels.

    :param all_written: in order of file and line.
    :param channels: the names that ``notify`` may say; ``None``: nobody looks.
    :returns: findings by index in ``all_written``; mappings that are fine together are left out.
    """
    found: Findings = defaultdict(list)
    for index, finding in pattern_findings(all_written):
        found[index].append(finding)
    _check_table_names(all_written, found)
    _check_dag_keys(all_written, found)
    _check_sets(all_written, found)
    if channels is not None:
        for index, written in enumerate(all_written):
            notify = written.mapping.notify if written.mapping else None
            if notify is not None:
                found[index] += unknown_channels(notify, channels, written.pair)
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
        else f"make one DAG id, {dag_id_of(name)}"
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


def share_dag_keys(mappings: Sequence[TableMapping]) -> tuple[TableMapping, ...]:
    """Give each mapping what another mapping of its table says about what they share.

    :param mappings: mappings that :func:`check` found nothing about.
    """
    said: dict[str, dict[str, Any]] = defaultdict(dict)
    for mapping in mappings:
        said[mapping.table].update(_said(mapping))
    return tuple(
        mapping.model_copy(update=said[mapping.table])
        if said[mapping.table].keys() - mapping.model_fields_set
        else mapping
        for mapping in mappings
    )


def _said(mapping: TableMapping) -> dict[str, Any]:
    written = mapping.model_fields_set
    return {key: getattr(mapping, key) for key in TABLE_KEYS if key in written}


def _check_dag_keys(all_written: Sequence[Written], found: Findings) -> None:
    """The mappings of one table share its DAG, so they do not contradict each other about it."""
    said: dict[tuple[str, str], list[tuple[int, Any]]] = defaultdict(list)
    for index, written in enumerate(all_written):
        for key, value in _said(written.mapping).items() if written.mapping else ():
            said[written.table or "", key].append((index, value))
    for (_, key), members in said.items():
        if any(value != members[0][1] for _, value in members):  # some cannot be hashed
            for index, value in members:
                others = (all_written[i].origin for i, other in members if other != value)
                named = list(islice(others, _MAX_NAMED + 1))
                found[index].append(_difference(all_written[index], key, named))


def _difference(written: Written, key: str, others: Sequence[str]) -> Finding:
    named = ", ".join(others[:_MAX_NAMED]) + (" and others" if len(others) > _MAX_NAMED else "")
    return Finding(
        ErrorCode.MAPPING_CONTRADICTION,
        f"The table {written.table} has one {'list of types' if key == 'types' else 'DAG'}, but "
        f"another mapping of it says another {key} ({named}).",
        f"Write {key} in one mapping of {written.table}, or the same in all.",
        locate(written.pair, (key,)).key,
        (key,),
    )


def _check_sets(all_written: Sequence[Written], found: Findings) -> None:
    """Mappings whose data files one go file names find their names in one way."""
    by_go_file: dict[SetKey, list[int]] = defaultdict(list)
    for index, written in enumerate(all_written):
        key = None if written.mapping is None else set_key(written.mapping)
        if key is not None:
            by_go_file[key].append(index)
    for members in by_go_file.values():
        ways = {index: _way_of_listing(all_written[index]) for index in members}
        for index in members if len(set(ways.values())) > 1 else ():
            other = next(i for i in members if ways[i] != ways[index])
            key_path = ("go_file", "lists_files")
            found[index].append(
                Finding(
                    ErrorCode.MAPPING_CONTRADICTION,
                    "One go file names the data files of this mapping and of another one "
                    f"({all_written[other].origin}), which reads it otherwise.",
                    "Write the same format, encoding, delimiter, header and lists_files in both.",
                    locate(all_written[index].pair, key_path).key,
                    key_path,
                )
            )


def _way_of_listing(written: Written) -> object:
    go_file = written.mapping.go_file if written.mapping else None
    return go_file and go_file.way_of_listing
