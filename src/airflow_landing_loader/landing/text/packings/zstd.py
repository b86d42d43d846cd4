"""zstd: a frame is followed block by block, because libraries take a cut file for a short one."""

from __future__ import annotations

from collections.abc import Iterator

import zstandard

from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.landing.text.packings import faults
from airflow_landing_loader.landing.text.packings.faults import PIECE_BYTES
from airflow_landing_loader.landing.text.packings.taking import Input

ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"

MAX_ZSTD_WINDOW = 128 * 1024 * 1024
"""Memory that a zstd stream may ask for; what the ``zstd`` tool itself grants without options."""

_DICTIONARY_ID_BYTES = (0, 1, 2, 4)
_CONTENT_SIZE_BYTES = (0, 2, 4, 8)
_RUN_LENGTH_BLOCK = 1


def is_skippable(magic: bytes) -> bool:
    """Whether a zstd frame is one that decoders skip (magic 0x184D2A50 to 0x184D2A5F)."""
    return len(magic) == 4 and magic[0] & 0xF0 == 0x50 and magic[1:] == b"\x2a\x4d\x18"


def unzstd(source: Input, name: str) -> Iterator[bytes]:
    """Decompress zstd (RFC 8878), of several frames and skippable ones.

    :param source: the file from its first byte.
    :param name: file name, for errors.
    :raises TerminalError: ``COMPRESSION_CUT``, ``COMPRESSION_TRAILING_BYTES``,
        ``COMPRESSION_CORRUPT`` (also for a window above :data:`MAX_ZSTD_WINDOW`).
    """
    decompressor = zstandard.ZstdDecompressor(max_window_size=MAX_ZSTD_WINDOW)
    while magic := source.take_some(4):
        if is_skippable(magic):
            _skip(source, int.from_bytes(source.take(4), "little"))
        elif magic == ZSTD_MAGIC:
            try:
                yield from _frame(source, decompressor, name)
            except zstandard.ZstdError as error:
                raise _corrupt(name, str(error)) from error
        else:
            raise faults.after_end(name, "zstd", magic, ZSTD_MAGIC)


def _skip(source: Input, size: int) -> None:
    while size:
        size -= len(source.take(min(size, PIECE_BYTES)))


def _frame(source: Input, decompressor: zstandard.ZstdDecompressor, name: str) -> Iterator[bytes]:
    """One zstd frame, given to the library block by block.

    A block expands to 128 KiB at most, so output stays bounded whatever the ratio; and the end of
    the frame is known from its blocks, not only from the library.
    """
    header, has_checksum = _frame_header(source)
    window = zstandard.get_frame_parameters(header).window_size
    if window > MAX_ZSTD_WINDOW:
        raise _corrupt(name, f"it asks for a window of {window} bytes")
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
        raise _corrupt(name, "a frame goes on after its last block")
    if rest := b"".join(pieces):
        yield rest


def _frame_header(source: Input) -> tuple[bytes, bool]:
    """The header of a frame, magic included, and whether a checksum ends the frame."""
    descriptor = source.take(1)
    flags = descriptor[0]
    single_segment = flags >> 5 & 1
    size = 1 - single_segment + _DICTIONARY_ID_BYTES[flags & 3] + _CONTENT_SIZE_BYTES[flags >> 6]
    size += single_segment if flags >> 6 == 0 else 0
    return ZSTD_MAGIC + descriptor + source.take(size), bool(flags >> 2 & 1)


def _corrupt(name: str, reason: str) -> TerminalError:
    return faults.corrupt(
        name,
        "zstd",
        reason,
        hint="Ask the sender to deliver the file again; zstd files with a window of at most "
        "128 MiB, that is without --long above 27.",
    )
