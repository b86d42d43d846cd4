"""The commands in this process, on real zones."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

if TYPE_CHECKING:
    from tests.support.zones import Zones

MAPPINGS = """\
instruments_*.csv:
  table: raw_instruments
  settle_seconds: 0
  grace_seconds: 0
trades_*.csv:
  table: raw_trades
  settle_seconds: 0
  grace_seconds: 0
  go_file: {pattern: trades_*.go, format: properties, row_count_key: record_count}
"""


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        """Standard output as JSON: one object and nothing else."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Cli:
    """Runs commands on the zones."""

    zones: Zones
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, *arguments: str, answer: str | None = None) -> Ran:
        from airflow_landing_loader.cli.app import app

        result = CliRunner().invoke(app, arguments, input=answer, prog_name="landing-loader")
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return Ran(result.exit_code, result.stdout, result.stderr)

    def set(self, **variables: str) -> None:
        """Set environment variables."""
        for name, value in variables.items():
            self.monkeypatch.setenv(name, value)

    def land(self, name: str, content: str | bytes, *, failed: bool = False) -> None:
        """Put a file into the landing zone, or what it must not be into the failed zone."""
        folder = self.zones.failed if failed else self.zones.landing
        data = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(data)


@pytest.fixture
def cli(zones: Zones, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """The command line with settings for ``zones``, two mappings, and plain output."""
    return _cli(zones, monkeypatch)


@pytest.fixture(scope="module")
def cli_of_module(
    tmp_path_factory: pytest.TempPathFactory, zones_in: Callable[[Path], Zones]
) -> Iterator[Cli]:
    """The same on zones that all tests of a module share."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        yield _cli(zones_in(tmp_path_factory.mktemp("module") / "zones"), monkeypatch)


def _cli(zones: Zones, monkeypatch: pytest.MonkeyPatch) -> Cli:
    (zones.tables / "tables.yaml").write_text(MAPPINGS)
    made = Cli(zones, monkeypatch)
    made.set(
        LANDING_PATH=str(zones.landing),
        ARCHIVE_PATH=str(zones.archive),
        FAILED_PATH=str(zones.failed),
        TABLE_CONFIG_PATH=str(zones.tables),
        DUCKDB_PATH=str(zones.root / "warehouse.duckdb"),
        TERM="dumb",
    )
    return made
