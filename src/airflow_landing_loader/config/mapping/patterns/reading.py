"""The text of a pattern, taken apart, and what can be wrong with it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from airflow_landing_loader.config.mapping.patterns.parts import Wildcard
from airflow_landing_loader.config.mapping.patterns.places import DIGITS
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

MAX_PATTERN_LENGTH = 255
FORBIDDEN = "/"
"""In no name and in no pattern, which makes it a safe stand-in for "any text"."""

PLACEHOLDERS = ("table", "yyyy", "mm", "dd")
"""What an ``archive_layout`` has without a name's help."""

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
# Braces with a colon are meant as a part, whatever stands before it.
_TOKEN = re.compile(rf"\{{\{{|\}}\}}|\*|\{{(?:({_NAME})|([^{{}}*:]*):([^{{}}*]*))\}}")
_FOLDERS = "Patterns are compared with file names in the landing zone: leave the folder out."
_PARTS = (
    "Parts are {name}, {name:%Y%m%d} and {name:0d}; write {{ and }} for braces that are characters "
    "of the name."
)


def taken_apart(text: str) -> tuple[tuple[str, ...], tuple[Wildcard, ...]]:
    """The literal texts of a pattern and the wildcards between them.

    :raises ConfigurationError: ``mapping.bad_pattern``.
    """
    problem = _problem(text)
    hint = _FOLDERS if FORBIDDEN in text else "Write the file's name, with * for what changes."
    if problem is None:
        literals, wildcards = _pieces(text)
        problem, hint = _problem_of_parts(literals, wildcards), _PARTS
        if problem is None:
            return literals, wildcards
    raise ConfigurationError(ErrorCode.MAPPING_BAD_PATTERN, f"{problem}.", hint=hint)


def _problem(text: str) -> str | None:
    if not text:
        return "The pattern is empty"
    if text.startswith("/"):
        return "The pattern is an absolute path"
    if ".." in text.split("/"):
        return "The pattern leads out of the landing zone (..)"
    if FORBIDDEN in text:
        return "The pattern holds a slash, but only direct children of the landing zone are read"
    if "\0" in text:
        return "The pattern holds a NUL character, which no file name can"
    if len(text) > MAX_PATTERN_LENGTH:
        return f"The pattern has {len(text)} characters, {MAX_PATTERN_LENGTH} are allowed"
    return None


def _pieces(text: str) -> tuple[tuple[str, ...], tuple[Wildcard, ...]]:
    literals, wildcards, at = [""], [], 0
    for token in _TOKEN.finditer(text):
        literals[-1] += text[at : token.start()]
        at = token.end()
        if token[0] in ("{{", "}}"):
            literals[-1] += token[0][0]
        else:
            name, form = (token[1], "") if token[3] is None else (token[2], token[3] or ":")
            wildcards.append(Wildcard(name, form))
            literals.append("")
    literals[-1] += text[at:]
    return tuple(literals), tuple(wildcards)


def _problem_of_parts(literals: Sequence[str], wildcards: Sequence[Wildcard]) -> str | None:
    names = [one.name for one in wildcards if one.name is not None]
    for one in wildcards:
        name, fault = one.name, one.fault()
        if fault is not None:
            return f"The part {one.written} {fault}"
        if name in PLACEHOLDERS:
            return f"No part can be called {name}, as archive_layout has a placeholder of that name"
        if name is not None and (names.count(name) > 1 or re.fullmatch(_NAME, name) is None):
            wrong = "stands there twice" if names.count(name) > 1 else "has no name such as region"
            return f"The part {one.written} {wrong}"
    behind = zip(wildcards, literals[1:], (*wildcards[1:], None), strict=False)
    for one, literal, two in behind:
        after = f"{literal}{two.example() if two and two.form else ''}"
        if one.is_number and after[:1] in DIGITS and after:
            return f"No digit can stand behind {one.written}, which takes them all"
        if two and two.name and not (literal or one.form or two.form):
            return f"Nothing tells where {one.written} ends and {two.written} begins"
    return None
