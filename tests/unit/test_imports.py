"""What importing the package drags in, seen in fresh processes."""

from __future__ import annotations

import json
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import airflow_landing_loader

PACKAGE = Path(str(airflow_landing_loader.__file__)).parent
CLOUDS = {"google", "boto3", "botocore", "azure"}
CORE = (
    *("safe_text", "codec", "exceptions", "settings", "clients", "config", "storage", "landing"),
    *("loading", "pipeline", "maintenance", "dbt", "xcom", "runs", "monitoring", "cli", "main"),
)

# What runs with Airflow alone, though its room does not.
AIRFLOWS = {
    "airflow_landing_loader.settings.airflow",
    "airflow_landing_loader.cli.__main__",
    "airflow_landing_loader.cli.definition",
}


def core_modules(*roots: str) -> list[str]:
    """All modules below these, by name; nothing is imported."""
    return [
        module.name
        for module in pkgutil.walk_packages([str(PACKAGE)], "airflow_landing_loader.")
        if module.name.split(".")[1] in roots and module.name not in AIRFLOWS
    ]


def loaded_by(*modules: str, blocked: tuple[str, ...] = ()) -> set[str]:
    """Top-level names that importing ``modules`` adds where importing ``blocked`` fails."""
    program = f"""
import importlib, json, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(f"{{name}} is blocked", name=name)

sys.meta_path.insert(0, Blocked())
before = set(sys.modules)  # site-packages' own start-up files may have loaded something
for name in {modules!r}:
    importlib.import_module(name)
print(json.dumps(sorted({{name.split(".")[0] for name in set(sys.modules) - before}})))
"""
    output = subprocess.run(
        [sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    return set(json.loads(output))


def test_the_package_itself_loads_nothing_heavy() -> None:
    heavy = {"duckdb", "polars", "pyarrow", "pandas", "cosmos", "dbt", "airflow"} | CLOUDS
    assert not loaded_by("airflow_landing_loader") & heavy
    assert not loaded_by("airflow_landing_loader.get_provider_info") & heavy


def test_the_core_runs_where_airflow_is_not_installed() -> None:
    modules = core_modules(*CORE)
    assert "airflow_landing_loader.loading.model" in modules
    loaded_by(*modules, blocked=("airflow", "cosmos", "dbt"))


def test_folders_and_duckdb_need_no_library_of_a_cloud() -> None:
    pipeline = (
        "airflow_landing_loader.pipeline.pipeline",
        "airflow_landing_loader.loading.warehouses.duckdb.warehouse",
    )
    assert not loaded_by(*pipeline) & CLOUDS
    assert not loaded_by("airflow_landing_loader.hooks.connections") & CLOUDS


def test_a_task_that_neither_inspects_nor_loads_pays_for_neither() -> None:
    pipeline = (
        "airflow_landing_loader.pipeline.pipeline",
        "airflow_landing_loader.loading.warehouses.duckdb.warehouse",
    )
    assert "numpy" not in loaded_by(*pipeline)
    assert "numpy" in loaded_by("airflow_landing_loader.pipeline.validation")


def test_the_inspection_runs_where_no_csv_engine_is_installed() -> None:
    engines = ("duckdb", "polars", "pyarrow", "pandas")
    loaded_by(*core_modules("landing"), blocked=engines)


def test_blocking_does_block() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        loaded_by("airflow_landing_loader.settings.airflow", blocked=("airflow",))


def test_one_file_looks_at_airflows_version() -> None:
    looks = re.compile(r"airflow import __version__|airflow\.__version__|airflow\.version\b")
    found = {p.name for p in PACKAGE.rglob("*.py") if looks.search(p.read_text())}
    assert found == {"version_compat.py"}
