"""What OpenLineage's provider is told of real runs, by its file transport."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from openlineage.client.facet_v2 import (
    column_lineage_dataset,
    data_quality_assertions_dataset,
    dataset_version_dataset,
    input_statistics_input_dataset,
    output_statistics_output_dataset,
    schema_dataset,
)
from tests.support.dag_runs import HOUR

if TYPE_CHECKING:
    from tests.support.dag_runs import Lab
    from tests.support.zones import Zones

Event = dict[str, Any]

CLASSES: dict[str, Any] = {
    "version": dataset_version_dataset.DatasetVersionDatasetFacet,
    "schema": schema_dataset.SchemaDatasetFacet,
    "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet,
    "inputStatistics": input_statistics_input_dataset.InputStatisticsInputDatasetFacet,
    "dataQualityAssertions": data_quality_assertions_dataset.DataQualityAssertionsDatasetFacet,
    "outputStatistics": output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet,
}


def run(lab: Lab, table: str, tmp_path: Path, **environment: str) -> list[Event]:
    """Run a table's DAG in a process of its own, and read what went to the lineage file."""
    told = tmp_path / "lineage.jsonl"
    transport = {"type": "file", "log_file_path": str(told), "append": True}
    done = subprocess.run(
        [sys.executable, "-m", "airflow", "dags", "test", f"landing__{table}"],
        env={
            **os.environ,
            "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
            "AIRFLOW__OPENLINEAGE__NAMESPACE": "tests",
            "AIRFLOW__LANDING_LOADER__SENSOR_TIMEOUT": "3",
            "AIRFLOW__LANDING_LOADER__DBT_MODE": "off",
            **environment,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    print(done.stdout)  # pytest shows it if the test fails
    assert told.exists()
    return [json.loads(line) for line in told.read_text().splitlines()]


def of_task(events: list[Event], task: str, kind: str) -> list[Event]:
    return [e for e in events if e["eventType"] == kind and e["job"]["name"].endswith(task)]


def as_classes(facets: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Facets as the client's own classes take them; a key that they do not know is an error."""
    made = {}
    for name, fields in facets.items():
        known = {key: value for key, value in fields.items() if not key.startswith("_")}
        made[name] = CLASSES[name](**known)
    return made


def test_files_and_their_table_are_told(lab: Lab, zones: Zones, tmp_path: Path) -> None:
    lab.mapping(
        "told_*.csv: {table: raw_told, settle_seconds: 0, on_bad_row: reject, max_rejected: 0.9,"
        " go_file: {pattern: told_*.go, format: properties, row_count_key: rows}}"
    )
    for number, rows in (1, 2), (2, 2), (3, 9):
        lab.deliver(f"told_{number}.csv", f"id,name\n{number},secret-cell\n2\n", age=HOUR)
        lab.deliver(f"told_{number}.go", f"rows={rows}\n")
    events = run(lab, "raw_told", tmp_path)
    assert "secret-cell" not in json.dumps(events)

    loads = {e["inputs"][0]["name"]: e for e in of_task(events, "file.load", "COMPLETE")}
    first, second = str(zones.landing / "told_1.csv"), str(zones.landing / "told_2.csv")
    assert set(loads) == {first, second}
    event = loads[first]
    (source,), (target,) = event["inputs"], event["outputs"]
    archived = (zones.archive / "told_1.csv").read_bytes()
    assert source["namespace"] == "file"
    facets = as_classes(source["facets"])
    assert facets["version"].datasetVersion == hashlib.sha256(archived).hexdigest()
    of_input = as_classes(source["inputFacets"])
    assert (of_input["inputStatistics"].rowCount, of_input["inputStatistics"].size) == (
        2,
        len(archived),
    )
    checks = {a["assertion"]: a for a in of_input["dataQualityAssertions"].assertions}
    assert (checks["record_count"]["expected"], checks["record_count"]["actual"]) == ("2", "2")
    assert (checks["no_rejects"]["success"], checks["no_rejects"]["actual"]) == (False, "1")
    assert (target["namespace"], target["name"]) == (
        f"duckdb://{lab.settings.duckdb_path}",
        "main.raw_told",
    )
    assert as_classes(target["outputFacets"])["outputStatistics"].rowCount == 1
    facets = as_classes(target["facets"])
    told = [field["name"] for field in facets["schema"].fields]
    with duckdb.connect(lab.settings.duckdb_path, read_only=True) as con:
        columns = [row[0] for row in con.execute("DESCRIBE raw_told").fetchall()]
    assert sorted(told) == sorted(columns)
    origins = {
        name: [origin["field"] for origin in fields["inputFields"]]
        for name, fields in facets["columnLineage"].fields.items()
    }
    assert origins == {"id": ["id"], "name": ["name"]}

    (refused,) = of_task(events, "file.validate", "FAIL")
    assert refused["inputs"][0]["name"] == str(zones.landing / "told_3.csv")
    assert "count.too_few" in refused["run"]["facets"]["errorMessage"]["message"]
    assert not refused["outputs"]


def test_a_cell_stays_out_even_where_logs_show_it(
    lab: Lab, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lab.mapping(
        "quiet_*.csv: {table: raw_quiet, settle_seconds: 0, trailer: {tag: END,"
        " row_count_column: 1}}"
    )
    lab.deliver("quiet_1.csv", "id,name\n1,a\nEND,secret-cell\n")
    events = run(lab, "raw_quiet", tmp_path, AIRFLOW__LANDING_LOADER__SHOW_VALUES="True")
    (refused,) = of_task(events, "file.validate", "FAIL")
    assert "trailer.bad_count" in refused["run"]["facets"]["errorMessage"]["message"]
    assert "secret-cell" not in json.dumps(events)
    assert "secret-cell" in capsys.readouterr().out
