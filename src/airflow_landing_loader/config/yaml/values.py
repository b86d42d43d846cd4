"""Values in YAML: how one is refused, and what may have been meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pydantic_core import PydanticCustomError

from airflow_landing_loader.exceptions import ErrorCode


def any_case(text: str) -> str:
    """A regular expression for ``text`` in upper or lower case; other syntax in it is kept."""
    return re.sub("[a-z]", lambda found: f"[{found[0]}{found[0].upper()}]", text)


def pattern_schema(pattern: str, message: str, **more: Any) -> dict[str, Any]:
    """Text of a form; editors show ``message`` instead of the expression."""
    return {"pattern": pattern, "patternErrorMessage": message, **more}


def refusal(
    code: ErrorCode, message: str, *, hint: str | None = None, at: tuple[str, ...] = ()
) -> PydanticCustomError:
    """The error with which a pydantic validator refuses a value.

    :param code: the stable code; becomes the pydantic error's type.
    :param message: what is wrong and what is allowed.
    :param hint: what to do next.
    :param at: path of the key at fault, from the model that holds the validated key, where it is
        another one.
    """
    context = {"message": message, "hint": hint, "at": list(at)}
    return PydanticCustomError(code.value, "{message}", context)


def did_you_mean(written: str, allowed: Iterable[str]) -> str | None:
    """``Did you mean 'x'?`` for the allowed text that is closest, ``None`` if none is close."""
    by_form = {_form(text): text for text in allowed}
    close = difflib.get_close_matches(_form(written), by_form, n=1)
    return f"Did you mean {by_form[close[0]]!r}?" if close else None


def _form(text: str) -> str:
    return text.casefold().replace("-", "_").replace(" ", "_")


def whole_number(value: object) -> object:
    """``2.0`` is the whole number 2, as in JSON Schema; everything else is left as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


@lru_cache
def compiled(pattern: str) -> re.Pattern[str]:
    # ECMA's $ is the end of the text only; Python's also stands before a last line feed.
    return re.compile(pattern.replace("$", r"\Z"))


def matches(pattern: str, text: str) -> bool:
    return compiled(pattern).search(text) is not None
