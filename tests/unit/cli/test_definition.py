"""`airflow landing-loader` is the same command line with Airflow's settings."""

from __future__ import annotations

import subprocess
import sys
from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING

import pytest

from airflow_landing_loader.cli.definition import get_landing_loader_cli_commands, run
from airflow_landing_loader.get_provider_info import get_provider_info

if TYPE_CHECKING:
    from tests.support.zones import Zones


def _parsed(*arguments: str) -> Namespace:
    from airflow.cli.cli_parser import _add_command

    parser = ArgumentParser()
    _add_command(parser.add_subparsers(), get_landing_loader_cli_commands()[0])
    return parser.parse_args(["landing-loader", *arguments])


def test_the_provider_metadata_names_the_function() -> None:
    function = get_landing_loader_cli_commands
    assert f"{function.__module__}.{function.__name__}" in get_provider_info()["cli"]


@pytest.mark.parametrize(
    "arguments",
    [("status", "--json", "--limit", "5"), ("run", "--once"), ("replay", "a.csv", "b.csv"), ()],
)
def test_arguments_pass_untouched(arguments: tuple[str, ...]) -> None:
    assert _parsed(*arguments).arguments == list(arguments)


@pytest.mark.parametrize("arguments", [[], ["help"]])
def test_without_a_command_there_is_help(
    arguments: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(Namespace(arguments=arguments))
    assert ended.value.code == 0
    assert "doctor" in capfd.readouterr().out


def test_settings_come_from_airflows_configuration(
    zones: Zones, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for zone in ("landing", "archive", "failed"):
        monkeypatch.setenv(f"AIRFLOW__LANDING_LOADER__{zone.upper()}_PATH", str(zones.root / zone))
    # Relative paths start from AIRFLOW_HOME, not from the working directory.
    monkeypatch.setenv("AIRFLOW__LANDING_LOADER__TABLE_CONFIG_PATH", "tables")
    monkeypatch.setenv("AIRFLOW_HOME", str(zones.root))
    (zones.tables / "a.yaml").write_text("a_*.csv: raw_a\n")
    with pytest.raises(SystemExit) as ended:
        run(Namespace(arguments=["validate"]))
    assert ended.value.code == 0
    assert capfd.readouterr().out == "1 good mapping for 1 table\n"


def test_airflow_pays_nothing_for_it() -> None:
    code = (
        "import sys; import airflow_landing_loader.cli.definition;"
        "print([m for m in sys.modules if m.startswith(('typer', 'rich', 'airflow.', 'duckdb',"
        " 'airflow_landing_loader.cli.'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['airflow_landing_loader.cli.definition']\n"
