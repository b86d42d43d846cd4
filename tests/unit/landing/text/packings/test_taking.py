"""Bytes taken from blocks and put back, held against one string of bytes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.text.packings.taking import Input

BLOCKS = st.lists(st.binary(min_size=1, max_size=6), max_size=6)
STEPS = st.lists(
    st.tuples(st.sampled_from(["some", "block"]), st.integers(0, 9), st.integers(0, 9)),
    max_size=20,
)


@given(BLOCKS, STEPS)
def test_what_is_put_back_is_taken_again(
    blocks: list[bytes], steps: list[tuple[str, int, int]]
) -> None:
    whole, at = b"".join(blocks), 0
    source = Input(iter(blocks), "orders.csv.gz", "gzip")
    for way, size, back in steps:
        if way == "some" or at == len(whole):
            taken = source.take_some(size)
            assert taken == whole[at : at + size]
        else:
            taken = source.take_block()
            assert taken
            assert whole.startswith(taken, at)
        put = taken[max(0, len(taken) - back) :]
        source.put_back(put)
        at += len(taken) - len(put)
        assert source.position == at
    assert source.take_some(len(whole)) == whole[at:]
    with pytest.raises(TerminalError) as raised:
        source.take_block()
    assert raised.value.code == ErrorCode.COMPRESSION_CUT
