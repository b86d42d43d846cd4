"""``airflow landing-loader ...``: the same commands, with the settings that Airflow has.

Airflow imports this module at every start of its command line, so it imports nothing until it is
called.
"""

from __future__ import annotations

from argparse import REMAINDER, Namespace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airflow.cli.cli_config import CLICommand


def get_landing_loader_cli_commands() -> list[CLICommand]:
    """The commands that Airflow adds to its own; named by key ``cli`` of the provider metadata."""
    from airflow.cli.cli_config import ActionCommand, Arg, lazy_load_command

    return [
        ActionCommand(
            name="landing-loader",
            help="Load landed files, look at what became of them, check mappings and settings",
            # No square brackets: Airflow shows this as markup.
            description="All commands of `landing-loader`, with the settings of section"
            " landing_loader in airflow.cfg. `airflow landing-loader help` lists them.",
            func=lazy_load_command("airflow_landing_loader.cli.definition.run"),
            args=(
                Arg(  # type: ignore[no-untyped-call]
                    ("arguments",),
                    nargs=REMAINDER,
                    help="run, init, generate, validate, list, check, status, arrivals, events,"
                    " replay, verify, unload, promote, schema, doctor; each has --help",
                ),
            ),
        )
    ]


def run(args: Namespace) -> None:
    """Run the command line on the arguments behind ``airflow landing-loader``."""
    from airflow_landing_loader.cli import main
    from airflow_landing_loader.cli.session import settings_source
    from airflow_landing_loader.settings.airflow import airflow_settings

    arguments = args.arguments or ["--help"]
    before = settings_source.set(airflow_settings)
    try:
        main(["--help"] if arguments == ["help"] else arguments)
    finally:
        settings_source.reset(before)
