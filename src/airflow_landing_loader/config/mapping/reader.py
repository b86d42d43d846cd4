"""Reads a tree of mapping files: every good mapping, and every problem of every file at once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path

from airflow_landing_loader.config.mapping import checks
from airflow_landing_loader.config.mapping.dag_ids import dag_id_of, may_feed, words_of
from airflow_landing_loader.config.mapping.mapping_set import MappingProblem, MappingSet
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.written import Written, read_pair
from airflow_landing_loader.config.yaml import files as tree
from airflow_landing_loader.config.yaml.documents import (
    YamlFile,
    problem_in,
    problem_of,
    read_files,
)
from airflow_landing_loader.config.yaml.findings import Finding
from airflow_landing_loader.config.yaml.nodes import Fault, MapNode, Node, Pair
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, ErrorDetail

__all__ = ["MappingProblem", "MappingSet", "read_mappings", "read_mappings_of_dag"]


@dataclass(frozen=True)
class _Parsed:
    """The mappings of one file, or what is wrong with the file as a whole."""

    file: YamlFile
    written: tuple[Written, ...] = ()
    problem: MappingProblem | None = None


def read_mappings(root: Path, channels: Collection[str] | None = None) -> MappingSet:
    """Read all mappings below a folder and check them alone and against each other.

    Nothing that stands in a file, nor a file or folder that cannot be read, raises: it becomes a
    :class:`MappingProblem`, and the other mappings, of the same file too, are read.

    :param root: folder whose ``*.yaml`` and ``*.yml`` files are read, in any depth.
    :param channels: the names that ``notify`` may say; ``None``: nobody looks.
    :returns: mappings and problems, in order of file and line.
    """
    files = read_files(root)
    mappings, problems = _checked([_parsed(file) for file in files], channels)
    if not mappings and not problems:
        problems.append(_nothing_below(root, len(files)))
    order = {file.found.path: position for position, file in enumerate(files)}
    problems.sort(key=lambda problem: _position(problem, order))
    return MappingSet(mappings, tuple(problems))


def read_mappings_of_dag(
    root: Path, dag_id: str, *, tables: int = 0, channels: Collection[str] | None = None
) -> MappingSet | None:
    """Read the mappings of one DAG, and of others only what lies in the same files.

    They are as :func:`read_mappings` would give them, but for this: nobody looks whether a mapping
    of another table claims the same files. So it is not for deciding which files are taken.

    :param root: as in :func:`read_mappings`.
    :param dag_id: id of a table's DAG.
    :param tables: other files are read, too, until so many tables are known.
    :param channels: as in :func:`read_mappings`.
    :returns: ``None`` if there are no such mappings, or something is wrong with them: all
        mappings have to be read then.
    """
    words = words_of(dag_id)
    parsed: list[_Parsed] = []
    others: list[YamlFile] = []
    for file in read_files(root):
        if may_feed(file.data, words):
            parsed.append(_parsed(file))
        else:
            others.append(file)
    for file in others:
        if len(_tables(parsed)) >= tables:
            break
        parsed.append(_parsed(file))
    mappings, problems = _checked(parsed, channels)
    if any(problem.table and dag_id_of(problem.table) == dag_id for problem in problems):
        return None
    if not any(mapping.dag_id == dag_id for mapping in mappings):
        return None
    return MappingSet(mappings, tuple(problems))


def _tables(parsed: list[_Parsed]) -> set[str]:
    return {written.table for one in parsed for written in one.written if written.table}


def _parsed(file: YamlFile) -> _Parsed:
    shown = file.found.shown
    try:
        pairs = _pairs(file.root())
        return _Parsed(file, tuple(read_pair(pair, shown) for pair in pairs))
    except ConfigurationError as error:
        detail = replace(error.detail, file=shown)
        return _Parsed(file, problem=_problem(detail, file))


def _pairs(node: Node | None) -> tuple[Pair, ...]:
    """The mappings of a file. A pattern written twice is refused in both places."""
    if node is None:
        return ()
    if not isinstance(node, MapNode) or node.fault:
        raise ConfigurationError(
            ErrorCode.MAPPING_BAD_VALUE,
            "A mapping file holds patterns, each with its table.",
            hint="For example `instruments_*.csv: raw_instruments`.",
            line=node.place.line,
            column=node.place.column,
        )
    again = {pair.key: pair.place.line for pair in node.pairs if _is_repeated(pair)}
    return tuple(
        replace(pair, fault=_repeated_below(pair, again[pair.key]))
        if pair.key in again and not pair.fault
        else pair
        for pair in node.pairs
    )


def _is_repeated(pair: Pair) -> bool:
    return pair.fault is not None and pair.fault.code is ErrorCode.CONFIG_DUPLICATE_KEY


def _repeated_below(pair: Pair, line: int) -> Fault:
    return Fault(
        ErrorCode.CONFIG_DUPLICATE_KEY,
        f"The key {pair.key!r} is written twice; again in line {line}.",
        "Keep one of them.",
    )


def _checked(
    parsed: list[_Parsed], channels: Collection[str] | None
) -> tuple[tuple[TableMapping, ...], list[MappingProblem]]:
    problems = [one.problem for one in parsed if one.problem]
    entries = [(one.file, written) for one in parsed for written in one.written]
    across = checks.check([written for _, written in entries], channels)
    mappings: list[TableMapping] = []
    for index, (file, written) in enumerate(entries):
        found = (*written.findings, *across.get(index, ()))
        problems += [_finding_problem(file, written, finding) for finding in found]
        if written.mapping and not found:
            mappings.append(written.mapping)
    return checks.share_dag_keys(mappings), problems


def _finding_problem(file: YamlFile, written: Written, finding: Finding) -> MappingProblem:
    problem = problem_of(finding, written.pair.key, file)
    return MappingProblem(
        detail=problem.detail, table=written.table, path=problem.path, snippet=problem.snippet
    )


def _problem(detail: ErrorDetail, file: YamlFile) -> MappingProblem:
    problem = problem_in(detail, file)
    return MappingProblem(
        detail=problem.detail, table=None, path=problem.path, snippet=problem.snippet
    )


def _nothing_below(root: Path, files: int) -> MappingProblem:
    why = f"{files} files hold none" if files else "no *.yaml or *.yml file"
    detail = ErrorDetail(
        code=ErrorCode.MAPPING_NONE_FOUND.value,
        message=f"There is no table mapping below this folder: {why}.",
        hint="Write one, for example `instruments_*.csv: raw_instruments`.",
        file=tree.shown(root, root),
    )
    return MappingProblem(detail=detail, table=None, path=root)


def _position(problem: MappingProblem, order: dict[Path, int]) -> tuple[int, int, int]:
    column = problem.detail.column
    return (
        order.get(problem.path, 0),
        problem.detail.line or 0,
        column if isinstance(column, int) else 0,
    )
