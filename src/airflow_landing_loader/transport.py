"""Text that Airflow can carry: XCom, trigger arguments and logs are UTF-8, file names need not be.

Python stands in for the bytes of a name that are not UTF-8 with lone surrogates (PEP 383), which no
JSON over HTTP and no database takes. One such name in a list would break it for all others.
"""

from __future__ import annotations

import re
from typing import Any

_ESCAPE = "\x10"  # "data link escape"; it is escaped itself, so that every name comes back
_NEEDS = re.compile("[\x10\ud800-\udfff]")
_ESCAPED = re.compile("\x10([0-9a-f]{4})")


def sendable(value: Any) -> Any:
    """A JSON-able value with every text in it made UTF-8; :func:`received` undoes it."""
    if isinstance(value, str):
        return _NEEDS.sub(lambda m: f"{_ESCAPE}{ord(m[0]):04x}", value)
    return _inside(value, sendable)


def received(value: Any) -> Any:
    """What :func:`sendable` was given."""
    if isinstance(value, str):
        return _ESCAPED.sub(lambda m: chr(int(m[1], 16)), value)
    return _inside(value, received)


def _inside(value: Any, change: Any) -> Any:
    if isinstance(value, dict):
        return {key: change(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [change(entry) for entry in value]
    return value
