"""The command line as processes of their own, on the zones of one test."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import duckdb
import pytest

from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from tests.support.zones import Zones

PROGRAM = (sys.executable, "-m", "airflow_landing_loader.cli")
PATIENCE = 60.0  # seconds until a test that waits for something gives up


@dataclass
class Shell:
    """Starts commands with settings for the zones; ends what a test left running."""

    zones: Zones
    environ: dict[str, str]
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    def run(self, *arguments: str, program: tuple[str, ...] = PROGRAM, **options: Any) -> Any:
        """Run a command to its end."""
        return subprocess.run(
            [*program, *arguments],
            env=self.environ,
            capture_output=True,
            text=True,
            errors="surrogateescape",
            check=False,
            timeout=PATIENCE,
            cwd=self.zones.root,
            **options,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command; its standard error is a file, so that it never waits for a reader."""
        with (self.zones.root / f"log{len(self.running)}").open("w") as log:
            process = subprocess.Popen(
                [*PROGRAM, *arguments],
                env=self.environ,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                cwd=self.zones.root,
            )
        self.running.append(process)
        return process

    def log(self, number: int = 0) -> str:
        """Standard error of a started command so far."""
        return (self.zones.root / f"log{number}").read_text()

    def land(self, name: str, content: str) -> None:
        """Deliver a file that has rested for long."""
        path = self.zones.landing / name
        path.write_text(content)
        os.utime(path, (1_700_000_000, 1_700_000_000))

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database, when nobody writes."""
        database = self.zones.root / "warehouse.duckdb"
        with DatabaseLock(database).shared("a test", timeout=PATIENCE):
            connection = duckdb.connect(str(database), read_only=True)
            try:
                return connection.execute(sql).fetchall()
            finally:
                connection.close()


def wait_for(condition: Callable[[], Any], what: str) -> None:
    """Wait until something is true; after :data:`PATIENCE` the test fails for want of ``what``."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"waited in vain for {what}")
        time.sleep(0.02)


def names_in(zones: Zones, zone: str) -> list[str]:
    """The names in a zone, without hidden ones."""
    return [name for name in zones.names()[zone] if not name.startswith(".")]
