"""Executions. One is a DAG run, and its id says which: nothing has to be kept."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import NamedTuple

from airflow_landing_loader.config.mapping.dag_ids import is_table_dag
from airflow_landing_loader.loading.operations import ExecutionRecord

ID_PATTERN = r"^exec_[A-Za-z0-9_-]+$"

_PREFIX = "exec_"
# As long as Airflow takes them; a run id of dots alone would be another place in an address.
_RUN_ID = re.compile(r"(?!\.{1,2}\Z)[^/\x00-\x1f\x7f]{1,250}")


class RunKey(NamedTuple):
    """What a run of Airflow is known by."""

    dag_id: str
    run_id: str


def id_of(run: RunKey) -> str:
    """``exec_`` and the run in base64url, which is one part of an address."""
    name = f"{run.dag_id}/{run.run_id}".encode()
    return _PREFIX + urlsafe_b64encode(name).rstrip(b"=").decode("ascii")


def run_of(execution_id: str) -> RunKey | None:
    """The run of an id; ``None`` if this is the id of no run of a table's DAG."""
    encoded = execution_id.removeprefix(_PREFIX)
    try:
        name = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return None
    dag_id, _, run_id = name.partition("/")
    if not is_table_dag(dag_id) or not _RUN_ID.fullmatch(run_id):
        return None
    run = RunKey(dag_id, run_id)
    # What base64 leaves open: other letters than its own are skipped, the last bits may differ.
    return run if id_of(run) == execution_id else None


def models_of(record: ExecutionRecord) -> tuple[str, ...]:
    """The dbt models that a layer has updated, by their names: ``models`` in its result."""
    try:
        result = json.loads(record.result or "{}")
    except ValueError:
        return ()
    models = result.get("models") if isinstance(result, dict) else None
    return tuple(map(str, models)) if isinstance(models, list) else ()
