"""From the bytes of a delivered file to its text: decompressed, UTF-8, no byte order mark.

:class:`TextPass` is the one pass of the inspection, which also hashes the bytes as delivered.
:func:`open_text` opens the same text for whoever reads it afterwards. Offsets in an
:class:`~airflow_landing_loader.landing.model.Inspection` count bytes of this text.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Self

from airflow_landing_loader.config.mapping.fields import Compression, CompressionKey
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import Algorithm, Checksum
from airflow_landing_loader.landing.text.compression import (
    MAGIC_BYTES,
    Expansion,
    compression_of,
    decompressed,
    within,
)
from airflow_landing_loader.landing.text.encoding import decoded, marks_of
from airflow_landing_loader.storage.content import FileContent, OpenContent

BLOCK_BYTES = 1024 * 1024
"""Bytes per read in the pass: so many that the interpreter's share is small, so few that a block
and its masks stay in the CPU's caches."""

HEAD_BYTES = 1024
"""How far :meth:`TextPass.head` looks."""

_THREAD_FROM_BYTES = 4 * 1024 * 1024
_BLOCKS_AHEAD = 4


class HashedBlocks:
    """The bytes of a file in blocks, hashed on their way.

    For a large file a thread of its own reads and hashes a few blocks ahead of whoever scans them.

    :param file: the file.
    :param algorithm: of another digest to be taken, too.
    """

    def __init__(self, file: OpenContent, algorithm: Algorithm | None = None) -> None:
        self._raw = _raw_blocks(file)
        self._sha256 = hashlib.sha256()
        self._digests = {"sha256": self._sha256}
        self._algorithm = algorithm
        if algorithm is not None and algorithm != "sha256":
            self._digests[algorithm] = hashlib.new(algorithm, usedforsecurity=False)
        self._pool = ThreadPoolExecutor(1) if file.size >= _THREAD_FROM_BYTES else None
        self._ahead: deque[Future[bytes]] = deque()
        self.size = 0

    def __iter__(self) -> Iterator[bytes]:
        while block := self._next():
            self.size += len(block)
            yield block

    def hexdigest(self) -> str:
        """SHA-256 of the file; right once all blocks were taken."""
        return self._sha256.hexdigest()

    def checksum(self) -> Checksum | None:
        """The other digest, if there is one; right once all blocks were taken."""
        asked = self._algorithm
        return asked and Checksum(algorithm=asked, hexdigest=self._digests[asked].hexdigest())

    def close(self) -> None:
        """Stop the thread, if there is one."""
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def _next(self) -> bytes:
        if self._pool is None:
            return self._hashed()
        while len(self._ahead) < _BLOCKS_AHEAD:
            self._ahead.append(self._pool.submit(self._hashed))
        return self._ahead.popleft().result()

    def _hashed(self) -> bytes:
        block = next(self._raw, b"")
        for digest in self._digests.values():
            digest.update(block)
        return block


