"""What was looked at is what is staged for BigQuery: at each opening."""

from __future__ import annotations

import pytest
from tests.support import worlds
from tests.support.hostile import swapping


@pytest.mark.parametrize("kind", ["plain", "gzip", "gathered", "rejects"])
def test_a_file_that_is_swapped_for_one_opening_is_not_staged(
    both: worlds.Sides, kind: str
) -> None:
    assert swapping.attack(both.bigquery, swapping.KINDS[kind], told=False) >= 2
