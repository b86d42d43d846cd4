"""Runs several paths on one file, alternating, and prints them beside their baseline."""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from data import write_trades
from measure import Measured, measure

HERE = Path(__file__).resolve().parent
CACHE = HERE.parent / ".bench"
CONSOLE = Console()


@dataclass(frozen=True)
class Sizes:
    """How much each case works on."""

    rows: int
    repeats: int
    small_files: int
    mappings: int


def whole_process(measured: Measured) -> float:
    """Wall seconds of a path's process, its start included."""
    return measured.seconds


def compare(
    sizes: Sizes,
    baselines: Sequence[str],
    paths: Sequence[str],
    what: str,
    seconds: Callable[[Measured], float] = whole_process,
) -> None:
    """Print speed and memory of each path.

    :param baselines: the fastest of these has the ratio 1.
    :param what: what the paths make of the file, for the title.
    :param seconds: what counts of a run.
    """
    file = write_trades(CACHE / f"trades_{sizes.rows}.csv", sizes.rows)
    file.read_bytes()  # warm: all paths find the file in the page cache
    runs: dict[str, list[Measured]] = {}
    for _ in range(sizes.repeats):
        for path in paths:
            runs.setdefault(path, []).append(run_path(path, file))
    times = {path: [seconds(run) for run in measured] for path, measured in runs.items()}
    baseline = min(baselines, key=lambda path: statistics.median(times[path]))
    size = f"{file.stat().st_size / 1e9:.2f} GB, {sizes.rows:,} rows x 10 columns"
    table = Table(title=f"{size}, {what}")
    for column in ("path", "seconds", "MB/s", "speed ratio", "process s", "peak MB"):
        table.add_column(column, justify="left" if column == "path" else "right")
    for path, measured in runs.items():
        ratios = [b / own for b, own in zip(times[baseline], times[path], strict=True)]
        median = statistics.median(times[path])
        table.add_row(
            path + (" (baseline)" if path == baseline else ""),
            f"{median:.1f}",
            f"{file.stat().st_size / 1e6 / median:.0f}",
            f"{statistics.median(ratios):.2f}",
            f"{statistics.median(whole_process(run) for run in measured):.1f}",
            f"{max(run.peak_bytes for run in measured) / 1e6:.0f}",
        )
    CONSOLE.print(table)


def run_path(path: str, file: Path) -> Measured:
    """Run a path of ``paths.py`` in a process and a folder of its own."""
    folder = Path(tempfile.mkdtemp(dir=CACHE))
    try:
        return measure([sys.executable, str(HERE / "paths.py"), path, str(file), str(folder)])
    finally:
        shutil.rmtree(folder)
