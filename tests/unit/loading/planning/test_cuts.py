from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.loading.planning.cuts import cut

SIZES = st.lists(st.integers(0, 12), max_size=30)


@given(SIZES, st.integers(1, 5), st.integers(1, 10))
def test_parts_are_bounded_as_long_as_can_be_and_lose_nothing(
    sizes: list[int], most: int, room: int
) -> None:
    parts = list(cut(sizes, lambda size: (1, size), (most, room)))
    assert [size for part in parts for size in part] == sizes
    for part in parts:
        assert 1 <= len(part) <= most
        assert len(part) == 1 or sum(part) <= room
    for part, after in pairwise(parts):
        assert len(part) == most or sum(part) >= room or sum(part) + after[0] > room
