"""The metadata that Airflow reads: right by its schema, by our settings and by its command line."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from airflow_landing_loader import get_provider_info as module
from airflow_landing_loader.get_provider_info import get_provider_info
from airflow_landing_loader.settings import SECTION, options

DISTRIBUTION = "airflow-provider-landing-loader"


def config_section() -> dict[str, Any]:
    section: dict[str, Any] = get_provider_info()["config"][SECTION]
    return section


def test_it_fits_airflows_schema() -> None:
    spec = importlib.util.find_spec("airflow")
    assert spec is not None
    assert spec.origin is not None
    schema = json.loads(Path(spec.origin).with_name("provider_info.schema.json").read_text())
    jsonschema.validate(get_provider_info(), schema)


def test_the_entry_point_leads_to_it() -> None:
    (entry,) = importlib.metadata.entry_points(
        group="apache_airflow_provider", module=module.__name__
    )
    assert entry.load() is get_provider_info
    assert get_provider_info()["package-name"] == DISTRIBUTION


def test_the_options_are_those_of_the_settings() -> None:
    expected = {
        option.name: {
            "description": option.description,
            "version_added": "0.1.0",
            "type": option.type_,
            "example": option.example,
            "default": None if option.default is None else str(option.default),
            "sensitive": False,
        }
        for option in options()
    }
    assert config_section()["options"] == expected
    assert list(config_section()["options"]) == list(expected)


def test_no_default_is_taken_for_a_template() -> None:
    # Airflow formats defaults with its own variables, and its parser interpolates "%".
    defaults = [option["default"] or "" for option in config_section()["options"].values()]
    assert not [text for text in defaults if set(text) & set("{}%")]


def test_it_imports_nothing_of_ours_nor_of_airflow() -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text())
    imported = [n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert {getattr(node, "module", None) for node in imported} == {"__future__", "typing"}


@pytest.mark.parametrize("kind", ["hooks", "sensors", "triggers", "operators"])
def test_the_modules_it_names_are_there(kind: str) -> None:
    info = get_provider_info()
    integrations = {row["integration-name"] for row in info["integrations"]}
    for row in info[kind]:
        assert row["integration-name"] in integrations
        for name in row["python-modules"]:
            assert importlib.util.find_spec(name) is not None, name


def test_the_commands_it_names_are_there() -> None:
    for path in get_provider_info()["cli"]:
        name, function = path.rsplit(".", 1)
        (command,) = getattr(importlib.import_module(name), function)()
        assert command.name == "landing-loader"


def airflow(home: Path, *arguments: str) -> str:
    """Output of Airflow's own command line in a fresh AIRFLOW_HOME."""
    return subprocess.run(
        [sys.executable, "-m", "airflow", *arguments],
        env=os.environ | {"AIRFLOW_HOME": str(home)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def test_airflow_knows_the_provider(tmp_path: Path) -> None:
    (short,) = json.loads(airflow(tmp_path, "providers", "get", DISTRIBUTION, "--output", "json"))
    assert short["Provider"] == DISTRIBUTION
    assert short["Version"] == importlib.metadata.version(DISTRIBUTION)
    (full,) = json.loads(
        airflow(tmp_path, "providers", "get", DISTRIBUTION, "--full", "--output", "json")
    )
    assert full["name"] == get_provider_info()["name"]
    assert full["operators"] == get_provider_info()["operators"]
    assert set(full["config"][SECTION]["options"]) == {option.name for option in options()}


def test_airflow_lists_the_section_with_every_option(tmp_path: Path) -> None:
    listed = airflow(tmp_path, "config", "list", "--section", SECTION).splitlines()
    shown = [line.removeprefix("# ").split(" =")[0] for line in listed if " =" in line]
    assert f"[{SECTION}]" in listed
    assert shown == [option.name for option in options()]


def test_airflow_knows_the_defaults(tmp_path: Path) -> None:
    answer = airflow(tmp_path, "config", "get-value", SECTION, "duckdb_path")
    assert answer.split()[-1] == "dev.duckdb"
