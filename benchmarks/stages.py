"""Where the time goes: `stages.py` does `landing-loader run --once` with a stopwatch at each stage.

Each stage's own seconds, without those of the stages inside it. The functions are wrapped here, in
the benchmark's process; the code that is measured knows nothing of it. With one worker: files that
are inspected at the same time would count twice.
"""

from __future__ import annotations

import functools
import json
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

_STARTED = time.perf_counter()


class Stopwatch:
    """Counts the seconds that each stage takes by itself."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._open: list[float] = []  # of each stage that runs: the seconds of those inside it

    def wrap(self, owner: Any, name: str, stage: str) -> None:
        """Time a function of a class or module.

        :raises AttributeError: there is none of this name any more.
        """
        setattr(owner, name, self._timed(getattr(owner, name), stage))

    def _timed(self, function: Callable[..., Any], stage: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def timed(*args: Any, **kwargs: Any) -> Any:
            self._open.append(0.0)
            started = time.perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                took = time.perf_counter() - started
                self.seconds[stage] += took - self._open.pop()
                if self._open:
                    self._open[-1] += took

        return timed


def main() -> None:
    """Load what is in landing and print the seconds of each stage as JSON."""
    from airflow_landing_loader.cli import main as landing_loader
    from airflow_landing_loader.cli.commands import run
    from airflow_landing_loader.loading.warehouses.duckdb.batch import BatchLoader
    from airflow_landing_loader.loading.warehouses.duckdb.rows import RowWriter
    from airflow_landing_loader.loading.warehouses.duckdb.warehouse import DuckDBWarehouse
    from airflow_landing_loader.pipeline.pipeline import Pipeline

    watch = Stopwatch()
    for owner, name, stage in (
        (run, "run", "start and the rest"),
        (run, "look", "look"),
        (Pipeline, "discover", "look"),
        (Pipeline, "run_batch", "inspect and validate"),
        (Pipeline, "load", "look once more"),
        (DuckDBWarehouse, "load", "open, checkpoint, close"),
        (BatchLoader, "load", "commit"),
        (BatchLoader, "_decide_all", "metadata"),
        (BatchLoader, "_write_all", "read and insert"),
        (RowWriter, "write", "read and insert"),
        (RowWriter, "write_together", "read and insert"),
        (BatchLoader, "_keep_books", "metadata"),
        (Pipeline, "finish", "archive"),
    ):
        watch.wrap(owner, name, stage)
    try:
        landing_loader(["run", "--once", "--workers", "1"])
    except SystemExit as ended:
        if ended.code:
            raise
    within = sum(watch.seconds.values())
    watch.seconds["start and the rest"] += time.perf_counter() - _STARTED - within
    print("\n" + json.dumps(watch.seconds))


if __name__ == "__main__":
    main()
