"""A loader that dies at a step: ``python dying.py SIDE [STEP]``."""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support import worlds

from airflow_landing_loader.landing.moves import move
from airflow_landing_loader.loading.warehouses.bigquery.commit import Committer
from airflow_landing_loader.loading.warehouses.bigquery.folder import StagingFolder
from airflow_landing_loader.loading.warehouses.bigquery.jobs import Jobs
from airflow_landing_loader.loading.warehouses.bigquery.parquet import WritingFileSystem
from airflow_landing_loader.loading.warehouses.bigquery.staging import Stager
from airflow_landing_loader.pipeline.finishing import Finisher

# (where, method, whether it is done when death comes)
STEPS: dict[str, tuple[Any, str, bool]] = {
    "before staging": (Stager, "_copy", False),
    "during staging": (WritingFileSystem, "open", True),
    "after staging": (StagingFolder, "create", False),
    "after the manifest": (StagingFolder, "create", True),
    "after a load is submitted": (Jobs, "_submitted", True),
    "after a load is done": (Committer, "_run_load", True),
    "after the commit is submitted": (Jobs, "submit", True),
    "after the transaction": (Committer, "commit", True),
    "during cleaning": (StagingFolder, "_remove", True),
    "after cleaning": (Committer, "clean", True),
    "before archiving": (Finisher, "finish", False),
    "during archiving": (move, "move", True),
}


def die() -> None:
    """As a machine that loses its power."""
    os.kill(os.getpid(), signal.SIGKILL)


def arm(owner: Any, name: str, done: bool) -> None:
    """Let the process die before or after the first call of a function."""
    original: Callable[..., Any] = getattr(owner, name)

    def deadly(*arguments: Any, **keys: Any) -> Any:
        if done:
            original(*arguments, **keys)
        die()

    setattr(owner, name, deadly)


if __name__ == "__main__":
    side: worlds.Side = pickle.loads(Path(sys.argv[1]).read_bytes())
    if sys.argv[2:]:
        arm(*STEPS[sys.argv[2]])
    for outcome in side.run().values():
        print(outcome, flush=True)
