"""The command line with two mappings."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from tests.support.shells import Shell
from tests.support.zones import Zones

MAPPINGS = """\
instruments_*.csv:
  table: raw_instruments
  grace_seconds: 0
trades_*.csv:
  table: raw_trades
  grace_seconds: 0
  go_file: {pattern: trades_*.go, format: properties, row_count_key: record_count}
"""


@pytest.fixture
def shell(zones: Zones) -> Iterator[Shell]:
    """Starts commands on ``zones``; what is still running in the end is killed."""
    (zones.tables / "tables.yaml").write_text(MAPPINGS)
    environ = {
        **os.environ,
        # Relative: taken from the working directory.
        "LANDING_PATH": "landing",
        "ARCHIVE_PATH": "archive",
        "FAILED_PATH": "failed",
        "TABLE_CONFIG_PATH": "tables",
        "DUCKDB_PATH": "warehouse.duckdb",
    }
    made = Shell(zones, environ)
    yield made
    for process in made.running:
        if process.poll() is None:
            process.kill()
            process.communicate()
