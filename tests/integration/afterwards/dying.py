"""An unload that dies at a step: ``python dying_unload.py SIDE LOAD_ID TO STEP``."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support import worlds
from tests.support.proofs import unloader

from airflow_landing_loader.landing.moves import move, mover
from airflow_landing_loader.landing.replay import replay
from airflow_landing_loader.loading.warehouses.bigquery import BigQueryWarehouse
from airflow_landing_loader.loading.warehouses.duckdb import DuckDBWarehouse
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
from airflow_landing_loader.maintenance import unloading
from airflow_landing_loader.storage.local.folder import LocalFolder

# (where, function, whether it is done when death comes)
STEPS: dict[str, tuple[Any, str, bool]] = {
    "before the transaction": (DuckDBWarehouse, "unload", False),
    "in the transaction": (Ledger, "mark_unloaded", True),
    "after the transaction": (DuckDBWarehouse, "unload", True),
    "after the sidecar": (mover, "write_sidecar", True),
    "after the data file": (LocalFolder, "bring", True),
    "after both files": (move, "move", True),
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
