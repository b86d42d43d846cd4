"""gzip, bzip2 and xz: streams of which several may follow each other, each with its checksums."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator

from airflow_landing_loader.landing.text.packings import faults
from airflow_landing_loader.landing.text.packings.faults import PIECE_BYTES
from airflow_landing_loader.landing.text.packings.taking import Input

GZIP_MAGIC = b"\x1f\x8b"
BZIP2_MAGIC = b"BZh"
XZ_MAGIC = b"\xfd7zXZ\x00"

MAX_XZ_MEMORY = 136 * 1024 * 1024
"""Memory that an xz stream may ask for: a dictionary of 128 MiB; ``xz -9`` makes one of 64."""


def gunzip(source: Input, name: str) -> Iterator[bytes]:
    """Decompress gzip (RFC 1952), of one member or several.

    :param source: the file from its first byte.
    :param name: file name, for errors.
    :raises TerminalError: ``COMPRESSION_CUT``, ``COMPRESSION_CORRUPT``,
        ``COMPRESSION_TRAILING_BYTES``.
    """
    while True:
        yield from inflate(source, zlib.MAX_WBITS | 16, name, "gzip")
        if not _follows(source, GZIP_MAGIC, name, "gzip"):
            return


def inflate(source: Input, wbits: int, name: str, kind: str) -> Iterator[bytes]:
    """Decompress one stream of deflate; what follows it is put back.

    :param source: the stream from its first byte.
    :param wbits: what the stream is wrapped in, as zlib has it.
    :param name: file name, for errors.
    :param kind: of the compression, for errors.
    :raises TerminalError: ``COMPRESSION_CUT``, ``COMPRESSION_CORRUPT``.
    """
    decoder = zlib.decompressobj(wbits)
    data = b""
    full = False
    while not decoder.eof:
        # A full piece may hide more output that needs no further input.
        if not data and not full:
            data = source.take_block()
        try:
            piece = decoder.decompress(data, PIECE_BYTES)
        except zlib.error as error:
            raise faults.corrupt(name, kind, str(error)) from error
        full = len(piece) == PIECE_BYTES
        data = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
        if piece:
            yield piece
    source.put_back(data)


def bunzip2(source: Input, name: str) -> Iterator[bytes]:
    """Decompress bzip2, of one stream or several; as :func:`gunzip`."""
    return _streams(source, bz2.BZ2Decompressor, BZIP2_MAGIC, name, "bzip2")


def unxz(source: Input, name: str) -> Iterator[bytes]:
    """Decompress xz, of one stream or several; as :func:`gunzip`.

    A stream without a check is legal; one with a check that nobody here can compute is not.
    """
    return _streams(source, _Xz, XZ_MAGIC, name, "xz")


class _Xz:
    """A decoder of one xz stream that leaves no check out."""

    def __init__(self) -> None:
        self._decoder = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=MAX_XZ_MEMORY)

    @property
    def eof(self) -> bool:
        return self._decoder.eof

    @property
    def needs_input(self) -> bool:
        return self._decoder.needs_input

    @property
    def unused_data(self) -> bytes:
        return self._decoder.unused_data

    def decompress(self, data: bytes, max_length: int) -> bytes:
        piece = self._decoder.decompress(data, max_length)
        check = self._decoder.check
        if check != lzma.CHECK_UNKNOWN and not lzma.is_check_supported(check):
            raise lzma.LZMAError("its check is of an unknown kind")
        return piece


def _streams(
    source: Input,
    new: Callable[[], bz2.BZ2Decompressor | _Xz],
    magic: bytes,
    name: str,
    kind: str,
) -> Iterator[bytes]:
    while True:
        decoder = new()
        while not decoder.eof:
            # What was given before may hold more output than one piece.
            given = source.take_block() if decoder.needs_input else b""
            try:
                piece = decoder.decompress(given, PIECE_BYTES)
            except (OSError, lzma.LZMAError) as error:
                raise faults.corrupt(name, kind, str(error)) from error
            if piece:
                yield piece
        source.put_back(decoder.unused_data)
        if not _follows(source, magic, name, kind):
            return


def _follows(source: Input, magic: bytes, name: str, kind: str) -> bool:
    """Whether another stream follows the end of one; otherwise that is the end of the file."""
    start = source.take_some(len(magic))
    if start and start != magic:
        raise faults.after_end(name, kind, start, magic)
    source.put_back(start)
    return bool(start)