class TextPass:
    """One sequential pass over a delivered file: hashed as delivered, given as text.

    :param source: the file.
    :param encoding: as the mapping says.
    :param expansion: how far a compressed file may expand.
    :param compression: as the mapping says.
    :param algorithm: of a digest to be taken besides SHA-256.
    :raises TerminalError: ``LANDING_NOT_A_FILE``, ``COMPRESSION_WRONG_NAME``,
        ``COMPRESSION_CUT``.
    :raises TransientError: ``LANDING_DISAPPEARED``, ``LANDING_UNREADABLE``.
    """

    def __init__(
        self,
        source: FileContent,
        encoding: str,
        expansion: Expansion,
        compression: CompressionKey = "auto",
        algorithm: Algorithm | None = None,
    ) -> None:
        self._encoding = encoding
        self.name = source.name
        self._file = source.open()
        try:
            first = self._file.read_at(MAGIC_BYTES, 0)
            # No byte at all is no compression either: it may be that nothing was promised.
            self.compression: Compression = (
                compression_of(self.name, first, compression) if first else "none"
            )
            self._delivered = HashedBlocks(self._file, algorithm)
        except BaseException:
            self._file.close()
            raise
        self._plain = decompressed(iter(self._delivered), self.compression, self.name)
        if self.compression != "none":
            self._plain = within(self._plain, expansion, delivered=self._file.size, name=self.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._delivered.close()
        self._file.close()

    def blocks(self) -> Iterator[bytes]:
        """Yield the text in blocks, none empty; to be called once.

        :raises UndecodableTextError: after everything before the offending byte was given.
        :raises TerminalError: ``COMPRESSION_*``.
        :raises TransientError: ``LANDING_UNREADABLE``.
        """
        return decoded(self._plain, self._encoding, self.name)

    def finish(self) -> None:
        """Follow the rest of a compressed file to its end, without decoding it.

        :raises TerminalError: ``COMPRESSION_*``: damage that may explain a broken text before it.
        """
        if self.compression != "none":
            for _ in self._plain:
                pass

    def head(self) -> bytes:
        """First :data:`HEAD_BYTES` of the file, decompressed, not decoded; ends the pass."""
        data = b""
        self._delivered.close()  # a file is read by one thread at a time
        blocks = _raw_blocks(self._file)
        for piece in decompressed(blocks, self.compression, self.name):
            data += piece
            if len(data) >= HEAD_BYTES:
                break
        return data[:HEAD_BYTES]

    def sha256(self) -> str:
        """Hex digest of the bytes as delivered; right once the blocks are exhausted."""
        return self._delivered.hexdigest()

    def checksum(self) -> Checksum | None:
        """The other digest that was asked for, of the same bytes; right when the first one is."""
        return self._delivered.checksum()

    @property
    def size(self) -> int:
        """Bytes as delivered, of the blocks taken so far."""
        return self._delivered.size


class TextStream(io.RawIOBase):
    """The text of a delivered file as a read-only stream; made by :func:`open_text`.

    Plain UTF-8 is read straight from the file at any offset. Anything else is decoded from its
    start: seeking forward reads on, seeking back starts again.
    """

    def __init__(
        self, file: OpenContent, name: str, compression: Compression, encoding: str
    ) -> None:
        super().__init__()
        self._file = file
        self._name = name
        self._compression = compression
        self._encoding = encoding
        self._direct = compression == "none" and encoding == "utf-8"
        self._mark_bytes = _marks_of(file) if self._direct else 0
        self._blocks: Iterator[bytes]
        self._rest: bytes
        self._rest_at: int
        self._position: int
        self._rewind()

    @property
    def name(self) -> str:
        """Name of the file."""
        return self._name

    def readable(self) -> bool:
        """Whether the stream can be read: always."""
        return True

    def seekable(self) -> bool:
        """Whether the stream has :meth:`seek`: always, though backwards may be slow."""
        return True

    def tell(self) -> int:
        """Offset in the text, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset in the text, in bytes.

        :param offset: offset in bytes, relative to ``whence``.
        :param whence: ``os.SEEK_SET`` or ``os.SEEK_CUR``; the end is not known without reading.
        :raises ValueError: another ``whence``, or an offset before the start.
        """
        if whence not in (os.SEEK_SET, os.SEEK_CUR):
            raise ValueError("the end of the text is not known in advance")
        target = offset + (self._position if whence == os.SEEK_CUR else 0)
        if target < 0:
            raise ValueError("an offset before the start of the text")
        if not self._direct:
            if target < self._position:
                self._rewind()
            while self._position < target and self.read(min(target - self._position, BLOCK_BYTES)):
                pass
        self._position = target
        return target

    def read(self, size: int = -1, /) -> bytes:
        """Return the next ``size`` bytes (all that remain if negative), fewer only at the end.

        :raises TerminalError: ``ENCODING_INVALID``, ``COMPRESSION_*``.
        :raises TransientError: ``LANDING_UNREADABLE``.
        """
        parts: list[bytes] = []
        while size and (part := self._next(BLOCK_BYTES if size < 0 else size)):
            parts.append(part)
            self._position += len(part)
            size -= len(part) if size > 0 else 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        """Read into a writable buffer and return how many bytes that were."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()

    def _next(self, size: int) -> bytes:
        if self._direct:
            return self._file.read_at(size, self._position + self._mark_bytes)
        if self._rest_at == len(self._rest):
            self._rest, self._rest_at = next(self._blocks, b""), 0
        part = self._rest[self._rest_at : self._rest_at + size]
        self._rest_at += len(part)
        return part

    def _rewind(self) -> None:
        raw = _raw_blocks(self._file)
        plain = decompressed(raw, self._compression, self._name)
        self._blocks = decoded(plain, self._encoding, self._name)
        self._rest, self._rest_at, self._position = b"", 0, 0


def open_text(source: FileContent, compression: Compression, encoding: str) -> TextStream:
    """Open the text of a delivered file: decompressed, UTF-8, without byte order mark.

    :param source: the file.
    :param compression: as the inspection found it.
    :param encoding: as the mapping says.
    :returns: a binary stream that is read and, forward, sought by bytes of the text.
    :raises TerminalError: ``LANDING_NOT_A_FILE``.
    :raises TransientError: ``LANDING_DISAPPEARED``, ``LANDING_UNREADABLE``.
    """
    return TextStream(source.open(), source.name, compression, encoding)


def empty(name: str) -> TerminalError:
    """The error for a file without a single record."""
    return TerminalError(
        ErrorCode.FILE_EMPTY,
        "The file holds no record, not even a header.",
        hint="Ask the sender for the file. A delivery without rows has its header, or a go file "
        "that says 0.",
        file=name,
    )


def _marks_of(file: OpenContent) -> int:
    """Bytes of the byte order marks that a file begins with."""
    mark = len(codecs.BOM_UTF8)
    size = mark
    position = 0
    while (found := marks_of(file.read_at(size, position))) == size:
        position, size = position + found, max(BLOCK_BYTES // mark, 1) * mark
    return position + found


def _raw_blocks(file: OpenContent) -> Iterator[bytes]:
    position = 0
    while block := file.read_at(BLOCK_BYTES, position):
        position += len(block)
        yield block
