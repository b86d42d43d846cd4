"""Go files of every form, with all that a mapping asks of them in its place."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from airflow_landing_loader.config.mapping.json_path import Every, Step, steps_of
from airflow_landing_loader.config.mapping.proof import GoFile
from airflow_landing_loader.config.mapping.totals import places_of
from airflow_landing_loader.generating.totals import Told

_OF_KEY = re.compile(r"[\\=: \t#!]")
_FILLER = "-"
_ALGORITHMS = {"md5": "md5", "sha1": "sha1", "sha512": "sha512"}


@dataclass(frozen=True, kw_only=True)
class Promise:
    """What a go file says.

    :param name: of the data file that it names.
    :param count: as the sender counts, headers and trailers included where he does so.
    :param content: bytes of the data file of which it tells size and digest.
    :param number: by which the data file is counted.
    """

    name: str
    count: int
    content: bytes
    day: date
    number: int
    status: str | None = None
    size: int | None = None
    hexdigest: str | None = None
    totals: Mapping[str | int, Told] = field(default_factory=dict)


Value = str | int | float
Values = dict[str | int, Value]


@dataclass(frozen=True, slots=True)
class _Entry:
    """What is said of one data file, each value at its place."""

    name: str
    values: Values


def go_file(rules: GoFile, go_name: str, promises: Sequence[Promise]) -> bytes:
    """The bytes of a go file.

    :param promises: one; of each data file, where ``lists_files`` says that it names them.
    """
    algorithm = _algorithm(go_name) if rules.format == "checksum" else "sha256"
    digests = [
        one.hexdigest or hashlib.new(algorithm, one.content, usedforsecurity=False).hexdigest()
        for one in promises
    ]
    each = list(zip(promises, digests, strict=True))
    if rules.format == "checksum":
        text = "".join([f"{digest}  {one.name}\n" for one, digest in each])
    else:
        entries = [_Entry(one.name, _values(rules, one, digest)) for one, digest in each]
        text = _TEXTS[rules.format](rules, entries)
    return text.encode(rules.encoding or "utf-8")


def takes_several(rules: GoFile) -> bool:
    """Whether a go file can say of each of several data files what is right for it.

    In JSON what does not stand beside a name is said of all.
    """
    if not rules.lists or rules.format != "json":
        return rules.lists
    steps = list(steps_of(str(rules.lists_files)))
    if Every() not in steps:
        return False
    beside = steps[: steps.index(Every()) + 1]
    totals = [found.place for found in places_of(rules.totals)]
    own = [place for place in (rules.checksum, rules.size, *totals) if place is not None]
    return all(list(steps_of(str(place)))[: len(beside)] == beside for place in own)


def _algorithm(go_name: str) -> str:
    ending = go_name.rpartition(".")[2].casefold().removesuffix("sum")
    return _ALGORITHMS.get(ending, "sha256")


def _values(rules: GoFile, promise: Promise, digest: str) -> Values:
    """What stands in each place."""
    size = len(promise.content) if promise.size is None else promise.size
    named = None if rules.lists_files is True else rules.lists_files
    in_json = rules.format == "json"
    said: tuple[tuple[str | int | None, Value], ...] = (
        (named, promise.name),
        (rules.count_place, promise.count),
        (rules.status_place, promise.status or rules.status_ok[0]),
        (rules.checksum, digest),
        (rules.size, size),
        (rules.business_date, promise.day.isoformat()),
        (rules.sequence_number, promise.number),
        *((place, _total(total, in_json=in_json)) for place, total in promise.totals.items()),
    )
    return {place: value for place, value in said if place is not None}


def _total(total: Told, *, in_json: bool) -> Value:
    return total.number if in_json and total.number is not None else total.text


def _properties(rules: GoFile, entries: Sequence[_Entry]) -> str:
    del rules
    (entry,) = entries
    lines = [f"{_OF_KEY.sub(_escaped, str(key))}={value}" for key, value in entry.values.items()]
    return "\n".join(["# written by a sender", f"file={entry.name}", *lines]) + "\n"


def _escaped(sign: re.Match[str]) -> str:
    return f"\\{sign[0]}"


def _csv(rules: GoFile, entries: Sequence[_Entry]) -> str:
    places = list(entries[0].values)
    positions = [place for place in places if isinstance(place, int)]
    width = max([*positions, len(places)]) + 1
    free = [at for at in range(width) if at + 1 not in positions]
    at = {place: place - 1 if isinstance(place, int) else free.pop(0) for place in places}
    names = [f"c{at}" for at in range(1, width + 1)]
    for place in places:
        names[at[place]] = str(place) if isinstance(place, str) else names[at[place]]
    lines = [names] if rules.has_header else []
    for entry in entries:
        fields = [_FILLER] * width
        for place, value in entry.values.items():
            fields[at[place]] = str(value)
        if not rules.lists:
            fields[free[0]] = entry.name
        lines.append(fields)
    delimiter = rules.delimiter or ","
    return "".join([delimiter.join([_quoted(one, rules) for one in line]) + "\n" for line in lines])


def _quoted(text: str, rules: GoFile) -> str:
    if (rules.delimiter or ",") in text or '"' in text:
        return '"{}"'.format(text.replace('"', '""'))
    return text


def _json(rules: GoFile, entries: Sequence[_Entry]) -> str:
    document: Any = None
    for at, entry in enumerate(entries):
        for path, value in entry.values.items():
            document = _with(document, [*steps_of(str(path))], value, at)
    if not rules.lists:
        document = _naming(document, entries[0])
    return json.dumps(document, indent=1) + "\n"


def _naming(document: Any, entry: _Entry) -> Any:
    """The document with the name of its data file, where that can stand."""
    every = [list(steps_of(str(path))) for path in entry.values if "[*]" in str(path)]
    for steps in every:
        inside = document
        for step in steps[: steps.index(Every())]:
            inside = inside[step]
        if isinstance(inside[0], dict):
            inside[0].setdefault("name", entry.name)
    if isinstance(document, dict) and not every:
        document.setdefault("file", entry.name)
    return document


def _with(into: Any, steps: list[Step], value: Value, every: int) -> Any:
    """A document with a value at the end of a path; what the path goes through is made.

    :param every: the element that the first ``[*]`` of the path means here; a further one means
        the first.
    """
    if not steps:
        return value
    step, rest = steps[0], steps[1:]
    if isinstance(step, str):
        members = into if isinstance(into, dict) else {}
        members[step] = _with(members.get(step), rest, value, every)
        return members
    items = into if isinstance(into, list) else []
    at, behind = (every, 0) if isinstance(step, Every) else (step, every)
    items += [None] * (at + 1 - len(items))
    items[at] = _with(items[at], rest, value, behind)
    return items


_TEXTS = {"properties": _properties, "csv": _csv, "json": _json}
