"""JSON go files, read once more by Python's own reader."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from airflow_landing_loader.exceptions import ErrorCode
from fuzzing.model.go_names import CSV, FITS, OWN, Find, UnfitError, names, of_file, other, own

_NOTHING = object()
_STEP = re.compile(r"\.([\w-]+)|\['([^']+)'\]|\[([0-9]+)\]|(\[\*\])")


@dataclass(frozen=True)
class Number:
    """A number as it is written."""

    text: str


def parsed(text: str) -> Any:
    """The document; numbers as they are written."""
    try:
        document = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=Number,
            parse_float=Number,
            parse_constant=_no_number,
        )
        json.dumps(document, ensure_ascii=False, default=str).encode()
    except (ValueError, RecursionError) as error:
        raise UnfitError(ErrorCode.GO_FILE_UNREADABLE) from error
    if _depth(document) > 50:
        raise UnfitError(ErrorCode.GO_FILE_UNREADABLE)
    return document


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name twice")
    return dict(pairs)


def _no_number(word: str) -> None:
    raise ValueError(word)


def _depth(value: Any) -> int:
    return max((1 + _depth(child) for _, child in _inside(value)), default=0)


def _inside(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return list(value.items())
    return [("", item) for item in value] if isinstance(value, list) else []


def reader(text: str) -> Find:
    """What finds the value at a path."""
    document = parsed(text)

    def find(path: str | int, missing: ErrorCode, wrong: ErrorCode) -> str:
        ways: list[tuple[list[str], Any]] = [([], document)]
        for step in _STEP.finditer(str(path)):
            ways = [further for way in ways for further in _taken(*way, step)]
        said = own([(texts, _said(value)) for texts, value in ways], wrong)
        if isinstance(said, bool):
            return "true" if said else "false"
        if isinstance(said, Number):
            return said.text
        if not isinstance(said, str):
            raise UnfitError(missing)
        return said

    return find


def entries(document: Any, path: str) -> list[tuple[tuple[int, ...], Any]]:
    """All that a path leads to: which of each array or object was gone through, and what is there.

    A text, a number as it is written, or ``None``.
    """
    ways: list[tuple[tuple[int, ...], Any]] = [((), document)]
    for step in _STEP.finditer(path):
        further = []
        for key, value in ways:
            taken = [child for _, child in _taken([], value, step)]
            every = bool(step[4]) and value is not _NOTHING
            further += [((*key, n) if every else key, each) for n, each in enumerate(taken)]
        ways = further
    return [(key, _text_of(_said(value))) for key, value in ways]


def shared(path: str, other: str) -> int:
    """How many ``[*]`` two paths have in common from their beginning on."""
    steps = [[step[0] for step in _STEP.finditer(each)] for each in (path, other)]
    number = 0
    for one, two in zip(*steps, strict=False):
        if one != two:
            break
        number += one == "[*]"
    return number


def _text_of(said: Any) -> Any:
    if isinstance(said, bool):
        return Number("true" if said else "false")
    return said


def _said(value: Any) -> Any:
    return None if isinstance(value, dict | list) or value is _NOTHING else value


def _taken(texts: list[str], value: Any, step: re.Match[str]) -> Iterator[tuple[list[str], Any]]:
    if value is _NOTHING:
        yield texts, _NOTHING
    elif step[4]:
        for name, child in _inside(value):
            said = [each for _, each in [("", child), *_inside(child)] if isinstance(each, str)]
            yield [*texts, name, *said], child
    elif step[3]:
        items = dict(enumerate(value)) if isinstance(value, list) else {}
        yield texts, items.get(int(step[3]), _NOTHING)
    else:
        members = value if isinstance(value, dict) else {}
        yield texts, members.get(step[1] or step[2], _NOTHING)


def _texts(value: Any, key: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value
    for name, child in _inside(value):
        yield "", name
        yield from _texts(child, name or key)


def require_own_name(text: str) -> None:
    """Refuse a document that names another file, and this one nowhere."""
    found = list(_texts(parsed(text), ""))
    texts, named = [text for _, text in found], [text for key, text in found if of_file(key)]
    if OWN not in names(texts) and (other(texts, FITS) or other(named, CSV)):
        raise UnfitError(ErrorCode.GO_FILE_OTHER_FILE)
