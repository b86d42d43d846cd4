"""The command line: ``python -m fuzzing``, or ``make fuzz``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from rich import progress
from rich.console import Console
from rich.table import Table

from fuzzing.campaign import Progress, Result, fuzz, keep, target_of
from fuzzing.targets import NAMES, load

_console = Console()


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz, or replay one input; 1 if a promise was broken."""
    options = _options(arguments)
    if options.replay is not None:
        return _replay(options.replay, options.target)
    if find_spec("atheris") is None:
        _console.print(
            "atheris is not installed: there are wheels for CPython 3.11 to 3.13 on Linux, x86-64."
            " Kept inputs are tried by make test, and by --replay."
        )
        return 2
    results = [_fuzz(name, options.seconds) for name in options.target or NAMES]
    _console.print(_table(results))
    for result in results:
        _tell(result)
    failed = any(result.failed for result in results)
    if options.keep and not failed:
        for result in results:
            _console.print(f"{result.target}: {keep(result.target)} inputs are kept")
    return int(failed)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument(
        "--target", choices=NAMES, action="append", help="only this one (all); may be repeated"
    )
    parser.add_argument("--seconds", type=int, default=60, help="for each target (60)")
    parser.add_argument("--keep", action="store_true", help="keep the least inputs that reach most")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run this one input")
    return parser.parse_args(arguments)


def _replay(path: Path, targets: list[str] | None) -> int:
    name = targets[0] if targets else target_of(path)
    if name is None:
        _console.print(f"{path} lies in no folder of a target: say which by --target")
        return 2
    try:
        load(name).run(path.read_bytes())
    except Exception:
        _console.print_exception(show_locals=False)
        return 1
    _console.print(f"{name}: no promise is broken")
    return 0


def _fuzz(name: str, seconds: int) -> Result:
    columns = (
        progress.TextColumn("{task.description:10}"),
        progress.BarColumn(),
        progress.TimeElapsedColumn(),
        progress.TextColumn("{task.fields[state]}"),
    )
    with progress.Progress(*columns, console=Console(stderr=True), transient=True) as bars:
        bar = bars.add_task(name, total=None, state="starts")

        def show(now: Progress) -> None:
            bars.update(bar, state=f"{now.tried:,} inputs, {now.coverage:,} places reached")

        return fuzz(name, seconds, show)


def _table(results: Sequence[Result]) -> Table:
    table = Table()
    for title in ("target", "inputs tried", "per second", "new in corpus", "coverage", "findings"):
        table.add_column(title, justify="left" if title == "target" else "right")
    for result in results:
        numbers = (result.tried, result.per_second, result.new, result.coverage)
        shown = (f"{number:,}" for number in numbers)
        table.add_row(result.target, *shown, str(len(result.findings)))
    return table


def _tell(result: Result) -> None:
    for path in result.findings:
        _console.print(
            f'[red]a promise is broken[/]: make fuzz ARGS="--replay {path}"', soft_wrap=True
        )
    if result.failed and not result.findings:
        _console.print(f"{result.target} did not end well, see {result.log}", soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
