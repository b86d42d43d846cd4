"""gzip and zstd as streams that must end as they should.

Libraries are lenient where a landing zone must not be: the usual readers take a zstd file that was
cut in the middle for a short one, and ignore what follows the last gzip member. Here every stream
is followed to its last checksum, and its output comes in small pieces, so that a tiny file that
expands to gigabytes costs no memory.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import NamedTuple

import zstandard

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import Compression

PIECE_BYTES = 256 * 1024
"""Decompressed bytes are handed on in pieces of about this size."""

MAX_ZSTD_WINDOW = 128 * 1024 * 1024
"""Memory that a zstd stream may ask for; what the ``zstd`` tool itself grants without options."""

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
_SUFFIXES: dict[str, Compression] = {".gz": "gzip", ".zst": "zstd", ".zstd": "zstd"}
_DICTIONARY_ID_BYTES = (0, 1, 2, 4)
_CONTENT_SIZE_BYTES = (0, 2, 4, 8)
_RUN_LENGTH_BLOCK = 1


class Expansion(NamedTuple):
    """How far a compressed file may expand; refused is what passes both.

    :param ratio: decompressed bytes for each delivered one.
    :param free_bytes: decompressed bytes that are allowed whatever the ratio.
    """

    ratio: float
    free_bytes: int


def compression_of(name: str, head: bytes) -> Compression:
    """How a file is compressed: its name and its first bytes, which must agree.

    :param name: file name; ``.gz``, ``.zst`` and ``.zstd`` at its end count, in any case.
    :param head: the first four bytes as delivered, fewer only if the file is shorter; not empty.
    :raises TerminalError: ``COMPRESSION_WRONG_NAME``, or ``COMPRESSION_CUT`` for a file that ends
        within the first bytes that its name demands.
    """
    named = compression_by_name(name)
    found = _magic_compression(head)
    if named == "zstd" and _is_skippable(head):
        found = "zstd"
    if named == found:
        return named
    magic = {"gzip": _GZIP_MAGIC, "zstd": _ZSTD_MAGIC}.get(named)
    if magic is not None and magic.startswith(head):
        raise _cut(name, named)
    words = {"none": "not compressed with gzip or zstd", "gzip": "gzip", "zstd": "zstd"}
    claim = "says nothing of compression" if named == "none" else f"says {named}"
    raise TerminalError(
        ErrorCode.COMPRESSION_WRONG_NAME,
        f"The name {claim}, but the content is {words[found]}.",
        hint="Have the sender name compressed files .gz or .zst, and only those.",
        file=name,
    )


def decompressed(blocks: Iterator[bytes], compression: Compression, name: str) -> Iterator[bytes]:
    """Decompress a stream of blocks, in pieces of bounded size.

    gzip (RFC 1952) may have several members, zstd (RFC 8878) several and skippable frames; nothing
    else may follow the last one.

    :param blocks: the file as delivered, from its first byte; no block is empty.
    :param compression: what :func:`compression_of` found.
    :param name: file name, for errors.
    :raises TerminalError: ``COMPRESSION_CUT``, ``COMPRESSION_CORRUPT`` (bad data, checksum or
        length, or a window above :data:`MAX_ZSTD_WINDOW`), ``COMPRESSION_TRAILING_BYTES``.
    """
    if compression == "gzip":
        return _gunzip(blocks, name)
    if compression == "zstd":
        return _unzstd(_Input(blocks, name), name)
    return blocks


def within(
    pieces: Iterator[bytes], expansion: Expansion, *, delivered: int, name: str
) -> Iterator[bytes]:
    """Hand on decompressed pieces until they are more than a file of this size may become.

    :param pieces: as :func:`decompressed` gives them.
    :param delivered: bytes of the file as delivered.
    :param name: file name, for the error.
    :raises TerminalError: ``COMPRESSION_BOMB``, before the piece that is too much is handed on.
    """
    limit = max(expansion.free_bytes, int(expansion.ratio * delivered))
    total = 0
    for piece in pieces:
        total += len(piece)
        if total > limit:
            raise TerminalError(
                ErrorCode.COMPRESSION_BOMB,
                f"{delivered:,} bytes expand to more than {limit:,}: more than "
                f"{expansion.ratio:g} times their size, and more than "
                f"{expansion.free_bytes:,} bytes.",
                hint="Ask the sender whether the file is meant to be so large; if it is, raise "
                "max_expansion or free_expansion_bytes in the mapping.",
                file=name,
            )
        yield piece


def compression_by_name(name: str) -> Compression:
    """The compression that a file's name claims."""
    lower = name.lower()
    return next((found for end, found in _SUFFIXES.items() if lower.endswith(end)), "none")


def _magic_compression(head: bytes) -> Compression:
    if head.startswith(_GZIP_MAGIC):
        return "gzip"
    return "zstd" if head.startswith(_ZSTD_MAGIC) else "none"


def _is_skippable(magic: bytes) -> bool:
    """Whether a zstd frame is one that decoders skip (magic 0x184D2A50 to 0x184D2A5F)."""
    return len(magic) == 4 and magic[0] & 0xF0 == 0x50 and magic[1:] == b"\x2a\x4d\x18"


