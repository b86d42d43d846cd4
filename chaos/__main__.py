"""The command line: ``python -m chaos``, or ``make chaos``."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from chaos.model import Fault
from chaos.points import POINTS
from chaos.report import Tally, failure, page
from chaos.sabotage import SABOTAGES
from chaos.trial import Result
from chaos.workers import Task, Workers


def main() -> int:
    """Kill as many loaders as was asked for; 1 if a world did not end as it should."""
    options = _options()
    tally, started = Tally(), time.monotonic()
    console = Console(stderr=True, soft_wrap=True)
    columns = (TextColumn("kills"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("kills", total=options.kills)
        for result in Workers(options.workers).results(_tasks(options, tally, started)):
            assert isinstance(result, Result)
            tally.add(result)
            progress.update(bar, completed=tally.kills)
            _write(options.report, tally, started)
            if result.problems:
                console.print(failure(result), markup=False)
                console.print(result.log, markup=False, style="dim")
    print(
        f"{tally.worlds} worlds, {tally.starts} loaders started, {tally.kills} killed, at least"
        f" {tally.least()} at each named point; {len(tally.failed)} worlds failed"
    )
    return 1 if tally.failed else 0


def _write(report: Path | None, tally: Tally, started: float) -> None:
    """Write the page anew after each world, so that a long run may be broken off."""
    if report is not None:
        report.write_text(page(tally, time.monotonic() - started))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="loaders to kill (500)")
    parser.add_argument("--least", type=int, default=0, help="kills at each named point at least")
    parser.add_argument("--minutes", type=float, default=24 * 60.0, help="end after so long")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="worlds at a time")
    parser.add_argument("--first", type=int, default=0, help="round of seeds to begin with (0)")
    parser.add_argument("--seed", type=int, help="only the world of this seed")
    parser.add_argument("--fault", choices=get_args(Fault), help="this trouble in all worlds")
    parser.add_argument(
        "--sabotage", choices=SABOTAGES, help="loaders break this promise: it must be seen"
    )
    parser.add_argument("--report", type=Path, help="write the result there, as Markdown")
    return parser.parse_args()


def _tasks(options: argparse.Namespace, tally: Tally, started: float) -> Iterator[Task]:
    """Worlds for the point that has fewest kills, until there are enough."""
    if options.seed is not None:
        yield Task(seed=options.seed, fault=options.fault, sabotage=options.sabotage)
        return
    rounds = [options.first] * len(POINTS)
    given = [0] * len(POINTS)
    while time.monotonic() < started + options.minutes * 60:
        if tally.kills >= options.kills and tally.least() >= options.least:
            return
        index = min(
            range(len(POINTS)),
            key=lambda i: (len(tally.deaths[POINTS[i].name]) + given[i], rounds[i]),
        )
        # As if it had brought a kill, so that a point that is never passed does not take all.
        given[index] += 1
        seed = rounds[index] * len(POINTS) + index
        yield Task(seed=seed, fault=options.fault, sabotage=options.sabotage)
        rounds[index] += 1


if __name__ == "__main__":
    sys.exit(main())
