from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.landing.formats.csv import bitmasks

# Sizes beside the edges of words, filled with few or many ones.
masks = st.integers(1, 200).flatmap(
    lambda size: st.sets(st.integers(0, size - 1)).map(
        lambda ones: np.isin(np.arange(size), list(ones))
    )
)


def unpacked(words: bitmasks.Bits, mask: bitmasks.Mask) -> list[bool]:
    return bitmasks.unpack(words, len(mask)).tolist()


@given(masks)
def test_bits_stand_for_the_mask(mask: bitmasks.Mask) -> None:
    words = bitmasks.pack(mask)
    assert unpacked(words, mask) == mask.tolist()
    assert bitmasks.positions(words, len(mask)).tolist() == np.flatnonzero(mask).tolist()
    assert [bitmasks.get(words, i) for i in range(len(mask))] == mask.tolist()
    ones = np.flatnonzero(mask).tolist()
    assert bitmasks.first(words) == (ones[0] if ones else None)


@given(masks)
def test_parity_counts_the_ones_so_far(mask: bitmasks.Mask) -> None:
    expected = [bool(sum(mask[: i + 1]) % 2) for i in range(len(mask))]
    assert unpacked(bitmasks.parity(bitmasks.pack(mask)), mask) == expected


@given(masks, st.integers(1, 63))
def test_moving_bits(mask: bitmasks.Mask, by: int) -> None:
    words, plain = bitmasks.pack(mask), mask.tolist()
    assert unpacked(bitmasks.later(words, by), mask) == ([False] * by + plain)[: len(plain)]
    assert unpacked(bitmasks.earlier(words), mask) == [*plain[1:], False]
    assert unpacked(words, mask) == plain


@given(masks, st.data())
def test_clearing_a_bit(mask: bitmasks.Mask, data: st.DataObject) -> None:
    words, at = bitmasks.pack(mask), data.draw(st.integers(0, len(mask) - 1))
    bitmasks.clear(words, at)
    expected = mask.tolist()
    expected[at] = False
    assert unpacked(words, mask) == expected
