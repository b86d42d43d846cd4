"""What rows hold, as sums that do not depend on their order: one per column, and one of the rows.

Each cell is written as a NULL mark, or as a mark, its length and its bytes, so that no two
different rows are written alike. Hashes of what is written are added modulo 2**128. A sum, unlike
XOR, does not cancel two equal rows; the sum over whole rows also tells cells that changed places.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

_BYTES = 16
_MODULUS = 1 << (8 * _BYTES)
_NULL = b"\x00"
# Cells that come again are short; a cache of these takes some 20 MB at most.
_SHORT = 64
_CACHED = 65_536

Cells = Sequence[str | None]


class Fingerprint:
    """Adds up rows.

    :param columns: number of cells of each row.
    """

    def __init__(self, columns: int) -> None:
        self.rows = 0
        self._total = 0
        self._columns = [0] * columns

    def add(self, row: Cells) -> None:
        """Add one row.

        :raises ValueError: it has another number of cells.
        """
        if len(row) != len(self._columns):
            raise ValueError(f"{len(row)} cells in place of {len(self._columns)}")
        written = []
        for index, cell in enumerate(row):
            short = cell is None or len(cell) <= _SHORT
            data, value = _short_cell(cell) if short else _cell(cell)
            written.append(data)
            self._columns[index] += value
        self._total += _hash(b"".join(written))
        self.rows += 1

    @property
    def total(self) -> str:
        """Sum over the rows, as hexadecimal digits."""
        return _hex(self._total)

    def column(self, index: int) -> str:
        """Sum over the cells of one column, as hexadecimal digits."""
        return _hex(self._columns[index])

    def is_null(self, index: int) -> bool:
        """Whether all cells of a column are NULL."""
        return self.column(index) == _hex(self.rows * _cell(None)[1])


def _cell(cell: str | None) -> tuple[bytes, int]:
    """A cell as it is written, and the hash of that."""
    if cell is None:
        return _NULL, _hash(_NULL)
    data = cell.encode()
    written = b"\x01" + len(data).to_bytes(8, "little") + data
    return written, _hash(written)


_short_cell = lru_cache(_CACHED)(_cell)


def _hash(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=_BYTES).digest(), "little")


def _hex(value: int) -> str:
    return f"{value % _MODULUS:0{2 * _BYTES}x}"
