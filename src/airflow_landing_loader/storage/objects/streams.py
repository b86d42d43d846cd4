"""Streams that objects are written from, and the parts that are taken from them."""

from __future__ import annotations

import io
from typing import IO

_MOST_PARTS = 10_000  # of S3; Azure allows more

Stream = IO[bytes] | io.RawIOBase


def part_bytes(size: int, usual: int) -> int:
    """Bytes of a part, so that an object of this size has no more parts than a store allows."""
    return max(usual, -(-size // _MOST_PARTS))


def piece(content: Stream, size: int) -> bytes:
    """The next ``size`` bytes of a stream, fewer at its end."""
    parts = []
    while size and (part := content.read(size)):
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def size_of(content: Stream) -> int:
    """Bytes that a stream has left."""
    start = content.tell()
    size = content.seek(0, io.SEEK_END) - start
    content.seek(start)
    return size
