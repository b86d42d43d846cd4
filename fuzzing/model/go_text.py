"""Go files, read once more by regular expressions."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from airflow_landing_loader.config.mapping.model import GoFile
from airflow_landing_loader.exceptions import ErrorCode
from fuzzing.model import go_json, go_properties
from fuzzing.model.go_names import FITS, Find, UnfitError, other, own

_LINE_END = re.compile(r"\r\n|\n|\r")
_COUNT = re.compile(r"0*([0-9]{1,19})")
_HEX = re.compile(r"[0-9a-fA-F]+")
_LENGTHS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_CHECKSUM = re.compile(
    r"(?P<bare>[0-9a-fA-F]+)"
    r"|(?P<escaped>\\?)(?P<gnu>[0-9a-fA-F]+)(?: [ *]|[ \t]+)(?P<name>.+)"
    r"|\\?(?P<word>[A-Za-z0-9-]+) ?\((?P<named>.+)\) ?= ?(?P<bsd>[0-9a-fA-F]+)"
)


@dataclass(frozen=True)
class Said:
    """What a go file says of a data file."""

    count: int | None = None
    status: str | None = None
    checksum: tuple[str, str] | None = None
    size: int | None = None
    day: str | None = None
    number: int | None = None


def read(content: bytes, rules: GoFile) -> Said:
    """Read the go file of ``a_1.csv``, which is ``a_1.go``.

    :param content: up to a mebibyte.
    :raises UnfitError: it is to be refused, with this code.
    """
    if rules.format == "presence":
        text = content.decode("utf-8-sig", "replace").strip()
        if len(content) <= 4096 and len(_LINE_END.split(text)) == 1 and other([text], FITS):
            raise UnfitError(ErrorCode.GO_FILE_OTHER_FILE)
        return Said()
    text = decoded(content, rules.encoding or "utf-8")
    if rules.format == "checksum":
        return Said(checksum=digest(_sums(text)))
    if rules.format == "properties":
        find = go_properties.reader(text)
    elif rules.format == "json":
        find = go_json.reader(text)
    else:
        header, records = records_of(text, rules)
        wrong = ErrorCode.GO_FILE_BAD_COUNT
        find = column_finder(header, own([(record, record) for record in records], wrong))
    require = partial(go_json.require_own_name, text) if rules.format == "json" else None
    return said_by(find, rules, require)


def said_by(find: Find, rules: GoFile, require: Callable[[], None] | None = None) -> Said:
    """What stands in the places of the rules.

    :param find: what stands in a place.
    :param require: refuses what is found, before it is looked at.
    """

    def found(
        place: str | int | None, wrong: ErrorCode, missing: ErrorCode = ErrorCode.GO_FILE_NO_KEY
    ) -> str | None:
        return None if place is None else find(place, missing, wrong)

    count = found(rules.count_place, ErrorCode.GO_FILE_BAD_COUNT)
    bad_status = ErrorCode.GO_FILE_BAD_STATUS
    status = found(rules.status_place, bad_status, bad_status)
    checksum = found(rules.checksum, ErrorCode.GO_FILE_BAD_CHECKSUM)
    size = found(rules.size, ErrorCode.GO_FILE_BAD_SIZE)
    day = found(rules.business_date, ErrorCode.GO_FILE_BAD_DATE)
    counted = found(rules.sequence_number, ErrorCode.GO_FILE_BAD_NUMBER)
    if require is not None:
        require()
    number = None if count is None else _number(count, ErrorCode.GO_FILE_BAD_COUNT)
    if status is not None and status not in rules.status_ok:
        raise UnfitError(bad_status)
    return Said(
        count=number,
        status=status,
        checksum=None if checksum is None else digest(checksum),
        size=None if size is None else _number(size, ErrorCode.GO_FILE_BAD_SIZE),
        day=None if day is None else _day(day),
        number=None if counted is None else _number(counted, ErrorCode.GO_FILE_BAD_NUMBER),
    )


def decoded(content: bytes, encoding: str) -> str:
    """Its text."""
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        raise UnfitError(ErrorCode.GO_FILE_UNREADABLE) from error
    marks = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
    if any(content.startswith(mark) and encoding != of for mark, of in marks) or "\0" in text:
        raise UnfitError(ErrorCode.GO_FILE_UNREADABLE)
    text = text.lstrip("\ufeff")
    return text[:-1] if text.endswith("\x1a") else text


def _number(text: str, code: ErrorCode) -> int:
    matched = _COUNT.fullmatch(text)
    if matched is None or int(matched[1]) >= 2**63:
        raise UnfitError(code)
    return int(matched[1])


def digest(text: str) -> tuple[str, str]:
    """Algorithm and digits of a checksum."""
    if len(text) not in _LENGTHS or not _HEX.fullmatch(text):
        raise UnfitError(ErrorCode.GO_FILE_BAD_CHECKSUM)
    return _LENGTHS[len(text)], text.lower()


def _day(text: str) -> str:
    for form in ("%Y-%m-%d", "%Y%m%d"):
        try:
            day = datetime.strptime(text, form)  # noqa: DTZ007
        except ValueError:
            continue
        if text.isascii() and text == day.strftime(form).rjust(len(text), "0"):
            return day.date().isoformat()
    raise UnfitError(ErrorCode.GO_FILE_BAD_DATE)


def _sums(text: str) -> str:
    return digits_of(own(sums(text), ErrorCode.GO_FILE_BAD_CHECKSUM))


def sums(text: str) -> list[tuple[list[str], tuple[str, str]]]:
    """Of each line the name, if it has one, and its digits with the algorithm that it names."""
    lines = _LINE_END.split(text)
    said: list[tuple[list[str], tuple[str, str]]] = []
    for line in (line.strip(" \t") for line in lines):
        if not line or line[0] in "#;":
            continue
        form = _CHECKSUM.fullmatch(line)
        if form is None:
            raise UnfitError(ErrorCode.GO_FILE_BAD_CHECKSUM)
        name = form["name"] or form["named"]
        if name and line.startswith("\\"):
            name = re.sub(r"\\(.)", lambda e: {"n": "\n", "r": "\r"}.get(e[1], e[1]), name)
        word = (form["word"] or "").lower().replace("sha2-", "sha").replace("-", "")
        digits = form["bare"] or form["gnu"] or form["bsd"]
        said.append(([name] if name else [], (digits.lower(), word)))
    return said


def digits_of(said: tuple[str, str]) -> str:
    """The digits, unless the line names another algorithm than they are of."""
    digits, word = said
    if word and len(digits) in _LENGTHS and _LENGTHS[len(digits)] != word:
        raise UnfitError(ErrorCode.GO_FILE_BAD_CHECKSUM)
    return digits


def records_of(text: str, rules: GoFile) -> tuple[list[str], list[list[str]]]:
    """Header, if there is to be one, and the other lines of a csv go file."""
    lines = _LINE_END.split(text)
    sign = rules.delimiter or ","
    blanks = " \t".replace(sign, "")
    records = [_fields(line, sign, blanks) for line in lines if line.strip(blanks)]
    header: list[str] = []
    if rules.has_header:
        header, records = (records[0], records[1:]) if records else ([], [])
    return header, records


def column_finder(header: list[str], record: list[str]) -> Find:
    """What finds the field in a column."""

    def find(column: str | int, missing: ErrorCode, _: ErrorCode) -> str:
        if isinstance(column, str):
            if header.count(column) != 1:
                raise UnfitError(missing)
            column = header.index(column) + 1
        if column > len(record):
            raise UnfitError(missing)
        return record[column - 1]

    return find


def _fields(line: str, sign: str, blanks: str) -> list[str]:
    field_form = re.compile(
        rf'(?:[{blanks}]*"(?P<quoted>(?:[^"]|"")*)"|(?![{blanks}]*")(?P<plain>[^{sign}]*?))'
        rf"[{blanks}]*(?:[{sign}]|\Z)"
    )
    fields, at = [], 0
    while True:
        field = field_form.match(line, at)
        if field is None:
            raise UnfitError(ErrorCode.GO_FILE_UNREADABLE)
        quoted = field["quoted"]
        text = field["plain"] if quoted is None else quoted.replace('""', '"')
        fields.append(text.strip(blanks))
        at = field.end()
        if not field[0].endswith(sign) or at > len(line):
            return fields
