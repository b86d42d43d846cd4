"""Settings through Airflow's own configuration, each case in a process that starts from nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REQUIRED = {
    "LANDING_PATH": "landing",
    "ARCHIVE_PATH": "archive",
    "FAILED_PATH": "failed",
    "TABLE_CONFIG_PATH": "tables",
}
PROGRAM = """
import json, sys
from airflow.configuration import conf
if "with_defaults" in sys.argv:
    # What a scheduler does: then conf.get() answers with the defaults of the provider metadata.
    from airflow.providers_manager import ProvidersManager
    ProvidersManager().initialize_providers_configuration()
    assert conf.get("landing_loader", "duckdb_path")
from airflow_landing_loader.settings.airflow import airflow_settings
from airflow_landing_loader.exceptions import ConfigurationError
try:
    print(json.dumps({r.name: [r.value, r.origin] for r in airflow_settings().describe()}))
except ConfigurationError as error:
    print(json.dumps({"code": error.code, "message": error.detail.message}))
"""


def rows(home: Path, cfg: str = "", *arguments: str, **environ: str) -> dict[str, list[str]]:
    home.mkdir(exist_ok=True)
    (home / "airflow.cfg").write_text(cfg)
    surroundings = {n: v for n, v in os.environ.items() if not n.startswith("AIRFLOW")}
    output = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        env=surroundings | {"AIRFLOW_HOME": str(home)} | environ,
        cwd="/",
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    found: dict[str, list[str]] = json.loads(output.splitlines()[-1])
    return found


@pytest.mark.parametrize("arguments", [(), ("with_defaults",)])
def test_bare_variables_count_below_the_section_and_paths_start_from_airflow_home(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    cfg = "[landing_loader]\nloader_workers = 3\nfailed_path = /data/failed\n"
    cfg += "duckdb_path = dev.duckdb\n"  # as Airflow itself writes all defaults into a new file
    own = {"AIRFLOW__LANDING_LOADER__POLL_INTERVAL": "5"}
    bare = {"DUCKDB_PATH": "warehouse.duckdb", "LOADER_WORKERS": "9"}
    found = rows(tmp_path / "home", cfg, *arguments, **REQUIRED, **own, **bare)
    assert found["landing_path"] == [f"{tmp_path}/home/landing", "LANDING_PATH"]
    assert found["failed_path"] == ["/data/failed", "airflow.cfg [landing_loader]"]
    assert found["loader_workers"] == ["3", "airflow.cfg [landing_loader]"]
    assert found["duckdb_path"] == [f"{tmp_path}/home/warehouse.duckdb", "DUCKDB_PATH"]
    assert found["poll_interval"] == ["5.0", "AIRFLOW__LANDING_LOADER__POLL_INTERVAL"]
    assert found["lock_timeout"] == ["300.0", "default"]


def test_the_airflow_variable_wins_over_the_file(tmp_path: Path) -> None:
    cfg = "[landing_loader]\nloader_workers = 3\n"
    own = {"AIRFLOW__LANDING_LOADER__LOADER_WORKERS": "4"}
    found = rows(tmp_path, cfg, **REQUIRED, **own)
    assert found["loader_workers"] == ["4", "AIRFLOW__LANDING_LOADER__LOADER_WORKERS"]


def test_a_misspelt_option_in_the_file_is_refused(tmp_path: Path) -> None:
    cfg = "[landing_loader]\nlanding_paht = /data\n"
    assert rows(tmp_path, cfg, **REQUIRED)["code"] == "settings.bad_value"


def test_missing_ones_are_named(tmp_path: Path) -> None:
    found = rows(tmp_path, "[landing_loader]\nlanding_path = /data/landing\n")
    assert found["code"] == "settings.missing"
    assert "archive_path, failed_path, table_config_path" in found["message"]
