"""Actions as the API asks for them, in runs of the DAG that carries them out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from airflow_landing_loader.hooks.tickets import with_ticket
from airflow_landing_loader.runs.actions import ACTIONS_DAG_ID, ActionRequest
from tests.support.dag_runs import Lab, Run, read_run


def run_action(lab: Lab, wanted: ActionRequest, conf: dict[str, Any] | None = None) -> Run:
    """Run the actions' DAG as the API does, under the id that the ticket is for; again, it is the
    same run, cleared.

    :param conf: instead of one with a ticket.
    """
    from airflow.models.dagrun import DagRun

    dag = lab.dag_with_id(ACTIONS_DAG_ID)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DagRun, "generate_run_id", lambda **_: wanted.run_id)
        conf = with_ticket(wanted) if conf is None else conf
        asked_at = datetime.fromisoformat(wanted.asked_at)
        return read_run(dag.test(logical_date=asked_at, run_conf=conf))
