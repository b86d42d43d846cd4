"""What each error code means and what helps, as ``docs/errors.md`` says it.

The texts are kept in ``error_guide.json``, which ``scripts/make_error_guide.py`` writes from the
docs. Words in backticks are code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_TEXTS = Path(__file__).with_name("error_guide.json")


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """A code in words.

    :param cause: what has happened.
    :param cure: what to do about it.
    """

    cause: str
    cure: str


def explanation_of(code: str | None) -> Explanation | None:
    """What a code means; ``None``: it is none of this release's."""
    return None if code is None else _guide().get(code)


@cache
def _guide() -> Mapping[str, Explanation]:
    texts = json.loads(_TEXTS.read_text(encoding="utf-8"))
    return {code: Explanation(**said) for code, said in texts.items()}
