"""The command line, `landing-loader`: the same core without Airflow."""

from __future__ import annotations

from collections.abc import Sequence

PROGRAM = "landing-loader"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; ends the process with an exit code.

    :param arguments: without the program's name; those of the process if ``None``.
    """
    from airflow_landing_loader.cli.outputs import Outputs

    outputs = Outputs()
    from airflow_landing_loader.cli.app import app
    from airflow_landing_loader.cli.failures import ExitCode

    try:
        app(args=None if arguments is None else list(arguments), prog_name=PROGRAM)
    except SystemExit as end:
        if not outputs.all_written() and not end.code:
            raise SystemExit(ExitCode.ENVIRONMENT) from None
        raise
