"""``make up``: Airflow with the example DAGs on 127.0.0.1:8080, until Ctrl-C.

Everything lies in ``.up`` and is kept from one start to the next; the first one delivers the sample
files, so that the page has something of everything to show. Exit code 0 after Ctrl-C, 1 if
Airflow died, 3 if the port or the folder is in use.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape

import deliveries
import watching
from airflow_home import (
    HOST,
    REPOSITORY,
    Playground,
    PrivateAirflow,
    StartError,
    StillRunningError,
    is_free,
)
from processes import Interrupted, interruptible
from starting import start
from summary import console as make_console
from summary import show_logs, shown
from waiting import TimeIsUpError, Waiter

PORT = 8080
START_SECONDS = 300.0


def serve(airflow: PrivateAirflow, console: Console) -> None:
    """Start Airflow and stay until something ends it.

    :raises Interrupted: a person ended it.
    :raises StartError: a part of Airflow died.
    :raises TimeIsUpError: it did not start.
    :raises StillRunningError: not everything could be stopped.
    """
    samples = () if _is_in_use(airflow.playground) else deliveries.samples()
    first = [sample for sample in samples if sample.wave == 1]
    later = [sample for sample in samples if sample.wave > 1]
    try:
        deliveries.drop(first, airflow.playground.landing)
        start(airflow, Waiter(console, seconds=START_SECONDS, check=airflow.check))
        _explain(airflow, console)
        while True:
            airflow.check()
            if later and not watching.still_landing(airflow.playground, first):
                deliveries.drop(later, airflow.playground.landing)
                later = []
            time.sleep(1)
    finally:
        console.print("Stopping ...")
        airflow.stop()


def main(arguments: Sequence[str]) -> int:
    """Serve until a signal comes.

    :return: exit code.
    """
    parser = argparse.ArgumentParser(description="Airflow with the example DAGs, until Ctrl-C.")
    parser.add_argument("--port", type=int, default=PORT, help=f"on {HOST}, default {PORT}")
    parser.add_argument("--folder", type=Path, default=REPOSITORY / ".up", help="kept")
    options = parser.parse_args(arguments)
    playground, console = Playground(options.folder.absolute()), make_console()
    if not is_free(options.port):
        console.print(
            f"[red]Port {options.port} of {HOST} is in use.[/red] Stop what listens there, or take"
            f" another one: make up ARGS='--port {options.port + 1}'"
        )
        return 3
    try:
        with interruptible(), playground.reserved():
            playground.create(wipe=False)
            serve(PrivateAirflow(playground, port=options.port), console)
    except Interrupted:
        console.print("Stopped. Nothing is left running.")
    except BlockingIOError:
        console.print(f"[red]{shown(playground.root)} is in use by another one.[/red]")
        return 3
    except (StartError, StillRunningError, TimeIsUpError) as error:
        console.print(
            f"[bold red]Something went wrong.[/bold red] {escape(str(error))}", soft_wrap=True
        )
        show_logs(playground, console)
        return 1
    return 0


def _is_in_use(playground: Playground) -> bool:
    """Whether something was delivered already."""
    zones = (playground.landing, playground.archive, playground.failed)
    return any(path for zone in zones for path in zone.iterdir())


def _explain(airflow: PrivateAirflow, console: Console) -> None:
    playground = airflow.playground
    status = f"{shown(playground.wrapper)} landing-loader status"
    console.print(
        f"""
[bold]Airflow is up:[/bold] {airflow.url} (no login)

  What arrived, what did not  {airflow.url}/landing-loader/
  The same in Airflow         Browse, Landing zone
  Drop your own files into    {shown(playground.landing)}, mappings are in include/config/tables
  On the command line         {status}
  Loaded and refused files    {shown(playground.archive)}, {shown(playground.failed)}
  Logs                        {shown(playground.logs)}

At the first start sample files are on their way: good ones, refused ones, a restatement, new
columns, and some that nobody takes.
Ctrl-C stops it; what was loaded is kept in {shown(playground.root)}.""",
        soft_wrap=True,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
