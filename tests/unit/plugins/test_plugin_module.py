"""The plugin's module: every process of Airflow imports it."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import pytest

from airflow_landing_loader.plugins import landing_loader

CHECKOUT = Path(__file__).parents[3]
MODULE = landing_loader.__name__


def test_it_imports_nothing_that_serves_or_loads() -> None:
    program = f"import json, sys, {MODULE}; print(json.dumps(sorted(sys.modules)))"
    output = subprocess.run(
        [sys.executable, "-c", program], check=True, stdout=subprocess.PIPE, text=True
    ).stdout
    loaded = set(json.loads(output.splitlines()[-1]))
    servers = {"fastapi", "starlette", "uvicorn", "airflow.api_fastapi"}
    assert loaded & servers == set()
    assert loaded & {"duckdb", "polars", "pyarrow"} == set()
    ours = {name for name in loaded if name.startswith("airflow_landing_loader.")}
    airflows = {"airflow_landing_loader.get_provider_info"}  # which Airflow asks for options
    assert ours - airflows == {"airflow_landing_loader.plugins", MODULE}


def test_the_entry_point_leads_to_it() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
    module, _, name = project["entry-points"]["airflow.plugins"]["landing_loader"].partition(":")
    plugin = getattr(import_module(module), name)
    assert plugin is landing_loader.LandingLoaderPlugin
    # By this name Airflow itself tells what is a plugin.
    assert "AirflowPlugin" in {base.__name__ for base in plugin.__mro__}


@pytest.mark.parametrize(
    ("base_url", "prefix"),
    [
        ("", ""),
        ("http://airflow.example.org", ""),
        ("https://airflow.example.org/", ""),
        ("https://airflow.example.org/team-a", "/team-a"),
        ("https://airflow.example.org/team-a/", "/team-a"),
        ("/team-a/b", "/team-a/b"),
    ],
)
def test_scripts_have_the_path_of_the_base_url(
    monkeypatch: pytest.MonkeyPatch, base_url: str, prefix: str
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", base_url)
    spec = spec_from_file_location("landing_loader_of_another_process", landing_loader.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    scripts = {
        page["bundle_url"].partition("?v=")[0] for page in module.LandingLoaderPlugin.react_apps
    }
    assert scripts == {f"{prefix}/landing-loader/static/{name}.js" for name in ("shell", "card")}


def test_each_script_and_icon_is_there() -> None:
    served = {
        page[key].partition("?")[0].rpartition("/")[2]
        for page in landing_loader.LandingLoaderPlugin.react_apps
        for key in ("bundle_url", "icon", "icon_dark_mode")
        if key in page
    }
    there = {path.name for path in (Path(landing_loader.__file__).parent / "www").iterdir()}
    assert served <= there


def test_each_script_makes_the_component_that_airflow_asks_for() -> None:
    for page in landing_loader.LandingLoaderPlugin.react_apps:
        name = page["bundle_url"].partition("?")[0].rpartition("/")[2]
        script = (Path(landing_loader.__file__).parent / "www" / name).read_text()
        assert f'globalThis["{page["name"]}"] = ' in script
