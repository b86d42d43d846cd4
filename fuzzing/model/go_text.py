"""Go files, read once more by regular expressions."""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.model import GoFile
from airflow_landing_loader.exceptions import ErrorCode

_LINE_END = re.compile(r"\r\n|\n|\r")
_COMMENT = re.compile(r"[ \t]*[#!]")
_PROPERTY = re.compile(r"[ \t]*([^=:]*?)[ \t]*[=:][ \t]*(.*?)[ \t]*", re.DOTALL)
_FIELD = re.compile(
    r'(?:[ \t]*"(?P<quoted>(?:[^"]|"")*)"|(?![ \t]*")(?P<plain>[^,]*?))[ \t]*(?:,|\Z)'
)
_FITS = re.compile(r"a_.*\.(?:csv|go)", re.DOTALL)
_CSV = re.compile(r".*\.csv", re.DOTALL)
_FILE_KEYS = ("file", "filename", "datafile", "datafilename", "name")
_COUNT = re.compile(r"0*([0-9]{1,19})")


@dataclass(frozen=True)
class Said:
    """What a go file says."""

    count: int
    status: str | None


class UnfitError(Exception):
    """It says nothing that can be used."""

    def __init__(self, code: ErrorCode) -> None:
        self.code = code


def read(content: bytes, rules: GoFile, data_name: str) -> Said:
    """Read a go file.

    :param content: up to a mebibyte.
    :param data_name: the data file's name.
    :raises UnfitError: it is to be refused, with this code.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnfitError(ErrorCode.GO_FILE_UNREADABLE) from error
    if "\0" in text:
        raise UnfitError(ErrorCode.GO_FILE_UNREADABLE)
    lines = _LINE_END.split(text[:-1] if text.endswith("\x1a") else text)
    values = _properties if rules.format == "properties" else _columns
    count, status = values(lines, rules, data_name)
    matched = _COUNT.fullmatch(count)
    if matched is None or int(matched[1]) >= 2**63:
        raise UnfitError(ErrorCode.GO_FILE_BAD_COUNT)
    if status is not None and status not in rules.status_ok:
        raise UnfitError(ErrorCode.GO_FILE_BAD_STATUS)
    return Said(int(matched[1]), status)


def _names(texts: list[str]) -> list[str]:
    return [re.split(r"[/\\]", text.strip(" \t\"'`"))[-1].casefold() for text in texts]


def _other(texts: list[str], other: re.Pattern[str]) -> bool:
    """Whether one names another file than ``a_1.csv`` and ``a_1.go``."""
    names = _names(texts)
    return any(other.fullmatch(name) and name not in ("a_1.csv", "a_1.go") for name in names)


def _properties(lines: list[str], rules: GoFile, _: str) -> tuple[str, str | None]:
    found: dict[str, set[str]] = {}
    for line in lines:
        pair = None if _COMMENT.match(line) else _PROPERTY.fullmatch(line)
        if pair is not None:
            found.setdefault(pair[1], set()).add(pair[2])
    values = [value for several in found.values() for value in several]
    is_file = {key: re.sub(r"[\W\d_]", "", key).casefold() in _FILE_KEYS for key in found}
    named = [value for key, several in found.items() if is_file[key] for value in several]
    if "a_1.csv" not in _names(values) and (_other(values, _FITS) or _other(named, _CSV)):
        raise UnfitError(ErrorCode.GO_FILE_OTHER_FILE)
    count = _one(found.get(str(rules.row_count_key)), ErrorCode.GO_FILE_BAD_COUNT)
    if count is None:
        raise UnfitError(ErrorCode.GO_FILE_NO_KEY)
    if rules.status_key is None:
        return count, None
    status = _one(found.get(rules.status_key), ErrorCode.GO_FILE_BAD_STATUS)
    if status is None:
        raise UnfitError(ErrorCode.GO_FILE_BAD_STATUS)
    return count, status


def _one(values: set[str] | None, code: ErrorCode) -> str | None:
    """The one value, ``None`` without any."""
    if values is not None and len(values) > 1:
        raise UnfitError(code)
    return next(iter(values)) if values else None


def _columns(lines: list[str], rules: GoFile, data_name: str) -> tuple[str, str | None]:
    records = [_fields(line) for line in lines if line.strip(" \t")]
    header: list[str] = []
    if isinstance(rules.row_count_column, str) or isinstance(rules.status_column, str):
        header, records = (records[0], records[1:]) if records else ([], [])
    naming = [record for record in records if data_name in record]
    if any(record != naming[0] for record in naming):
        raise UnfitError(ErrorCode.GO_FILE_BAD_COUNT)
    if not naming and len(records) != 1:
        raise UnfitError(ErrorCode.GO_FILE_NO_LINE)
    record = naming[0] if naming else records[0]
    own = naming or "a_1.csv" in _names(record)
    if not own and (_other(record, _FITS) or _other(record, _CSV)):
        raise UnfitError(ErrorCode.GO_FILE_OTHER_FILE)
    count = _column(record, header, rules.row_count_column, ErrorCode.GO_FILE_NO_KEY)
    if rules.status_column is None:
        return count, None
    return count, _column(record, header, rules.status_column, ErrorCode.GO_FILE_BAD_STATUS)


def _fields(line: str) -> list[str]:
    fields, at = [], 0
    while True:
        field = _FIELD.match(line, at)
        if field is None:
            raise UnfitError(ErrorCode.GO_FILE_UNREADABLE)
        quoted = field["quoted"]
        text = field["plain"] if quoted is None else quoted.replace('""', '"')
        fields.append(text.strip(" \t"))
        at = field.end()
        if not field[0].endswith(",") or at > len(line):
            return fields


def _column(record: list[str], header: list[str], column: int | str | None, code: ErrorCode) -> str:
    if isinstance(column, str):
        if header.count(column) != 1:
            raise UnfitError(code)
        column = header.index(column) + 1
    if column is None or column > len(record):
        raise UnfitError(code)
    return record[column - 1]
