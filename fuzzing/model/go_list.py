"""Go files that name their data files, read once more: which they name, what they say of one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from airflow_landing_loader.config.mapping.model import GoFile
from airflow_landing_loader.exceptions import ErrorCode
from fuzzing.model import go_json
from fuzzing.model.go_names import Find, UnfitError
from fuzzing.model.go_text import (
    Said,
    column_finder,
    decoded,
    digest,
    digits_of,
    records_of,
    said_by,
    sums,
)

MOST = 1000
_Content = TypeVar("_Content")
Speaks = Callable[[GoFile, str, bool], Said]
"""What is said by some rules of the data file of a name, maybe whatever its case."""


def read(content: bytes, rules: GoFile) -> tuple[list[str], Speaks]:
    """The data files that a go file names, in order, and what it says of each.

    :raises UnfitError: it is to be refused, with this code.
    """
    text = decoded(content, rules.encoding or "utf-8")
    forms = {"csv": _csv, "json": _json, "checksum": _checksum}
    names, speaks = forms[rules.format](text, rules)
    if not names:
        raise UnfitError(ErrorCode.GO_FILE_NO_FILES)
    names = list(dict.fromkeys(names))
    if len(names) > MOST:
        raise UnfitError(ErrorCode.GO_FILE_UNREADABLE)
    return names, speaks


def _of(entries: list[tuple[str, _Content]], name: str, *, any_case: bool) -> list[_Content]:
    found = [content for each, content in entries if each == name]
    if not found and any_case:
        found = [content for each, content in entries if each.lower() == name.lower()]
    return found


def _agreed(found: list[_Content], wrong: ErrorCode) -> _Content:
    if not found:
        raise UnfitError(ErrorCode.GO_FILE_NO_LINE)
    if any(each != found[0] for each in found):
        raise UnfitError(wrong)
    return found[0]


def _csv(text: str, rules: GoFile) -> tuple[list[str], Speaks]:
    header, records = records_of(text, rules)
    missing = ErrorCode.GO_FILE_NO_KEY
    place: Any = rules.lists_files
    names = [column_finder(header, record)(place, missing, missing) for record in records]
    entries = list(zip(names, records, strict=True))

    def speaks(rules: GoFile, name: str, any_case: bool) -> Said:
        own = _of(entries, name, any_case=any_case)
        record = _agreed(own, ErrorCode.GO_FILE_BAD_COUNT)
        return said_by(column_finder(header, record), rules)

    return names, speaks


def _json(text: str, rules: GoFile) -> tuple[list[str], Speaks]:
    document, path = go_json.parsed(text), str(rules.lists_files)
    entries = [(_word(said), key) for key, said in go_json.entries(document, path)]

    def speaks(rules: GoFile, name: str, any_case: bool) -> Said:
        keys = _of(entries, name, any_case=any_case)
        return said_by(_beside(document, path, keys), rules)

    return [name for name, _ in entries], speaks


def _beside(document: Any, path: str, keys: list[tuple[int, ...]]) -> Find:
    """What stands in the same elements as the names at some keys."""

    def find(place: str | int, missing: ErrorCode, wrong: ErrorCode) -> str:
        same = go_json.shared(path, str(place))
        found = [
            said
            for own in keys
            for key, said in go_json.entries(document, str(place))
            if key[:same] == own[:same]
        ]
        return _word(_agreed(found, wrong), missing)

    return find


def _word(said: Any, missing: ErrorCode = ErrorCode.GO_FILE_NO_KEY) -> str:
    if said is None:
        raise UnfitError(missing)
    return said.text if isinstance(said, go_json.Number) else str(said)


def _checksum(text: str, _: GoFile) -> tuple[list[str], Speaks]:
    lines = sums(text)
    if not all(names for names, _ in lines):
        raise UnfitError(ErrorCode.GO_FILE_NO_KEY)
    entries = [(name, said) for (name,), said in lines]

    def speaks(_: GoFile, name: str, any_case: bool) -> Said:
        own = _of(entries, name, any_case=any_case)
        return Said(checksum=digest(digits_of(_agreed(own, ErrorCode.GO_FILE_BAD_CHECKSUM))))

    return [name for name, _ in entries], speaks
