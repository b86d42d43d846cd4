"""Parsing is the same in every process, and keeps to itself."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.zones import Zones

CHECKOUT = Path(__file__).parents[3]
EXAMPLES = CHECKOUT / "include" / "config" / "tables"

PROGRAM = """
import json, sys
seen = []
def watch(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        seen.append([event, str(arguments)])
    if event in ("sqlite3.connect", "duckdb.connect"):
        seen.append([event, str(arguments)])
    if event == "open" and str(arguments[0]).endswith((".duckdb", ".db")):
        seen.append([event, str(arguments[0])])
import airflow.sdk
from airflow.models.serialized_dag import SerializedDagModel
try:
    from airflow.serialization.serialized_objects import DagSerialization as Serialization
except ImportError:
    from airflow.serialization.serialized_objects import SerializedDAG as Serialization
before = set(sys.modules)  # Airflow itself loads all plugins, Cosmos' own among them
sys.addaudithook(watch)
from airflow_landing_loader.dag_factory import build_landing_dags
dags = build_landing_dags()
heavy = sorted({"duckdb", "cosmos", "dbt", "polars", "holidays"} & (set(sys.modules) - before))
hashes = {name: SerializedDagModel.hash(Serialization.to_dict(dag)) for name, dag in dags.items()}
print(json.dumps({"hashes": hashes, "seen": seen, "heavy": heavy}))
"""


def parsed(zones: Zones, seed: int, **options: str) -> dict[str, Any]:
    """Build and serialise the DAGs in a process of its own."""
    environ = os.environ | {
        "PYTHONHASHSEED": str(seed),
        "LANDING_PATH": str(zones.landing),
        "ARCHIVE_PATH": str(zones.archive),
        "FAILED_PATH": str(zones.failed),
        "TABLE_CONFIG_PATH": str(zones.tables),
        "DUCKDB_PATH": str(zones.root / "warehouse.duckdb"),
        **options,
    }
    program = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environ, check=True, stdout=subprocess.PIPE, text=True
    )
    found: dict[str, Any] = json.loads(program.stdout.splitlines()[-1])
    return found


def test_parsing_is_deterministic_and_keeps_to_itself(zones: Zones) -> None:
    for path in [*EXAMPLES.rglob("*.yaml"), *EXAMPLES.rglob("*.yml")]:
        (zones.tables / path.name).write_text(path.read_text())
    (zones.tables / "more.yaml").write_text(
        "m_*.csv: {table: raw_m, dag: {tags: [a, b, c, d, e]}, exclude: [m_1.csv, m_2.csv]}\n"
        "w_*.csv: {table: raw_w, nonsense: 1}\n"
        'e_*.csv: {table: raw_e, expect: {by: "07:00", timezone: Europe/London, calendar: GB}}\n'
    )
    (zones.root / "warehouse.duckdb").write_bytes(b"")
    off = {"AIRFLOW__LANDING_LOADER__DBT_MODE": "off"}
    one, two = (parsed(zones, seed, **off) for seed in (1, 2))
    assert len(one["hashes"]) >= 2
    assert one["hashes"] == two["hashes"]
    assert one["seen"] == []
    assert one["heavy"] == []
