"""The places in a go file where values may stand: keys, columns, paths."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_landing_loader.config.mapping.json_path import is_json_path
from airflow_landing_loader.landing.control.go_file.at_hand import Hand
from airflow_landing_loader.landing.control.go_file.json_text import Array, Object, Value, parse
from airflow_landing_loader.landing.control.go_file.text import LINE_END

Place = str | int
_DELIMITERS = ("|", ";", "\t", ",")
_KEY = re.compile(r"\s*([^=:#!\s][^=:]*?)\s*[=:]")
_PLAIN_NAME = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_MOST = 60
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Form:
    """A way to read go files, and the places that it has.

    :param keys: keys of ``go_file`` that say it.
    :param places: each with the words that say what it may be.
    """

    keys: tuple[tuple[str, Any], ...]
    places: tuple[tuple[Place, str], ...]

    @property
    def name(self) -> str:
        """The go file's ``format``."""
        return str(dict(self.keys)["format"])


def forms_of(text: str, hand: Hand, own_name: str) -> Iterator[Form]:
    """The forms that a go file may have, the likeliest first.

    :param text: of one go file.
    :param hand: for the errors of a form that it has not.
    :param own_name: of its data file.
    :raises TerminalError: the text begins as JSON does, and is none.
    """
    lines = [line for line in LINE_END.split(text) if line.strip()]
    if text.lstrip().startswith(("{", "[")):
        paths = dict.fromkeys(_paths(parse(text, hand), "$", own_name, 0))
        yield Form((("format", "json"),), tuple((path, path) for path in [*paths][:_MOST]))
        return
    yield Form((("format", "checksum"),), ())
    said = [line for line in lines if line.lstrip()[0] not in "#!"]
    keys = [match[1] if (match := _KEY.match(line)) else None for line in said]
    if keys and all(keys):
        named = tuple((key, key) for key in dict.fromkeys(keys) if key)
        yield Form((("format", "properties"),), named[:_MOST])
    yield from _csv(lines)


def _csv(lines: Sequence[str]) -> Iterator[Form]:
    if not lines:
        return
    delimiter = max(
        _DELIMITERS, key=lambda one: (min(line.count(one) for line in lines), one == ",")
    )
    fields = [[field.strip().strip('"') for field in line.split(delimiter)] for line in lines]
    keys: tuple[tuple[str, Any], ...] = (("format", "csv"),)
    if delimiter != "," and delimiter in lines[0]:
        keys += (("delimiter", delimiter),)
    columns = range(1, min(map(len, fields)) + 1)
    by_position = Form(keys, tuple((at, "") for at in columns)[:_MOST])
    header = fields[0]
    if len(lines) == 1 or len(set(header)) < len(header):
        yield by_position
        return
    by_name = Form(keys, tuple((name, name) for name in header if name)[:_MOST])
    # What has digits is a header seldom: it may be the first line of values.
    yield from (by_position, by_name) if any(map(_has_digit, header)) else (by_name, by_position)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _paths(value: Value, path: str, own_name: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(value, Object):
        named = [name for name, _ in value.members]
        for name, child in value.members:
            step = f".{name}" if _PLAIN_NAME.fullmatch(name) else f"['{name}']"
            yield from _paths(
                child, path + ("[*]" if own_name in named else step), own_name, depth + 1
            )
    elif isinstance(value, Array):
        for child in value.items:
            yield from _paths(child, f"{path}[*]", own_name, depth + 1)
    elif is_json_path(path) and path != "$":
        yield path
