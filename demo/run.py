"""``make demo``: sample deliveries, a real Airflow that loads them, and what became of each.

Exit code 0 only if everything came out as the samples say it must, 1 if not, 3 if another demo is
running, 128 + n after signal n. Whatever happens, nothing is left running.
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
import evidence
import summary
import watching
from airflow_api import NotThereError
from airflow_home import (
    REPOSITORY,
    Playground,
    PrivateAirflow,
    StartError,
    StillRunningError,
    free_port,
)
from deliveries import Sample
from processes import Interrupted, interruptible
from starting import start
from waiting import TimeIsUpError, Waiter

# On two idle cores it takes two minutes; the rest is for a machine where others work too.
SECONDS = 480.0

_FAILURES = (NotThereError, RuntimeError, StartError, StillRunningError, TimeIsUpError)


def play(playground: Playground, console: Console, *, seconds: float) -> evidence.Evidence:
    """The whole demo, up to the summary.

    :param seconds: time limit for everything.
    :raises StartError: a part of Airflow died.
    :raises TimeIsUpError: something did not happen in time.
    :raises RuntimeError: Airflow cannot parse the loader file.
    :raises NotThereError: the api server stopped answering.
    :raises StillRunningError: not everything could be stopped.
    """
    samples = deliveries.samples()
    tables = evidence.tables_of(samples)
    first, second = ([s for s in samples if s.wave == wave] for wave in (1, 2))
    playground.create(wipe=True)
    deliveries.drop(first, playground.landing)
    airflow = PrivateAirflow(playground, port=free_port())
    try:
        waiter = Waiter(console, seconds=seconds, check=airflow.check)
        api = start(airflow, waiter)
        waiter.until(
            f"{len(tables)} DAGs generated from the mappings",
            lambda: watching.lacking_dags(api, tables),
        )
        _take(first, playground, waiter, "The first deliveries")
        # Their runs may still be busy with dbt: that is no reason to wait.
        deliveries.drop(second, playground.landing)
        _take(second, playground, waiter, "A restatement and a drifted file")
        waiter.until("Runs ended, dbt too", lambda: watching.busy(api, tables))
        lines, failed = evidence.read_dbt_lines(api, map(watching.dag_id_of, tables))
        problems = [*watching.wrong_runs(api, samples), *failed]
    finally:
        airflow.stop()
    return evidence.gather(playground, samples, lines, problems)


def main(arguments: Sequence[str]) -> int:
    """Run the demo.

    :return: exit code.
    """
    parser = argparse.ArgumentParser(description="A real Airflow loads sample deliveries.")
    parser.add_argument("--folder", type=Path, default=REPOSITORY / ".demo", help="wiped at start")
    parser.add_argument("--timeout", type=float, default=SECONDS, help="seconds, default 480")
    options = parser.parse_args(arguments)
    playground, console = Playground(options.folder.absolute()), summary.console()
    console.print(f"[bold]Landing loader demo[/bold] in {summary.shown(playground.root)}")
    began = time.monotonic()
    try:
        with interruptible(), playground.reserved():
            found = play(playground, console, seconds=options.timeout)
    except Interrupted as stop:
        console.print(f"Stopped by {stop}. Nothing is left running.")
        return stop.exit_code
    except BlockingIOError:
        console.print(f"{summary.shown(playground.root)} is in use by another demo.")
        return 3
    except _FAILURES as error:
        console.print(f"[bold red]The demo failed.[/bold red] {escape(str(error))}", soft_wrap=True)
        summary.show_logs(playground, console)
        return 1
    summary.show(found, playground, console)
    console.print(f"[dim]{time.monotonic() - began:.0f} s; nothing is left running.[/dim]")
    return 1 if found.problems else 0


def _take(samples: Sequence[Sample], playground: Playground, waiter: Waiter, what: str) -> None:
    waiter.until(
        f"{what} taken out of landing", lambda: watching.still_landing(playground, samples)
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
