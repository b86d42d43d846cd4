"""Blocks as a stream from which an exact number of bytes is taken."""

from __future__ import annotations

from collections.abc import Iterator

from airflow_landing_loader.landing.text.packings import faults


class Input:
    """The delivered bytes, from which what is wanted is taken.

    :param blocks: the file, from its first byte; no block is empty.
    :param name: file name, for errors.
    :param kind: of the compression, for errors.
    :ivar position: bytes taken so far.
    """

    def __init__(self, blocks: Iterator[bytes], name: str, kind: str) -> None:
        self._blocks = blocks
        self._name = name
        self._kind = kind
        self._data = b""
        self._at = 0
        self.position = 0

    def take_some(self, size: int) -> bytes:
        """Return ``size`` bytes, fewer only at the end of the file."""
        parts: list[bytes] = []
        while size > 0 and self._fill():
            part = self._data[self._at : self._at + size]
            self._at += len(part)
            size -= len(part)
            parts.append(part)
        taken = parts[0] if len(parts) == 1 else b"".join(parts)
        self.position += len(taken)
        return taken

    def take(self, size: int) -> bytes:
        """Return exactly ``size`` bytes.

        :raises TerminalError: ``COMPRESSION_CUT``: the file ends before.
        """
        data = self.take_some(size)
        if len(data) < size:
            raise faults.cut(self._name, self._kind)
        return data

    def take_block(self) -> bytes:
        """Return what is at hand, at least one byte.

        :raises TerminalError: as :meth:`take`.
        """
        self._fill()
        return self.take(max(1, len(self._data) - self._at))

    def put_back(self, data: bytes) -> None:
        """Let bytes that were taken last be taken again."""
        left = self._at < len(self._data)
        if left and len(data) <= self._at:  # they still stand in front of it: nothing is copied
            self._at -= len(data)
        else:
            self._data, self._at = data + self._data[self._at :], 0
        self.position -= len(data)

    def _fill(self) -> bool:
        if self._at == len(self._data):
            self._data, self._at = next(self._blocks, b""), 0
        return bool(self._data)
