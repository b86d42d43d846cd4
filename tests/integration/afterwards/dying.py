"""An unload that dies at a step: ``python dying_unload.py SIDE LOAD_ID TO STEP``."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import worlds
from proofs import unloader

from airflow_landing_loader import unloading
from airflow_landing_loader.landing import local_moves, moves, replay, transfer
from airflow_landing_loader.loading.bigquery import BigQueryWarehouse
from airflow_landing_loader.loading.duckdb import DuckDBWarehouse, ledger

# (where, function, whether it is done when death comes)
STEPS: dict[str, tuple[Any, str, bool]] = {
    "before the transaction": (DuckDBWarehouse, "unload", False),
    "in the transaction": (ledger, "mark_unloaded", True),
    "after the transaction": (DuckDBWarehouse, "unload", True),
    "after the sidecar": (local_moves, "write_sidecar", True),
    "after the data file": (transfer, "place", True),
    "after both files": (moves, "move", True),
    "after the record": (DuckDBWarehouse, "record_archived", True),
    "after the data file is back": (replay, "_bring_back", True),
    "after both files are back": (unloading, "replay", True),
    "after all": (unloading.Unloader, "unload", True),
    "after BigQuery's transaction": (BigQueryWarehouse, "unload", True),
}


def arm(owner: Any, name: str, done: bool) -> None:
    """Let the process die before or after the first call of a function."""
    original: Callable[..., Any] = getattr(owner, name)

    def deadly(*arguments: Any, **keys: Any) -> Any:
        if done:
            original(*arguments, **keys)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(owner, name, deadly)


if __name__ == "__main__":
    side: worlds.Side = pickle.loads(Path(sys.argv[1]).read_bytes())
    arm(*STEPS[sys.argv[4]])
    unloader(side.settings).unload(sys.argv[2], sys.argv[3])  # type: ignore[arg-type]
