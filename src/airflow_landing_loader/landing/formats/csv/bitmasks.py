"""Masks over a chunk of text as bits: 64 bytes of text are one machine word.

What costs a pass over the text as an array of truth values costs an eighth or less as bits. Bit 0
of word 0 is the first byte; the bits after the last byte are 0 unless a function says otherwise.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Bits = npt.NDArray[np.uint64]

_ONE = np.uint64(1)
_TOP = np.uint64(63)


def pack(mask: Mask) -> Bits:
    """Bits of a mask."""
    packed = np.packbits(mask, bitorder="little")
    words = np.zeros(-(-len(mask) // 64), np.dtype("<u8"))
    words.view(np.uint8)[: len(packed)] = packed
    return words


def unpack(bits: Bits, size: int) -> Mask:
    """The mask of ``size`` bytes that the bits stand for."""
    return np.unpackbits(bits.view(np.uint8), count=size, bitorder="little").view(np.bool_)


def parity(bits: Bits) -> Bits:
    """Whether an odd number of bits is set up to and including each one.

    Six shifts make the parity within a word; the words' own parities are then carried on. After an
    odd number of bits all bits behind the last byte are 1.
    """
    words = bits.copy()
    for shift in (1, 2, 4, 8, 16, 32):
        words ^= words << np.uint64(shift)
    carry = np.bitwise_xor.accumulate(words >> _TOP)
    words[1:] ^= np.uint64(0) - carry[:-1]
    return words


def later(bits: Bits, by: int = 1) -> Bits:
    """Each bit moved ``by`` bytes towards the end of the text; ``by`` is from 1 to 63."""
    moved: Bits = bits << np.uint64(by)
    moved[1:] |= bits[:-1] >> np.uint64(64 - by)
    return moved


def earlier(bits: Bits) -> Bits:
    """Each bit moved one byte towards the start of the text."""
    moved: Bits = bits >> _ONE
    moved[:-1] |= bits[1:] << _TOP
    return moved


def first(bits: Bits) -> int | None:
    """Offset of the first bit that is set, ``None`` if none is."""
    words = bits.nonzero()[0]
    if not len(words):
        return None
    word = int(bits[words[0]])
    return int(words[0]) * 64 + (word & -word).bit_length() - 1


def get(bits: Bits, offset: int) -> bool:
    """One bit."""
    return bool(int(bits[offset // 64]) >> offset % 64 & 1)


def clear(bits: Bits, offset: int) -> None:
    """Set one bit to 0."""
    bits[offset // 64] &= ~(_ONE << np.uint64(offset % 64))


def positions(bits: Bits, size: int) -> npt.NDArray[np.int64]:
    """Offsets of all bits that are set, in order."""
    return np.flatnonzero(unpack(bits, size))
