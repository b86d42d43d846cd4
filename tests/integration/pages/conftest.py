"""An installation with something of everything, and somebody who looks at it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.pages import Visitor
from tests.support.showcase import Showcase
from tests.support.zones import Zones


@pytest.fixture(scope="session")
def showcase(
    zones_in: Callable[[Path], Zones], tmp_path_factory: pytest.TempPathFactory
) -> Showcase:
    """Two weeks of loads; nobody changes it."""
    zones = zones_in(tmp_path_factory.mktemp("showcase"))
    made = Showcase.in_zones(zones, duckdb_threads=2, dbt_mode="off")
    made.build()
    return made


@pytest.fixture(scope="session")
def visitor(showcase: Showcase) -> Visitor:
    """Somebody who may see and do everything."""
    return Visitor(showcase.settings)


@pytest.fixture
def visiting(showcase: Showcase) -> Callable[..., Visitor]:
    """Somebody who may less."""

    def visiting(**rights: Any) -> Visitor:
        return Visitor(showcase.settings, **rights)

    return visiting