def _gunzip(blocks: Iterator[bytes], name: str) -> Iterator[bytes]:
    data = b""
    while True:
        decoder = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
        full = False
        while not decoder.eof:
            # A full piece may hide more output that needs no further input.
            if not data and not full and not (data := next(blocks, b"")):
                raise _cut(name, "gzip")
            try:
                piece = decoder.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise _corrupt(name, "gzip", str(error)) from error
            full = len(piece) == PIECE_BYTES
            data = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
            if piece:
                yield piece
        while len(data) < len(_GZIP_MAGIC) and (block := next(blocks, b"")):
            data += block
        if not data:
            return
        if not data.startswith(_GZIP_MAGIC):
            raise _after_end(name, "gzip", cut=_GZIP_MAGIC.startswith(data))


class _Input:
    """Blocks as a stream from which an exact number of bytes is taken."""

    def __init__(self, blocks: Iterator[bytes], name: str) -> None:
        self._blocks = blocks
        self._name = name
        self._data = b""
        self._at = 0

    def take_some(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer only at the end of the file."""
        parts: list[bytes] = []
        while size > 0 and self._fill():
            part = self._data[self._at : self._at + size]
            self._at += len(part)
            size -= len(part)
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def take(self, size: int) -> bytes:
        """Return exactly ``size`` bytes.

        :raises TerminalError: ``COMPRESSION_CUT``: the file ends before.
        """
        data = self.take_some(size)
        if len(data) < size:
            raise _cut(self._name, "zstd")
        return data

    def _fill(self) -> bool:
        if self._at == len(self._data):
            self._data, self._at = next(self._blocks, b""), 0
        return bool(self._data)


def _unzstd(source: _Input, name: str) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW)
    while magic := source.take_some(4):
        if _is_skippable(magic):
            _skip(source, int.from_bytes(source.take(4), "little"))
        elif magic == _ZSTD_MAGIC:
            try:
                yield from _frame(source, decompressor, name)
            except zstandard.ZstdError as error:
                raise _corrupt(name, "zstd", str(error)) from error
        else:
            raise _after_end(name, "zstd", cut=_ZSTD_MAGIC.startswith(magic))


def _skip(source: _Input, size: int) -> None:
    while size:
        size -= len(source.take(min(size, PIECE_BYTES)))


def _frame(source: _Input, decompressor: zstandard.ZstdDecompressor, name: str) -> Iterator[bytes]:
    """One zstd frame, given to the library block by block.

    A block expands to 128 KiB at most, so output stays bounded whatever the ratio; and the end of
    the frame is known from its blocks, not only from the library.
    """
    header, has_checksum = _frame_header(source)
    window = zstandard.get_frame_parameters(header).window_size
    if window > MAX_ZSTD_WINDOW:
        raise _corrupt(name, "zstd", f"it asks for a window of {window} bytes")
    decoder = decompressor.decompressobj()
    decoder.decompress(header)
    pieces: list[bytes] = []
    gathered = 0
    last = False
    while not last:
        head = source.take(3)
        word = int.from_bytes(head, "little")
        last, kind, size = bool(word & 1), word >> 1 & 3, word >> 3
        block = head + source.take(1 if kind == _RUN_LENGTH_BLOCK else size)
        # Blocks may be empty, and are not gathered: a file of nothing else would fill the memory.
        if piece := decoder.decompress(block):
            pieces.append(piece)
            gathered += len(piece)
        if gathered >= PIECE_BYTES:
            yield b"".join(pieces)
            pieces.clear()
            gathered = 0
    if has_checksum:
        pieces.append(decoder.decompress(source.take(4)))
    if not decoder.eof:
        raise _corrupt(name, "zstd", "a frame goes on after its last block")
    if rest := b"".join(pieces):
        yield rest


def _frame_header(source: _Input) -> tuple[bytes, bool]:
    """The header of a frame, magic included, and whether a checksum ends the frame."""
    descriptor = source.take(1)
    flags = descriptor[0]
    single_segment = flags >> 5 & 1
    size = 1 - single_segment + _DICTIONARY_ID_BYTES[flags & 3] + _CONTENT_SIZE_BYTES[flags >> 6]
    size += single_segment if flags >> 6 == 0 else 0
    return _ZSTD_MAGIC + descriptor + source.take(size), bool(flags >> 2 & 1)


def _cut(name: str, kind: str) -> TerminalError:
    return TerminalError(
        ErrorCode.COMPRESSION_CUT,
        f"The {kind} stream ends before its end mark: the file was cut.",
        hint="Ask the sender to deliver the file again, whole.",
        file=name,
    )


def _corrupt(name: str, kind: str, reason: str) -> TerminalError:
    return TerminalError(
        ErrorCode.COMPRESSION_CORRUPT,
        f"The {kind} stream is damaged: {reason}.",
        hint="Ask the sender to deliver the file again; zstd files with a window of at most "
        "128 MiB, that is without --long above 27.",
        file=name,
    )


def _after_end(name: str, kind: str, *, cut: bool) -> TerminalError:
    if cut:
        return _cut(name, kind)
    return TerminalError(
        ErrorCode.COMPRESSION_TRAILING_BYTES,
        f"Bytes that are not {kind} follow the end of the {kind} stream.",
        hint="Ask the sender to deliver the file again, without padding or appended text.",
        file=name,
    )
