"""What docs/production.md tells people to run, run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

import deliveries

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "production.md").read_text()
BIN = Path(sys.executable).parent
LOST = "SELECT load_id, filename, row_count, archive_uri FROM load_metadata ORDER BY load_id"


def blocks(language: str, containing: str = "") -> list[str]:
    """Code blocks of the page."""
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    return [block for block in found if containing in block]


class Place:
    """Zones and a database, with the command line on them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.database = root / "warehouse.duckdb"
        for name in ("landing", "archive", "failed"):
            (root / name).mkdir()
        self.environment = {
            "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(root),
            "LANDING_PATH": str(root / "landing"),
            "ARCHIVE_PATH": str(root / "archive"),
            "FAILED_PATH": str(root / "failed"),
            "TABLE_CONFIG_PATH": str(CHECKOUT / "include" / "config" / "tables"),
            "DUCKDB_PATH": str(self.database),
        }

    def bash(self, script: str) -> None:
        """Run a script as the page has it."""
        done = subprocess.run(
            ["bash", "-eu", "-c", script],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def deliver(self, wave: int) -> None:
        """Load one wave of the demo's deliveries; the bad ones fail."""
        samples = [sample for sample in deliveries.samples() if sample.wave == wave]
        deliveries.drop(samples, self.root / "landing")
        self.bash("landing-loader run --once || test $? = 1")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        with duckdb.connect(str(self.database), read_only=True) as con:
            con.execute("SET TimeZone = 'UTC'")
            return con.execute(query).fetchall()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Both waves of deliveries loaded, with a backup made between the two as the page says."""
    place = Place(tmp_path_factory.mktemp("production"))
    place.deliver(1)
    (backup,) = blocks("bash", "flock")
    place.bash(backup.replace("/backup/", f"{place.root}/backup-of-"))
    place.deliver(2)
    return place


@pytest.mark.parametrize("query", blocks("sql"))
def test_every_query_runs(place: Place, query: str) -> None:
    place.rows(query)


def test_the_queries_find_what_they_promise(place: Place) -> None:
    found = list(map(place.rows, blocks("sql")))
    arrived, failed, incidents, gaps, missing, odd, extra, rejected, quality, books = found
    assert {row[0]: row[1:3] for row in arrived}["raw_trades"] == (3, 9010)
    assert {(row[2], row[3]) for row in failed} == {
        ("positions_20240116.csv", "csv.stray_quote"),
        ("trades_20240117.csv", "count.too_few"),
    }
    assert {row[2] for row in odd} == {"trades_20240115.csv", "trades_20240116.csv"}
    assert [row[:3] for row in extra] == [("raw_trades", "venue", 1)]
    assert [(table, score) for table, _, score in quality] == [("raw_exchange_rates", 75)]
    assert incidents == gaps == missing == rejected == books == []


@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("flock"), reason="made for Linux")
@pytest.mark.parametrize("backup", [True, False], ids=["from a backup", "from the archive alone"])
def test_what_was_lost_comes_back_from_the_archive(place: Place, backup: bool) -> None:
    before = place.rows(LOST)
    place.database.unlink()
    (recovery,) = blocks("bash", "missing.txt\nwhile")
    if backup:
        shutil.copy(place.root / "backup-of-warehouse.duckdb", place.database)
    else:
        listed, rest = recovery.split("\nPY\n", 1)
        assert listed.startswith("python - > known.txt")
        recovery = ": > known.txt\n" + rest
    place.bash(recovery)
    assert len(before) == 7
    assert place.rows(LOST) == before
    missing = (place.root / "missing.txt").read_text().splitlines()
    assert len(missing) == (2 if backup else 7)
    left = {path.name for path in (place.root / "landing").iterdir()}
    assert left == {"customers_20240115.csv", "trades_20240118.go"}


def test_the_values_for_kubernetes_fit_together() -> None:
    config, values = (yaml.safe_load(block) for block in blocks("yaml"))
    mount = values["dagProcessor"]["extraVolumeMounts"][0]["mountPath"]
    variables = {item["name"]: item["value"] for item in values["env"]}
    assert variables["AIRFLOW__LANDING_LOADER__TABLE_CONFIG_PATH"] == mount
    assert json.loads(variables["AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT"])
    for component in (values["dagProcessor"], values["workers"]["celery"]):
        (volume,) = component["extraVolumes"]
        assert volume["configMap"]["name"] == config["metadata"]["name"]


def test_the_policy_is_python() -> None:
    for block in blocks("python"):
        compile(block, "production.md", "exec")
