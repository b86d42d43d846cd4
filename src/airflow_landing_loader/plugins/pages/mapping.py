"""A table's mappings: in words, as they are written, and what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from airflow_landing_loader.config.mapping.in_words import rules_in_words, set_in_words
from airflow_landing_loader.config.mapping.mapping_set import MappingSet
from airflow_landing_loader.config.mapping.sets import by_set
from airflow_landing_loader.config.mapping.text import text_of

# Code spans of Markdown: as many backticks behind them as before.
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")


@dataclass(frozen=True)
class Span:
    """A part of a sentence."""

    text: str
    is_code: bool = False


@dataclass(frozen=True, kw_only=True)
class MappingView:
    """One mapping.

    :param origin: where it is written.
    :param lines: as it is written there.
    """

    pattern: str
    origin: str
    sentences: tuple[tuple[Span, ...], ...]
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class ProblemView:
    """What is wrong with a mapping: what, the line, and what to do."""

    message: str
    snippet: tuple[str, ...]
    hint: str


def mappings_of(table: str, found: MappingSet, root: Path) -> Iterator[MappingView]:
    """The mappings that feed a table.

    :param root: folder of the mappings.
    """
    sets = by_set(found.mappings)
    for mapping in found.for_table(table):
        sentences = (*rules_in_words(mapping), *set_in_words(mapping, sets))
        yield MappingView(
            pattern=mapping.pattern,
            origin=mapping.origin,
            sentences=tuple(tuple(spans(sentence)) for sentence in sentences),
            lines=text_of(root, mapping.origin),
        )


def problems_of(table: str, found: MappingSet) -> Iterator[ProblemView]:
    """What is wrong with mappings of a table."""
    for problem in found.problems_by_table().get(table, ()):
        yield ProblemView(
            message=problem.detail.sentence(),
            snippet=tuple(problem.snippet.splitlines()),
            hint=problem.detail.hint or "",
        )


def spans(sentence: str) -> Iterator[Span]:
    """A sentence with code spans, taken apart."""
    at = 0
    for found in _CODE.finditer(sentence):
        if found.start() > at:
            yield Span(sentence[at : found.start()])
        yield Span(_unpadded(found[2]), is_code=True)
        at = found.end()
    if at < len(sentence):
        yield Span(sentence[at:])


def _unpadded(text: str) -> str:
    """Without the blanks that keep a backtick from the fence."""
    if text.startswith(" ") and text.endswith(" ") and text.strip():
        return text[1:-1]
    return text
