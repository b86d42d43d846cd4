"""Reads a tree of mapping files: every good mapping, and every problem of every file at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from airflow_landing_loader.config.mapping import checks
from airflow_landing_loader.config.mapping.dag_ids import dag_id_of, may_feed, words_of
from airflow_landing_loader.config.mapping.mapping_set import MappingProblem, MappingSet
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.written import Written, read_pair
from airflow_landing_loader.config.yaml import files as tree
from airflow_landing_loader.config.yaml import parser
from airflow_landing_loader.config.yaml.findings import Finding, dotted
from airflow_landing_loader.config.yaml.nodes import Fault, MapNode, Node, Pair
from airflow_landing_loader.config.yaml.snippet import snippet
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, ErrorDetail

__all__ = ["MappingProblem", "MappingSet", "read_mappings", "read_mappings_of_dag"]


# A buffer for the largest file allowed costs more than reading the usual one.
_FIRST_READ = 64 * 1024


@dataclass(frozen=True)
class _File:
    """One mapping file with what is in it, or why that cannot be read."""

    found: tree.Found
    data: bytes = b""
    error: ConfigurationError | None = None

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its lines as the parser counts them, whatever bytes it holds."""
        return parser.lines_of(self.data.decode("utf-8-sig", "replace"))


@dataclass(frozen=True)
class _Parsed:
    """The mappings of one file, or what is wrong with the file as a whole."""

    file: _File
    written: tuple[Written, ...] = ()
    problem: MappingProblem | None = None


def read_mappings(root: Path) -> MappingSet:
    """Read all mappings below a folder and check them alone and against each other.

    Nothing that stands in a file, nor a file or folder that cannot be read, raises: it becomes a
    :class:`MappingProblem`, and the other mappings, of the same file too, are read.

    :param root: folder whose ``*.yaml`` and ``*.yml`` files are read, in any depth.
    :returns: mappings and problems, in order of file and line.
    """
    files = _files(root)
    mappings, problems = _checked([_parsed(file) for file in files])
    if not mappings and not problems:
        problems.append(_nothing_below(root, len(files)))
    order = {file.found.path: position for position, file in enumerate(files)}
    problems.sort(key=lambda problem: _position(problem, order))
    return MappingSet(mappings, tuple(problems))


def read_mappings_of_dag(root: Path, dag_id: str, *, tables: int = 0) -> MappingSet | None:
    """Read the mappings of one DAG, and of others only what lies in the same files.

    They are as :func:`read_mappings` would give them, but for this: nobody looks whether a mapping
    of another table claims the same files. So it is not for deciding which files are taken.

    :param root: as in :func:`read_mappings`.
    :param dag_id: id of a table's DAG.
    :param tables: other files are read, too, until so many tables are known.
    :returns: ``None`` if there are no such mappings, or something is wrong with them: all
        mappings have to be read then.
    """
    words = words_of(dag_id)
    parsed: list[_Parsed] = []
    others: list[_File] = []
    for file in _files(root):
        if may_feed(file.data, words):
            parsed.append(_parsed(file))
        else:
            others.append(file)
    for file in others:
        if len(_tables(parsed)) >= tables:
            break
        parsed.append(_parsed(file))
    mappings, problems = _checked(parsed)
    if any(problem.table and dag_id_of(problem.table) == dag_id for problem in problems):
        return None
    if not any(mapping.dag_id == dag_id for mapping in mappings):
        return None
    return MappingSet(mappings, tuple(problems))


def _tables(parsed: list[_Parsed]) -> set[str]:
    return {written.table for one in parsed for written in one.written if written.table}


def _files(root: Path) -> list[_File]:
    return [_read_file(found) for found in tree.walk(root)]


def _read_file(found: tree.Found) -> _File:
    try:
        if found.error:
            raise found.error
        return _File(found, _bytes(found.path))
    except ConfigurationError as error:
        return _File(found, error=error)


def _parsed(file: _File) -> _Parsed:
    shown = file.found.shown
    try:
        if file.error:
            raise file.error
        pairs = _pairs(parser.parse(parser.decode(file.data)))
        return _Parsed(file, tuple(read_pair(pair, shown) for pair in pairs))
    except ConfigurationError as error:
        detail = replace(error.detail, file=shown)
        return _Parsed(file, problem=_problem(detail, None, file))


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(_FIRST_READ)
            if len(data) == _FIRST_READ:
                data += file.read(parser.MAX_BYTES + 1 - _FIRST_READ)
    except OSError as error:
        raise tree.unreadable(error) from error
    if len(data) > parser.MAX_BYTES:
        raise ConfigurationError(
            ErrorCode.CONFIG_UNREADABLE,
            f"The file is larger than {parser.MAX_BYTES} bytes.",
            hint="Split it into several files.",
        )
    return data


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


def _checked(parsed: list[_Parsed]) -> tuple[tuple[TableMapping, ...], list[MappingProblem]]:
    problems = [one.problem for one in parsed if one.problem]
    entries = [(one.file, written) for one in parsed for written in one.written]
    across = checks.check([written for _, written in entries])
    mappings: list[TableMapping] = []
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
        file=file.found.shown,
        line=finding.place.line,
        column=finding.place.column,
        key_path=dotted(finding.path) or written.pair.key,
    )
    return _problem(detail, written.table, file)


def _problem(detail: ErrorDetail, table: str | None, file: _File) -> MappingProblem:
    shown = ""
    if detail.line is not None and file.data:
        lines = file.lines
        if detail.line > len(lines):
            # The parser sees a line end where the last line has none, and the problem behind it.
            detail = replace(detail, line=len(lines), column=len(lines[-1]) + 1)
        if isinstance(detail.column, int):
            shown = snippet(lines, detail.line or 1, detail.column)
    return MappingProblem(detail=detail, table=table, path=file.found.path, snippet=shown)


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
