"""Encodings: from the bytes of a file to UTF-8, and not one byte that is guessed."""

from __future__ import annotations

import codecs
from collections.abc import Iterator

from airflow_landing_loader.exceptions import ErrorCode, TerminalError

_BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


class UndecodableTextError(TerminalError):
    """``ENCODING_INVALID`` right after what was read so far; line and column not known yet."""


def decoded(blocks: Iterator[bytes], encoding: str, name: str) -> Iterator[bytes]:
    """Turn a file's bytes into UTF-8 without byte order mark.

    A mark decides the byte order of ``utf-16``, which must have one; a mark of another encoding
    than the mapping's is refused.

    :param blocks: the decompressed file; no block is empty.
    :param encoding: the mapping's ``csv.encoding``.
    :param name: file name, for errors.
    :raises UndecodableTextError: after everything before the offending byte was given.
    """
    head = b""
    while len(head) < len(codecs.BOM_UTF8) and (block := next(blocks, b"")):
        head += block
    mark = next((bom for bom in _BOMS if head.startswith(bom)), b"")
    if mark and not _may_begin_with(mark, encoding):
        raise _wrong_mark(name, encoding, _BOMS[mark])
    if encoding == "utf-16" and head:
        if not mark:
            raise _no_mark(name)
        encoding = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    recode = _checked_utf8 if encoding == "utf-8" else _recoded
    yield from recode(_prepended(head[len(mark) :], blocks), encoding, name)


def _prepended(first: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from blocks


def _may_begin_with(mark: bytes, encoding: str) -> bool:
    if mark == codecs.BOM_UTF8:
        return encoding == "utf-8"
    return encoding in ("utf-16", "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be")


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
    is_ascii_superset = not encoding.startswith("utf-16")
    for block in blocks:
        if is_ascii_superset and block.isascii():
            yield block
        else:
            yield from _recode_block(decoder, block, encoding, name)
    yield from _recode_block(decoder, b"", encoding, name)


def _recode_block(
    decoder: codecs.IncrementalDecoder, block: bytes, encoding: str, name: str
) -> Iterator[bytes]:
    """Recode one block; an empty one is the end, at which no half character may be left."""
    try:
        text = decoder.decode(block, not block)
    except UnicodeDecodeError as error:
        if good := error.object[: error.start].decode(encoding):
            yield good.encode()
        raise _undecodable(name, encoding, error.reason) from error
    if text:
        yield text.encode()


def _undecodable(name: str, encoding: str, reason: str) -> UndecodableTextError:
    other = "windows-1252" if encoding == "utf-8" else "utf-8"
    return UndecodableTextError(
        ErrorCode.ENCODING_INVALID,
        f"The bytes here are not {encoding}: {reason}.",
        hint=f"Ask the sender which encoding the file has and set csv.encoding (perhaps {other}).",
        file=name,
    )


def _wrong_mark(name: str, encoding: str, found: str) -> UndecodableTextError:
    return UndecodableTextError(
        ErrorCode.ENCODING_INVALID,
        f"The file begins with a byte order mark of {found}, the mapping says {encoding}.",
        hint=f"Set csv.encoding: {found} in the mapping if the sender writes that.",
        file=name,
    )


def _no_mark(name: str) -> UndecodableTextError:
    return UndecodableTextError(
        ErrorCode.ENCODING_INVALID,
        "The mapping says utf-16, but the file has no byte order mark that tells the byte order.",
        hint="Set csv.encoding: utf-16-le or utf-16-be.",
        file=name,
    )
