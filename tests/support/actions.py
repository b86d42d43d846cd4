"""Actions as the API asks for them, in runs of the DAG that carries them out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from cryptography.fernet import Fernet

from airflow_landing_loader.hooks.tickets import with_ticket
from airflow_landing_loader.runs.actions import ACTIONS_DAG_ID, ActionRequest
from tests.support.dag_runs import Lab, Run, read_run


@contextmanager
def fernet_key(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Fernet key of its own for Airflow, which keeps what it has made of one."""
    from airflow.models import crypto

    def forget() -> None:
        if hasattr(crypto, "_fernet"):  # Airflow 3.1
            crypto._fernet = None
        else:
            crypto.get_fernet.cache_clear()

    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    forget()
    yield
    forget()


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
