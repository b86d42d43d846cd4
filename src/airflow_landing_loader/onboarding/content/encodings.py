"""The encoding of a few files of one kind, as far as their bytes say it."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from dataclasses import dataclass

from airflow_landing_loader.onboarding.content.samples import Sample

STAND_IN = "latin-1"
"""Decodes any bytes, so that all else can be found out where the encoding cannot."""

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8"),
)
_WIDE = ("utf-16-le", "utf-16-be")
_CANDIDATES = (
    "windows-1252",
    "iso-8859-15",
    "latin-1",
    "windows-1250",
    "iso-8859-2",
    "windows-1251",
    "koi8-r",
    "cp850",
    "cp437",
    "mac-roman",
    "shift_jis",
    "gb18030",
    "euc-kr",
    "big5",
)
_LEAST_ASCII = 0.5
_MOST_CONTROLS = 0.02
_CONTROLS = bytes(code for code in range(0x20) if code not in b"\t\n\r\x01\x1a\x1f\x0b\x0c")


@dataclass(frozen=True, slots=True)
class EncodingFound:
    """What is known.

    :param name: as a mapping has it; ``None``: nothing tells which.
    :param decoder: by which the samples can be read meanwhile.
    :param why: for a person.
    :param is_text: whether they are text at all.
    """

    name: str | None
    decoder: str
    why: str
    is_text: bool = True


def encoding_of(samples: Sequence[Sample]) -> EncodingFound:
    """The one encoding of all samples, or which ones may be meant."""
    heads = [sample.head for sample in samples if sample.head]
    marks = {next((name for mark, name in _MARKS if head.startswith(mark)), "") for head in heads}
    if len(marks) == 1 and (name := marks.pop()):
        if all(_decodes(head, name) for head in heads):
            return EncodingFound(name, name, "the files begin with its byte order mark")
        return EncodingFound(None, STAND_IN, f"the files begin with a mark of {name}, and are not")
    if "utf-16" in marks or "utf-32" in marks:
        return EncodingFound(None, STAND_IN, "some files begin with a byte order mark, some do not")
    if any(b"\0" in head for head in heads):
        for name in _WIDE:
            if all(_is_wide(head, name) for head in heads):
                return EncodingFound(name, name, "every other byte is zero, as in ASCII text")
        return EncodingFound(None, STAND_IN, "NUL bytes: this is no text", is_text=False)
    pieces = [piece for s in samples for piece in (s.head, s.tail) if piece]
    if any(map(_is_binary, pieces)):
        return EncodingFound(None, STAND_IN, "too many control characters for text", is_text=False)
    if all(piece.isascii() for piece in pieces):
        return EncodingFound("utf-8", "utf-8", "all that was read is ASCII")
    if all(_is_utf8(sample) for sample in samples):
        return EncodingFound("utf-8", "utf-8", "all that was read is valid UTF-8")
    return _one_byte(pieces)


def _decodes(head: bytes, name: str) -> bool:
    try:
        codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _is_wide(head: bytes, name: str) -> bool:
    try:
        text = codecs.getincrementaldecoder(name)().decode(head)
    except UnicodeDecodeError:
        return False
    return "\0" not in text and sum(map(str.isascii, text)) >= _LEAST_ASCII * len(text)


def _is_utf8(sample: Sample) -> bool:
    """The tail may begin within a character, and the head end within one."""
    tail = sample.tail.lstrip(bytes(range(0x80, 0xC0)))
    return _decodes(sample.head, "utf-8") and _decodes(tail, "utf-8")


def _is_binary(piece: bytes) -> bool:
    return len(piece) - len(piece.translate(None, _CONTROLS)) > _MOST_CONTROLS * len(piece)


def _one_byte(pieces: Sequence[bytes]) -> EncodingFound:
    high = bytes(sorted({byte for piece in pieces for byte in piece if byte >= 0x80}))
    possible = [name for name in _CANDIDATES if all(_decodes(piece, name) for piece in pieces)]
    first = next(iter(possible), None)
    alike = [name for name in possible if first and _same(high, name, first)]
    listed = ", ".join(possible) or "none that is usual"
    why = f"the bytes are not UTF-8; what they may be: {listed}"
    if len(alike) > 1:
        why += f" ({' and '.join(alike)} read what is there alike)"
    return EncodingFound(None, STAND_IN, f"{why}. Ask the sender")


def _same(high: bytes, one: str, two: str) -> bool:
    try:
        return high.decode(one) == high.decode(two)
    except UnicodeDecodeError:
        return False
