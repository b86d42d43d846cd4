"""Encodings: from the bytes of a file to UTF-8, and not one byte that is guessed."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.text import cp1047

codecs.register(cp1047.find)

# The mark of UTF-32 begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: ("utf-32", "utf-32-le"),
    codecs.BOM_UTF32_BE: ("utf-32", "utf-32-be"),
    codecs.BOM_UTF8: ("utf-8", "utf-8"),
    codecs.BOM_UTF16_LE: ("utf-16", "utf-16-le"),
    codecs.BOM_UTF16_BE: ("utf-16", "utf-16-be"),
}
"""Byte order marks, each with the encoding and the name that says its byte order."""

_NEED_A_MARK = ("utf-16", "utf-32")
_STATEFUL = ("iso-2022", "hz")
_CTRL_Z = b"\x1a"
_NEXT_LINE = "\x85"
_UTF8_MARKS = re.compile(b"(?:%s)+" % codecs.BOM_UTF8)


class UndecodableTextError(TerminalError):
    """``ENCODING_INVALID`` right after what was read so far; line and column not known yet."""


def decoded(blocks: Iterator[bytes], encoding: str, name: str) -> Iterator[bytes]:
    """Turn a file's bytes into UTF-8 without byte order mark, and without a Ctrl-Z at its end.

    A mark decides the byte order of ``utf-16`` and ``utf-32``, which must have one; a mark of
    another encoding than the mapping's is refused.

    :param blocks: the decompressed file; no block is empty.
    :param encoding: the mapping's ``csv.encoding``.
    :param name: file name, for errors.
    :raises UndecodableTextError: after everything before the offending byte was given.
    """
    head = b""
    while len(head) < len(codecs.BOM_UTF32_LE) and (block := next(blocks, b"")):
        head += block
    mark = next((mark for mark in _MARKS if head.startswith(mark)), b"")
    if mark and encoding not in _MARKS[mark]:
        raise _wrong_mark(name, encoding, _MARKS[mark][0])
    if encoding in _NEED_A_MARK and head:
        if not mark:
            raise _no_mark(name, encoding)
        encoding = _MARKS[mark][1]
    recode = _checked_utf8 if encoding == "utf-8" else _recoded
    text = recode(_prepended(head[len(mark) :], blocks), encoding, name)
    yield from _without_end_mark(_without_marks(text))


def _without_marks(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Drop byte order marks that a text begins with: some tools write one before another's."""
    for block in blocks:
        if text := block[marks_of(block) :]:
            yield text
            break
    yield from blocks


def marks_of(text: bytes) -> int:
    """Bytes of the byte order marks that a text in UTF-8 begins with."""
    marks = _UTF8_MARKS.match(text)
    return marks.end() if marks else 0


def _without_end_mark(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Drop the one Ctrl-Z that ends a text: DOS and its heirs write it; it is no text."""
    held = b""
    try:
        for block in blocks:
            if held:
                yield held
            held = _CTRL_Z if block.endswith(_CTRL_Z) else b""
            if text := block.removesuffix(held) if held else block:
                yield text
    except UndecodableTextError:
        if held:
            yield held
        raise


def _prepended(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from blocks


def _checked_utf8(blocks: Iterator[bytes], encoding: str, name: str) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        if not rest and block.isascii():
            yield block
            continue
        data = rest + block
        try:
            used = codecs.utf_8_decode(data, "strict", False)[1]
        except UnicodeDecodeError as error:
            if error.start:
                yield data[: error.start]
            raise _undecodable(name, encoding, error.reason) from error
        # A character that the end of the block cuts waits for the next block.
        rest = data[used:]
        if used:
            yield data[:used]
    if rest:
        raise _undecodable(name, encoding, "unexpected end of data")


def _recoded(blocks: Iterator[bytes], encoding: str, name: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    ascii_stays, is_ebcdic = _keeps_ascii(encoding), _is_ebcdic(encoding)
    for block in _with_end(blocks):
        # Half a character may wait for its rest, which may look like ASCII.
        if block and ascii_stays and block.isascii() and not decoder.getstate()[0]:
            yield block
            continue
        state, text, wrong = decoder.getstate(), "", None
        try:
            text = decoder.decode(block, not block)
        except UnicodeDecodeError as error:
            decoder.setstate(state)
            text, wrong = _up_to_fault(decoder, block), error
        if text:
            # What ends a line there; a line feed is another character, and rare.
            yield (text.replace(_NEXT_LINE, "\n") if is_ebcdic else text).encode()
        if wrong is not None:
            raise _undecodable(name, encoding, wrong.reason) from wrong


def _with_end(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The blocks and an empty one: the end, at which no half character may be left."""
    yield from blocks
    yield b""


def _up_to_fault(decoder: codecs.IncrementalDecoder, block: bytes) -> str:
    """What can be decoded of a block that cannot be decoded as a whole."""
    characters: list[str] = []
    with suppress(UnicodeDecodeError):
        characters.extend(decoder.decode(bytes((byte,))) for byte in block)
    return "".join(characters)


@cache
def _keeps_ascii(encoding: str) -> bool:
    """Whether bytes of ASCII are these characters wherever a character begins."""
    if encoding.startswith(_STATEFUL):
        return False
    every = bytes(range(128))
    try:
        return every.decode(encoding) == every.decode("ascii")
    except UnicodeDecodeError:
        return False


@cache
def _is_ebcdic(encoding: str) -> bool:
    return "A".encode(encoding) == b"\xc1"


def _undecodable(name: str, encoding: str, reason: str) -> UndecodableTextError:
    return UndecodableTextError(
        ErrorCode.ENCODING_INVALID,
        f"The bytes here are not {encoding}: {reason}.",
        hint="Ask the sender which encoding the file has and write it into the mapping as "
        "csv.encoding, or ask for utf-8.",
        file=name,
    )


def _wrong_mark(name: str, encoding: str, found: str) -> UndecodableTextError:
    return UndecodableTextError(
        ErrorCode.ENCODING_INVALID,
        f"The file begins with a byte order mark of {found}, the mapping says {encoding}.",
        hint=f"Set csv.encoding: {found} in the mapping if the sender writes that.",
        file=name,
    )


def _no_mark(name: str, encoding: str) -> UndecodableTextError:
    return UndecodableTextError(
        ErrorCode.ENCODING_INVALID,
        f"The mapping says {encoding}, but the file has no byte order mark that tells the byte "
        "order.",
        hint=f"Set csv.encoding: {encoding}-le or {encoding}-be.",
        file=name,
    )
