"""Reads a tree of mapping files: every good mapping, and every problem of every file at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, ErrorDetail
from airflow_landing_loader.mapping import checks, tree, yaml_source
from airflow_landing_loader.mapping.findings import Finding, dotted
from airflow_landing_loader.mapping.model import TableMapping
from airflow_landing_loader.mapping.result import MappingProblem, MappingSet, snippet
from airflow_landing_loader.mapping.written import Written, read_pair
from airflow_landing_loader.mapping.yaml_source import Fault, Mapping, Node, Pair

__all__ = ["MappingProblem", "MappingSet", "read_mappings"]


@dataclass(frozen=True)
class _File:
    """One mapping file with its text and the mappings in it."""

    path: Path
    shown: str
    lines: tuple[str, ...]
    pairs: tuple[Pair, ...]


def read_mappings(root: Path) -> MappingSet:
    """Read all mappings below a folder and check them alone and against each other.

    Nothing that stands in a file, nor a file or folder that cannot be read, raises: it becomes a
    :class:`MappingProblem`, and the other mappings, of the same file too, are read.

    :param root: folder whose ``*.yaml`` and ``*.yml`` files are read, in any depth.
    :returns: mappings and problems, in order of file and line.
    """
    problems: list[MappingProblem] = []
    entries: list[tuple[_File, Written]] = []
    files = list(tree.walk(root))
    for found in files:
        file = _read_file(found)
        if isinstance(file, MappingProblem):
            problems.append(file)
        else:
            entries += [(file, read_pair(pair, file.shown)) for pair in file.pairs]
    mappings, wrong = _checked(entries)
    problems += wrong
    if not mappings and not problems:
        problems.append(_nothing_below(root, len(files)))
    order = {found.path: position for position, found in enumerate(files)}
    problems.sort(key=lambda problem: _position(problem, order))
    return MappingSet(mappings, tuple(problems))


def _read_file(found: tree.Found) -> _File | MappingProblem:
    lines: tuple[str, ...] = ()
    try:
        if found.error:
            raise found.error
        data = _bytes(found.path)
        lines = yaml_source.lines_of(data.decode("utf-8-sig", "replace"))
        pairs = _pairs(yaml_source.parse(yaml_source.decode(data)))
        return _File(found.path, found.shown, lines, pairs)
    except ConfigurationError as error:
        detail = replace(error.detail, file=found.shown)
        return _problem(detail, None, found.path, lines)


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(yaml_source.MAX_BYTES + 1)
    except OSError as error:
        raise tree.unreadable(error) from error
    if len(data) > yaml_source.MAX_BYTES:
        raise ConfigurationError(
            ErrorCode.MAPPING_UNREADABLE,
            f"The file is larger than {yaml_source.MAX_BYTES} bytes.",
            hint="Split it into several files.",
        )
    return data


def _pairs(node: Node | None) -> tuple[Pair, ...]:
    """The mappings of a file. A pattern written twice is refused in both places."""
    if node is None:
        return ()
    if not isinstance(node, Mapping) or node.fault:
        raise ConfigurationError(
            ErrorCode.MAPPING_BAD_VALUE,
            "A mapping file holds patterns, each with its table.",
            hint="For example: instruments_*.csv: raw_instruments",
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
    return pair.fault is not None and pair.fault.code is ErrorCode.MAPPING_DUPLICATE_KEY


def _repeated_below(pair: Pair, line: int) -> Fault:
    return Fault(
        ErrorCode.MAPPING_DUPLICATE_KEY,
        f"The key {pair.key!r} is written twice; again in line {line}.",
        "Keep one of them.",
    )


def _checked(
    entries: list[tuple[_File, Written]],
) -> tuple[tuple[TableMapping, ...], list[MappingProblem]]:
    across = checks.check([written for _, written in entries])
    mappings: list[TableMapping] = []
    problems: list[MappingProblem] = []
    for index, (file, written) in enumerate(entries):
        found = (*written.findings, *across.get(index, ()))
        problems += [_finding_problem(file, written, finding) for finding in found]
        if written.mapping and not found:
            mappings.append(written.mapping)
    return checks.share_dag_keys(mappings), problems


def _finding_problem(file: _File, written: Written, finding: Finding) -> MappingProblem:
    detail = ErrorDetail(
        code=finding.code.value,
        message=finding.message,
        hint=finding.hint,
        file=file.shown,
        line=finding.place.line,
        column=finding.place.column,
        key_path=dotted(finding.path) or written.pair.key,
    )
    return _problem(detail, written.table, file.path, file.lines)


def _problem(
    detail: ErrorDetail, table: str | None, path: Path, lines: tuple[str, ...]
) -> MappingProblem:
    shown = ""
    if detail.line is not None and lines and detail.line > len(lines):
        # The parser sees a line end where the last line has none, and the problem behind it.
        detail = replace(detail, line=len(lines), column=len(lines[-1]) + 1)
    if detail.line is not None and isinstance(detail.column, int) and lines:
        shown = snippet(lines, detail.line, detail.column)
    return MappingProblem(detail=detail, table=table, path=path, snippet=shown)


def _nothing_below(root: Path, files: int) -> MappingProblem:
    why = f"{files} files hold none" if files else "no *.yaml or *.yml file"
    detail = ErrorDetail(
        code=ErrorCode.MAPPING_NONE_FOUND.value,
        message=f"There is no table mapping below this folder: {why}.",
        hint="Write one, for example: instruments_*.csv: raw_instruments",
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
