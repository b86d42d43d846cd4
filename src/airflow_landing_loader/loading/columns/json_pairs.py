r"""One pair of the JSON object in ``_extra``, found and taken out by regular expressions.

The text in ``_extra`` is as the reader writes it: no blanks, names once, values that are texts or
null. So two expressions in RE2's syntax, which all warehouses speak, say the same in each of them,
keep the order of the other pairs, and never take what stands in a value for a name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

_TEXT = r'"(?:[^"\\]|\\.)*"'
_PAIR = f"{_TEXT}:(?:{_TEXT}|null)"
# What is read as JSON is JSON for sure, whoever has written it.
_VALUE = r'(?:"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u00[0-9A-F]{2}))*"|null)'


def value_of(names: Sequence[str]) -> str:
    r"""The expression of an object that has one of these names; ``\1`` is its value in JSON."""
    return rf"\A\{{(?:{_PAIR},)*?{_one_of(names)}:({_VALUE})(?:,{_PAIR})*\}}\z"


def others_than(names: Sequence[str]) -> str:
    r"""The same, of which ``\1\2`` are the other pairs, with a comma before them if it was the
    first."""
    return (
        rf"\A\{{(?:({_PAIR}(?:,{_PAIR})*?),)?{_one_of(names)}:{_VALUE}"
        rf"((?:,{_PAIR})*)\}}\z"
    )


def _one_of(names: Sequence[str]) -> str:
    return f"(?:{'|'.join(map(_in_json, names))})"


def _in_json(name: str) -> str:
    """A name as the reader writes it in JSON, as an expression."""
    return re.escape(f'"{"".join(map(_character, name))}"')


def _character(character: str) -> str:
    written = json.dumps(character, ensure_ascii=False)[1:-1]
    # The reader's hexadecimal digits are large ones.
    return written if len(written) < len(r"\u0000") else rf"\u{written[2:].upper()}"
