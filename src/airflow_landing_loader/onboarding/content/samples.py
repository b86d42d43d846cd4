"""The head and the tail of a file: all that is read of a large one."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.fields import Compression
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.text.compression import (
    MAGIC_BYTES,
    compression_of,
    decompressed,
)
from airflow_landing_loader.storage.content import OpenContent
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Zone

HEAD_BYTES = 512 * 1024
TAIL_BYTES = 64 * 1024
WHOLE_BYTES = 32 * 1024 * 1024
"""A file up to this size is read as a whole where its count is asked."""

_BLOCK_BYTES = 256 * 1024
_UNPACKED_BYTES = 64 * 1024 * 1024
_KINDS: tuple[Compression, ...] = ("gzip", "zstd", "bzip2", "xz", "zip", "none")


@dataclass(frozen=True, slots=True)
class Sample:
    """What was read of one file.

    :param compression: how it is compressed.
    :param packed_otherwise: whether its name says something else.
    :param head: its first bytes, decompressed.
    :param whole: whether these are all.
    :param tail: its last ones, if they were read.
    :param fault: why it could not be read; empty: it could.
    """

    file: LandedFile
    compression: Compression = "none"
    packed_otherwise: bool = False
    head: bytes = b""
    whole: bool = False
    tail: bytes = b""
    fault: str = ""


def chosen(files: list[LandedFile]) -> list[LandedFile]:
    """A few files of one kind: the first, the last, one from the middle, the smallest with anything
    in it, the largest that may be read as a whole.

    :param files: in order of their names.
    """
    filled = [file for file in files if file.size] or files
    by_size = sorted(filled, key=lambda file: (file.size, file.name))
    small = [file for file in by_size if file.size <= WHOLE_BYTES] or by_size[:1]
    picked = (filled[0], filled[-1], filled[len(filled) // 2], small[0], small[-1])
    return list({file.name: file for file in picked}.values())


def read_sample(zone: Zone, file: LandedFile, *, whole: bool = False) -> Sample:
    """Read a file's head and tail.

    :param whole: read all of it, if it is not larger than :data:`WHOLE_BYTES`.
    """
    limit = WHOLE_BYTES if whole and file.size <= WHOLE_BYTES else HEAD_BYTES
    try:
        with closing(zone.source(file).open()) as content:
            if not file.size:
                return Sample(file, whole=True)
            return _read(content, file, limit)
    except LandingError as error:
        return Sample(file, fault=error.detail.message)


def _read(content: OpenContent, file: LandedFile, limit: int) -> Sample:
    compression, otherwise = _compression(file.name, content.read_at(MAGIC_BYTES, 0))
    if compression == "none":
        head = content.read_at(limit, 0)
        behind = file.size - len(head)
        tail = content.read_at(TAIL_BYTES, max(len(head), file.size - TAIL_BYTES))
        return Sample(file, compression, otherwise, head, whole=not behind, tail=tail)
    unpacked, rest, size = bytearray(), deque[bytes](), 0
    for piece in decompressed(_blocks(content), compression, file.name):
        size += len(piece)
        room = limit - len(unpacked)
        unpacked += piece[:room]
        if piece[room:]:
            rest.append(piece[room:])
            while len(rest) > 1 and sum(map(len, rest)) - len(rest[0]) > TAIL_BYTES:
                rest.popleft()
        if size > _UNPACKED_BYTES:
            return Sample(file, compression, otherwise, bytes(unpacked))
    tail = b"".join(rest)[-TAIL_BYTES:]
    return Sample(file, compression, otherwise, bytes(unpacked), whole=not rest, tail=tail)


def _compression(name: str, magic: bytes) -> tuple[Compression, bool]:
    """How the first bytes say that a file is compressed, and whether its name says otherwise."""
    by_name: Compression | None = None
    fault: LandingError | None = None
    try:
        by_name = compression_of(name, magic)
    except LandingError as error:
        fault = error
    if by_name is not None and by_name != "none":
        return by_name, False
    for kind in _KINDS:
        try:
            return compression_of(name, magic, kind), by_name != kind
        except LandingError:
            continue
    if fault is not None:
        raise fault
    return "none", False


def _blocks(content: OpenContent) -> Iterator[bytes]:
    position = 0
    while block := content.read_at(_BLOCK_BYTES, position):
        position += len(block)
        yield block
