"""The YAML files below a folder, each with its bytes or why those cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from airflow_landing_loader.config.yaml import files as tree
from airflow_landing_loader.config.yaml import parser
from airflow_landing_loader.config.yaml.findings import Finding, dotted
from airflow_landing_loader.config.yaml.nodes import Node
from airflow_landing_loader.config.yaml.snippet import snippet
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, ErrorDetail, shown

# A buffer for the largest file allowed costs more than reading the usual one.
_FIRST_READ = 64 * 1024


@dataclass(frozen=True)
class YamlFile:
    """One file with what is in it, or why that cannot be read."""

    found: tree.Found
    data: bytes = b""
    error: ConfigurationError | None = None

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Its lines as the parser counts them, whatever bytes it holds."""
        return parser.lines_of(self.data.decode("utf-8-sig", "replace"))

    def root(self) -> Node | None:
        """Its top-level node; ``None`` if there is nothing in it.

        :raises ConfigurationError: it cannot be read, or is not YAML.
        """
        if self.error:
            raise self.error
        return parser.parse(parser.decode(self.data))


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One reason why a document, a file or the whole tree cannot be used.

    :param detail: code, message, hint; ``file`` is relative to the root, ``line`` and ``column``
        count from 1, ``key_path`` is the key inside its document (``go_file.row_count_key``).
    :param path: the file (or folder) at fault.
    :param snippet: the offending line with a caret under the column; ``""`` without a line.
    """

    detail: ErrorDetail
    path: Path
    snippet: str = ""

    def render(self) -> str:
        """Several lines of text for a person: code, place, message; the line; what to do."""
        parts = [self.detail.sentence()]
        if self.snippet:
            parts.append(self.snippet)
        if self.detail.hint:
            parts.append(shown(f"  Hint: {self.detail.hint}"))
        return "\n".join(parts)


def read_files(root: Path) -> list[YamlFile]:
    """Read the files below a folder, in order of their names; nothing of them raises."""
    return [_read_file(found) for found in tree.walk(root)]


def problem_of(finding: Finding, document: str, file: YamlFile) -> Problem:
    """A finding in a file as what people are told.

    :param document: what is named when the finding is about the document itself.
    """
    detail = ErrorDetail(
        code=finding.code.value,
        message=finding.message,
        hint=finding.hint,
        file=file.found.shown,
        line=finding.place.line,
        column=finding.place.column,
        key_path=dotted(finding.path) or document,
    )
    return problem_in(detail, file)


def problem_in(detail: ErrorDetail, file: YamlFile) -> Problem:
    """What is wrong in a file, with the line where it stands."""
    told = ""
    if detail.line is not None and file.data:
        lines = file.lines
        if detail.line > len(lines):
            # The parser sees a line end where the last line has none, and the problem behind it.
            detail = replace(detail, line=len(lines), column=len(lines[-1]) + 1)
        if isinstance(detail.column, int):
            told = snippet(lines, detail.line or 1, detail.column)
    return Problem(detail=detail, path=file.found.path, snippet=told)


def _read_file(found: tree.Found) -> YamlFile:
    try:
        if found.error:
            raise found.error
        return YamlFile(found, _bytes(found.path))
    except ConfigurationError as error:
        return YamlFile(found, error=error)


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
