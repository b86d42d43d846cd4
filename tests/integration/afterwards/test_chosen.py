"""A load by what people see of it, on both warehouses; never a guess between two."""

from __future__ import annotations

import pytest
from tests.support import worlds

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.loading.warehouses.opening import open_warehouse
from airflow_landing_loader.maintenance.chosen import chosen_load
from airflow_landing_loader.storage.opening import open_zones

NAME = "a_'1%_2.csv"


@pytest.mark.parametrize("name", ["side", "theirs"])
def test_a_load_by_id_beginning_or_name(name: str, request: pytest.FixtureRequest) -> None:
    side: worlds.Side = request.getfixturevalue(name)
    side.map()
    warehouse = open_warehouse(side.settings, open_zones(side.settings))
    with pytest.raises(TerminalError) as caught:
        chosen_load(warehouse, NAME)
    assert caught.value.code is Code.LOAD_UNKNOWN
    loaded = []
    for content in ("id\n1\n", "id\n2\n"):
        side.deliver(NAME, content)
        loaded.append(str(side.run()[NAME].load_id))
        if len(loaded) == 1:
            for text in (loaded[0], loaded[0][:4], loaded[0][:9].upper(), NAME, f"archive/{NAME}"):
                assert chosen_load(warehouse, text) == loaded[0]
    with pytest.raises(TerminalError) as caught:
        chosen_load(warehouse, NAME)
    assert caught.value.code is Code.LOAD_AMBIGUOUS
    for load_id in loaded:
        assert load_id[:8] in caught.value.detail.message
        assert chosen_load(warehouse, load_id[:8]) == load_id
    for text in ("a_", "%", loaded[0][:3], "_2.csv"):
        with pytest.raises(TerminalError) as caught:
            chosen_load(warehouse, text)
        assert caught.value.code is Code.LOAD_UNKNOWN
