"""What a person sees at seven: all tables at a glance, while a load runs.

A thousand tables, and a million loads of the last four months, as rows of the books. Another
process holds the database meanwhile, as a load of a large file does. Measured in the process that
serves the page, from files that are there: the first look pays for all, every later one reads what
the last writer has left. Beside it, what ending a write session costs, which keeps the summary.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import duckdb

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
from airflow_landing_loader.monitoring.monitor import Monitor
from airflow_landing_loader.settings import Settings
from results import OverviewPoint

_TABLES = 1_000
_LOADS = 1_000_000
_ROUNDS = 7

# Ten seconds lie between two loads; some drift, some reject, some are taken out again.
_METADATA = """
INSERT INTO load_metadata BY NAME
SELECT md5(i::VARCHAR) AS load_id, 't' || (i % $tables) || '_' || i || '.csv' AS filename,
  'raw_t' || (i % $tables) AS table_name, 100 + i % 50 AS row_count,
  begun AS started_at, begun + to_seconds(3) AS completed_at, i + 1 AS sequence,
  '/landing/t' || i AS uri, 5000 + i AS size_bytes, sha256(i::VARCHAR) AS sha256,
  'token' || i AS delivery_token, 100 + i % 50 AS record_count, i % 7 AS rejected_count,
  CASE WHEN i % $tables < 50 THEN ['venue'] ELSE []::VARCHAR[] END AS drift_columns,
  []::VARCHAR[] AS missing_columns, '/archive/t' || i AS archive_uri,
  CASE WHEN i % 100 = 3 THEN i + 2 END AS removed_sequence,
  CASE WHEN i % 3 = 0 THEN 99.5 END AS quality_score
FROM (SELECT i, now()::TIMESTAMP - to_seconds(10 * ($loads - i)) AS begun FROM range($loads) r(i))
"""
_DELIVERIES = """
INSERT INTO load_deliveries BY NAME
SELECT load_id AS delivery_id, filename, table_name,
  CASE WHEN sequence % 2000 = 7 THEN 'failed' ELSE 'loaded' END AS outcome, load_id,
  uri AS landing_uri, archive_uri AS final_uri, completed_at AS recorded_at, sha256
FROM load_metadata
"""
_COLUMNS = """
INSERT INTO load_columns BY NAME
SELECT load_id, p AS position, 'c' || p AS sender_name,
  CASE WHEN p = 9 THEN 'venue' ELSE 'c' || p END AS column_name,
  CASE WHEN p = 9 THEN 'extra' ELSE 'column' END AS destination
FROM load_metadata, range(1, 10) q(p) WHERE p < 9 OR len(drift_columns) > 0
"""
_HOLDER = """
import sys
from pathlib import Path
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
with DatabaseLock(Path(sys.argv[1])).exclusive("loading a large file", timeout=0):
    print("held", flush=True)
    sys.stdin.read()
"""


def overviews(cache: Path, share: float) -> list[OverviewPoint]:
    """Measure each step.

    :param share: of the full size.
    """
    folder = cache / "overview"
    shutil.rmtree(folder, ignore_errors=True)
    settings = _made(folder, max(1, int(_TABLES * share)), max(1, int(_LOADS * share)))
    try:
        return _measured(settings)
    finally:
        shutil.rmtree(folder)


def _measured(settings: Settings) -> list[OverviewPoint]:
    monitor = _monitor(settings)
    # The first writer counts all, each later one what has changed.
    publish = monitor.warehouse.publish_summary
    points = [_point("a write session, the first with a summary", publish, 1)]
    points.append(_point("a write session that changes nothing", publish))
    with subprocess.Popen(
        [sys.executable, "-c", _HOLDER, settings.duckdb_path],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        fresh = _monitor(settings)
        points.append(_point("the first overview of a process", lambda: _see(fresh), 1))
        points.append(_point("a later overview", lambda: _see(fresh)))
        points.append(_point("reading the summary anew", fresh.warehouse.summary))
        holder.terminate()
    return points


def _see(monitor: Monitor) -> None:
    seen = monitor.overview(lambda _: True)
    assert seen.tables


def _point(what: str, act: Callable[[], object], rounds: int = _ROUNDS) -> OverviewPoint:
    seconds = []
    for _ in range(rounds):
        begun = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - begun)
    return OverviewPoint(what, statistics.median(seconds))


def _monitor(settings: Settings) -> Monitor:
    return Monitor(settings, DefaultClients())


def _made(folder: Path, tables: int, loads: int) -> Settings:
    for zone in ("landing", "archive", "failed", "tables"):
        (folder / zone).mkdir(parents=True)
    for number in range(tables):
        text = f"t{number}_*.csv: {{table: raw_t{number}, expect: {{by: '07:00', until: '09:00'}}}}"
        (folder / "tables" / f"t{number}.yaml").write_text(f"{text}\n", encoding="utf-8")
    database = folder / "warehouse.duckdb"
    with duckdb.connect(str(database)) as con:
        Ledger(con).ensure_tables()
        con.execute(_METADATA, {"tables": tables, "loads": loads})
        con.execute(_DELIVERIES)
        con.execute(_COLUMNS)
    return Settings(
        landing_path=str(folder / "landing"),
        archive_path=str(folder / "archive"),
        failed_path=str(folder / "failed"),
        table_config_path=str(folder / "tables"),
        duckdb_path=str(database),
    )
