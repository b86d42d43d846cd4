"""Values as JSON and back: notes beside files, and what Airflow's tasks hand on to each other.

Python stands in for the bytes of a name that are not UTF-8 with lone surrogates (PEP 383), which no
JSON over HTTP and no database takes, and pydantic neither. One such name in a list would break it
for all others.
"""

from __future__ import annotations

import json
import re
from contextlib import suppress
from dataclasses import asdict, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import TypeAdapter

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_ESCAPE = "\x10"  # "data link escape"; it is escaped itself, so that every name comes back
_NEEDS = re.compile("[\x10\ud800-\udfff]")
_ESCAPED = re.compile("\x10([0-9a-f]{4})")
_Value = TypeVar("_Value")


_adapters: dict[type[Any], TypeAdapter[Any]] = {}


def adapter_of(kind: type[_Value]) -> TypeAdapter[_Value]:
    """What checks and makes values of a type; made once, as making it takes longer than its use."""
    if kind not in _adapters:
        _adapters[kind] = TypeAdapter(kind)
    return _adapters[kind]


def to_json(value: DataclassInstance) -> bytes:
    """A dataclass as JSON in ASCII; names that are not UTF-8 come back as they were."""
    return json.dumps(asdict(value)).encode("ascii")


def from_json(kind: type[_Value], content: bytes) -> _Value | None:
    """The value that was written as JSON; ``None`` if it is none, or only a part of one."""
    # RecursionError: brackets nested thousands deep.
    with suppress(ValueError, RecursionError):
        read = adapter_of(kind).validate_python(sendable(json.loads(content)))
        value: _Value = received(read)
        return value
    return None


def sendable(value: Any) -> Any:
    """A JSON-able value with every text in it made UTF-8; :func:`received` undoes it."""
    if isinstance(value, str):
        return _NEEDS.sub(lambda m: f"{_ESCAPE}{ord(m[0]):04x}", value)
    return _inside(value, sendable)


def received(value: Any) -> Any:
    """What :func:`sendable` was given, also if it is dataclasses and tuples meanwhile."""
    if isinstance(value, str):
        return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), value)
    if isinstance(value, tuple):
        return tuple(map(received, value))
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: received(getattr(value, f.name)) for f in fields(value)})
    return _inside(value, received)


def _inside(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {key: change(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [change(entry) for entry in value]
    return value
