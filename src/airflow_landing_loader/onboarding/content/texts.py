"""Samples as text, and texts as files that the loader's own readers take."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

from airflow_landing_loader.onboarding.content.samples import Sample
from airflow_landing_loader.storage.content import OpenContent

_LINE_END = re.compile("\r\n|\n|\r")
_EDGE = 40


@dataclass(frozen=True, slots=True)
class Text:
    """One sample as text.

    :param content: whole lines from its beginning on, in UTF-8.
    :param whole: whether that is all.
    :param first: its first lines.
    :param last: its last lines, blank ones left out; empty where they were not read.
    :param lines: how many lines are not blank, where it is whole.
    """

    name: str
    content: bytes = field(repr=False)
    whole: bool
    first: tuple[str, ...]
    last: tuple[str, ...]
    lines: int


def text_of(sample: Sample, decoder: str) -> Text:
    """A sample as text; what cannot be decoded at an edge is left out."""
    text = codecs.getincrementaldecoder(decoder)("replace").decode(sample.head, sample.whole)
    text = text.lstrip("\ufeff")
    if not sample.whole:
        ends = list(_LINE_END.finditer(text))
        text = text[: ends[-1].end()] if ends else text
    lines = [line for line in _LINE_END.split(text) if line.strip()]
    last = lines[-_EDGE:]
    if not sample.whole and decoder.startswith(("utf-16", "utf-32")):
        last = []  # nobody knows where its characters begin
    elif not sample.whole:
        tail = codecs.getincrementaldecoder(decoder)("replace").decode(sample.tail)
        last = [line for line in _LINE_END.split(tail)[1:] if line.strip()][-_EDGE:]
    return Text(
        sample.file.name,
        text.removesuffix("\x1a").encode("utf-8", "replace"),
        sample.whole,
        tuple(lines[:_EDGE]),
        tuple(last),
        len(lines),
    )


@dataclass
class _Opened:
    """A :class:`~airflow_landing_loader.storage.content.OpenContent` of bytes that are at hand."""

    content: bytes
    size: int

    def read_at(self, size: int, position: int) -> bytes:
        return self.content[position : position + size]

    def close(self) -> None:
        """Nothing is held."""


@dataclass(frozen=True)
class InMemory:
    """A :class:`~airflow_landing_loader.storage.content.FileContent` of bytes that are at hand."""

    name: str
    content: bytes = field(repr=False)

    def open(self) -> OpenContent:
        return _Opened(self.content, len(self.content))
