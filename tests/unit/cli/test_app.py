"""Options, help and usage errors of each command."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import typer

from airflow_landing_loader import __version__
from airflow_landing_loader.cli.app import app

COMMANDS = tuple(typer.main.get_group(app).commands)


def test_version(cli: Any) -> None:
    ran = cli("--version")
    assert (ran.code, ran.out) == (0, f"landing-loader {__version__}\n")


def test_help_names_all_commands_exit_codes_and_settings(cli: Any) -> None:
    ran = cli("--help")
    assert ran.code == 0
    for word in (*COMMANDS, "LANDING_PATH", "Exit codes"):
        assert word in ran.out


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_help_with_an_example(cli: Any, name: str) -> None:
    ran = cli(name, "--help")
    assert ran.code == 0
    assert "Example" in ran.out
    assert f"landing-loader {name}" in ran.out
    assert "─" not in ran.out  # plain: this is no terminal


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly",),
        ("run", "--interval", "0"),
        ("run", "--interval", "ten"),
        ("run", "--workers", "0"),
        ("run", "now"),
        ("status", "--limit", "0"),
        ("status", "--limit", "many"),
        ("check",),
        ("check", "a", "b"),
        ("replay",),
        ("list", "--yaml"),
        ("schema", "--json"),
    ],
)
def test_wrong_usage_is_2_and_changes_nothing(cli: Any, arguments: tuple[str, ...]) -> None:
    cli.land("instruments_1.csv", "a\n1\n")
    ran = cli(*arguments)
    assert ran.code == 2
    assert ran.out == ""
    assert ran.err
    assert cli.zones.names()["landing"] == ["instruments_1.csv"]


def test_no_command_shows_the_help(cli: Any) -> None:
    ran = cli()
    assert ran.code == 2
    assert "doctor" in ran.out + ran.err


@pytest.mark.parametrize("arguments", ["--help", "validate --help", "validate", "list"])
def test_no_command_loads_what_it_does_not_need(arguments: str) -> None:
    code = (
        "import sys, atexit\n"
        "bad = {'airflow', 'duckdb', 'numpy', 'rich', 'polars', 'pyarrow', 'cosmos', 'dbt'}\n"
        "atexit.register(lambda: print(sorted(bad & set(sys.modules)), file=sys.stderr))\n"
        f"sys.argv[1:] = {arguments.split()}\n"
        "from airflow_landing_loader.cli import main; main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == "[]"
