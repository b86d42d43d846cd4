"""Zones in which a sender replaces what is being loaded."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.replacing import World


@pytest.fixture(params=["data", "data and go"])
def world(request: pytest.FixtureRequest, zones: Any, settings: Any) -> World:
    """An empty world, of deliveries without and with a go file."""
    return World(zones.landing, zones.archive, settings(), request.param == "data and go")
