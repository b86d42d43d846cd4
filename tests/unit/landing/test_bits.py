from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.landing import bits

# Sizes beside the edges of words, filled with few or many ones.
masks = st.integers(1, 200).flatmap(
    lambda size: st.sets(st.integers(0, size - 1)).map(
        lambda ones: np.isin(np.arange(size), list(ones))
    )
)


def unpacked(words: bits.Bits, mask: bits.Mask) -> list[bool]:
    return bits.unpack(words, len(mask)).tolist()


@given(masks)
def test_bits_stand_for_the_mask(mask: bits.Mask) -> None:
    words = bits.pack(mask)
    assert unpacked(words, mask) == mask.tolist()
    assert bits.positions(words, len(mask)).tolist() == np.flatnonzero(mask).tolist()
    assert [bits.get(words, i) for i in range(len(mask))] == mask.tolist()
    ones = np.flatnonzero(mask).tolist()
    assert bits.first(words) == (ones[0] if ones else None)


@given(masks)
def test_parity_counts_the_ones_so_far(mask: bits.Mask) -> None:
    expected = [bool(sum(mask[: i + 1]) % 2) for i in range(len(mask))]
    assert unpacked(bits.parity(bits.pack(mask)), mask) == expected


@given(masks, st.integers(1, 63))
def test_moving_bits(mask: bits.Mask, by: int) -> None:
    words, plain = bits.pack(mask), mask.tolist()
    assert unpacked(bits.later(words, by), mask) == ([False] * by + plain)[: len(plain)]
    assert unpacked(bits.earlier(words), mask) == [*plain[1:], False]
    assert unpacked(words, mask) == plain


@given(masks, st.data())
def test_clearing_a_bit(mask: bits.Mask, data: st.DataObject) -> None:
    words, at = bits.pack(mask), data.draw(st.integers(0, len(mask) - 1))
    bits.clear(words, at)
    expected = mask.tolist()
    expected[at] = False
    assert unpacked(words, mask) == expected
