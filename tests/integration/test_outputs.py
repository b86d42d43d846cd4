"""Output that is full, closed, or read by nobody: the work is done, and the exit code says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def loader(zones: Any) -> Any:
    """Runs a command of a shell in which ``$LL`` is the loader; two files lie in landing."""
    (zones.tables / "t.yaml").write_text("a_*.csv: {table: raw_a, settle_seconds: 0}\n")
    for number in (1, 2):
        (zones.landing / f"a_{number}.csv").write_text(f"id\n{number}\n")

    def run(command: str) -> subprocess.CompletedProcess[bytes]:
        environment = {
            **os.environ,
            "LL": f"{sys.executable} -m airflow_landing_loader.cli",
            "LANDING_PATH": str(zones.landing),
            "ARCHIVE_PATH": str(zones.archive),
            "FAILED_PATH": str(zones.failed),
            "TABLE_CONFIG_PATH": str(zones.tables),
            "DUCKDB_PATH": str(zones.root / "warehouse.duckdb"),
        }
        return subprocess.run(
            ["bash", "-c", command], env=environment, capture_output=True, check=False
        )

    return run


@pytest.mark.parametrize(
    "redirection",
    ["2>/dev/full", ">/dev/full", ">/dev/full 2>/dev/full", "2>&-", "<&- >&- 2>&-", "2>&1 | :"],
)
def test_the_files_load_whoever_listens(loader: Any, zones: Any, redirection: str) -> None:
    if "full" in redirection and not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    ran = loader(f"set -o pipefail; $LL run --once {redirection}")
    assert zones.names()["archive"] == ["a_1.csv", "a_2.csv"]
    assert ran.returncode == 3
    assert b"Traceback" not in ran.stdout + ran.stderr
    assert b"Exception ignored" not in ran.stdout + ran.stderr


@pytest.mark.parametrize("command", ["status", "status --json", "list --json", "schema", "doctor"])
def test_what_cannot_be_written_is_no_trace(loader: Any, command: str) -> None:
    for redirection in (">/dev/full", "| :"):
        ran = loader(f"set -o pipefail; $LL {command} {redirection}")
        assert ran.returncode in (1, 3), command
        assert b"Traceback" not in ran.stderr
        assert b"Exception ignored" not in ran.stderr
    assert loader(f"$LL {command} >&1").returncode in (0, 1)
