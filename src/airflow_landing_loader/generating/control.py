"""Go files of every form, with all that a mapping asks of them in its place."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from airflow_landing_loader.config.mapping.json_path import Every, Step, steps_of
from airflow_landing_loader.config.mapping.proof import GoFile

_OF_KEY = re.compile(r"[\\=: \t#!]")
_FILLER = "-"
_ALGORITHMS = {"md5": "md5", "sha1": "sha1", "sha512": "sha512"}


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What a go file says.

    :param name: of the data file that it names.
    :param count: as the sender counts, headers and trailers included where he does so.
    :param content: bytes of the data file of which it tells size and digest.
    """

    name: str
    count: int
    content: bytes
    day: date
    status: str | None = None
    size: int | None = None
    hexdigest: str | None = None


def go_file(rules: GoFile, go_name: str, promise: Promise) -> bytes:
    """The bytes of a go file."""
    if rules.format == "presence":
        return b""
    algorithm = _algorithm(go_name) if rules.format == "checksum" else "sha256"
    digest = (
        promise.hexdigest
        or hashlib.new(algorithm, promise.content, usedforsecurity=False).hexdigest()
    )
    if rules.format == "checksum":
        text = f"{digest}  {promise.name}\n"
    else:
        text = _TEXTS[rules.format](rules, promise.name, _values(rules, promise, digest))
    return text.encode(rules.encoding or "utf-8")


def _algorithm(go_name: str) -> str:
    ending = go_name.rpartition(".")[2].casefold().removesuffix("sum")
    return _ALGORITHMS.get(ending, "sha256")


def _values(rules: GoFile, promise: Promise, digest: str) -> dict[str | int, str | int]:
    """What stands in each place."""
    size = len(promise.content) if promise.size is None else promise.size
    said: tuple[tuple[str | int | None, str | int], ...] = (
        (rules.count_place, promise.count),
        (rules.status_place, promise.status or rules.status_ok[0]),
        (rules.checksum, digest),
        (rules.size, size),
        (rules.business_date, promise.day.isoformat()),
    )
    return {place: value for place, value in said if place is not None}


def _properties(rules: GoFile, name: str, values: Mapping[str | int, str | int]) -> str:
    del rules
    lines = [f"{_OF_KEY.sub(_escaped, str(key))}={value}" for key, value in values.items()]
    return "\n".join(["# written by a sender", f"file={name}", *lines]) + "\n"


def _escaped(sign: re.Match[str]) -> str:
    return f"\\{sign[0]}"


def _csv(rules: GoFile, name: str, values: Mapping[str | int, str | int]) -> str:
    positions = [place for place in values if isinstance(place, int)]
    width = max([*positions, len(values)]) + 1
    fields, names = [_FILLER] * width, [f"c{at}" for at in range(1, width + 1)]
    free = [at for at in range(width) if at + 1 not in positions]
    for place, value in values.items():
        at = place - 1 if isinstance(place, int) else free.pop(0)
        fields[at] = _quoted(str(value), rules)
        names[at] = _quoted(str(place), rules) if isinstance(place, str) else names[at]
    fields[free[0]] = _quoted(name, rules)
    delimiter = rules.delimiter or ","
    lines = [delimiter.join(names)] if rules.has_header else []
    return "\n".join([*lines, delimiter.join(fields)]) + "\n"


def _quoted(text: str, rules: GoFile) -> str:
    if (rules.delimiter or ",") in text or '"' in text:
        return '"{}"'.format(text.replace('"', '""'))
    return text


def _json(rules: GoFile, name: str, values: Mapping[str | int, str | int]) -> str:
    del rules
    document: Any = None
    for path, value in values.items():
        document = _with(document, [*steps_of(str(path))], value, name)
    if isinstance(document, dict) and not any("[*]" in str(path) for path in values):
        document.setdefault("file", name)
    return json.dumps(document, indent=1) + "\n"


def _with(into: Any, steps: list[Step], value: str | int, name: str) -> Any:
    """A document with a value at the end of a path; what the path goes through is made."""
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        members = into if isinstance(into, dict) else {}
        members[step] = _with(members.get(step), rest, value, name)
        return members
    items = into if isinstance(into, list) else []
    at = 0 if isinstance(step, Every) else step
    items += [None] * (at + 1 - len(items))
    items[at] = _with(items[at], rest, value, name)
    if isinstance(step, Every) and isinstance(items[at], dict):
        items[at].setdefault("name", name)
    return items


_TEXTS = {"properties": _properties, "csv": _csv, "json": _json}
