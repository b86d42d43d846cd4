"""Airflow's own API server with the plugin in it, and somebody to ask it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from airflow_landing_loader.loading.operations import ExecutionRecord
from airflow_landing_loader.monitoring.quality import QualityFigures
from airflow_landing_loader.runs.executions import RunKey

ROOT = "/landing-loader"
ETL = f"{ROOT}/api/v1/etl"
SECRET = "of a test, and as long as a key for HMAC with SHA-512 has to be: 64 bytes"
FERNET_KEY = "cGFzc3dvcmRwYXNzd29yZHBhc3N3b3JkcGFzc3dvcmQ="

SEED_LAYERS: dict[str, Any] = {
    "bronze": {"status": "completed", "records": 125000, "size_mb": 45.3, "duration_ms": 3200},
    "silver": {
        "status": "completed",
        "records": 124850,
        "records_filtered": 150,
        "duration_ms": 5600,
    },
    "gold": {
        "status": "completed",
        "tables_updated": ["campaign_daily", "pacing_metrics"],
        "duration_ms": 2100,
    },
}
"""The layers of an execution as the API's first description has them."""


@dataclass
class BooksOfTest:
    """Books that say what a test has written into them."""

    records: list[ExecutionRecord] = field(default_factory=list)
    figures: dict[str, QualityFigures] = field(default_factory=dict)
    asked_since: list[datetime] = field(default_factory=list)

    def executions(self, execution_ids: Sequence[str]) -> Sequence[ExecutionRecord]:
        return [record for record in self.records if record.execution_id in execution_ids]

    def quality(self, since: datetime) -> Mapping[str, QualityFigures]:
        self.asked_since.append(since)
        return self.figures


@dataclass
class Api:
    """Airflow's app in this process, as ``airflow api-server`` serves it.

    :param airflow: the app, with ours below ``/landing-loader``.
    :param books: what ours reads.
    """

    airflow: Any
    books: BooksOfTest

    def asking(self, role: str | None, name: str = "ann", **headers: str) -> Any:
        """A client without cookies whose user has a role of SimpleAuthManager; ``None``: no user
        at all."""
        from fastapi.testclient import TestClient

        shown = {"authorization": f"Bearer {self.token(role, name)}"} if role else {}
        return TestClient(
            self.airflow,
            headers={**shown, **headers},
            follow_redirects=False,
            raise_server_exceptions=False,
        )

    def with_cookie(self, role: str, name: str = "ann", **headers: str) -> Any:
        """A browser in which somebody is logged in."""
        client = self.asking(None, **headers)
        client.cookies.set("_token", self.token(role, name))
        return client

    def token(self, role: str, name: str = "ann") -> str:
        """What Airflow's login gives."""
        from airflow.api_fastapi.app import get_auth_manager
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

        token: str = get_auth_manager().generate_jwt(
            SimpleAuthManagerUser(username=name, role=role)
        )
        return token


def forget_dags() -> None:
    """Remove all DAGs, with all that was known of them."""
    from airflow.api.common.delete_dag import delete_dag
    from airflow.models.dag import DagModel
    from airflow.utils.session import create_session
    from sqlalchemy import select

    with create_session() as session:
        known = list(session.scalars(select(DagModel.dag_id)))
    for dag_id in known:
        delete_dag(dag_id)


def read_dag_files() -> None:
    """Do what Airflow's DAG processor does: put the DAGs of all files into the database."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager

    from airflow_landing_loader.version_compat import AIRFLOW_V_3_2_PLUS

    where = "airflow.dag_processing.dagbag" if AIRFLOW_V_3_2_PLUS else "airflow.models.dagbag"
    dagbag: Any = import_module(where)

    manager = DagBundlesManager()
    manager.sync_bundles_to_db()
    for bundle in manager.get_all_dag_bundles():
        if not bundle.is_initialized:
            bundle.initialize()
        options: dict[str, Any] = {"dag_folder": bundle.path, "bundle_path": bundle.path}
        if AIRFLOW_V_3_2_PLUS:
            options["bundle_name"] = bundle.name
        bag = dagbag.BundleDagBag(**options)
        assert not bag.import_errors, bag.import_errors
        dagbag.sync_bag_to_db(bag, bundle.name, bundle.version)


def change_run(run: RunKey, **values: Any) -> None:
    """Do what Airflow's scheduler does to a run: columns of ``dag_run``, such as ``state``."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import update

    with create_session() as session:
        session.execute(
            update(DagRun)
            .where(DagRun.dag_id == run.dag_id, DagRun.run_id == run.run_id)
            .values(**values)
        )


def forget_runs() -> None:
    """Remove all runs, with their tasks and logs."""
    from airflow.models.dagrun import DagRun
    from airflow.utils.session import create_session
    from sqlalchemy import delete

    with create_session() as session:
        session.execute(delete(DagRun))
    shutil.rmtree(Path(os.environ["AIRFLOW_HOME"]) / "logs", ignore_errors=True)


def write_log(run: RunKey, task_id: str, try_number: int, text: str) -> None:
    """Let a task have a try, and write what it logged where Airflow looks for it.

    :param try_number: one more than at the call before for this task, if there was one.
    """
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    with create_session() as session:
        key = {"dag_id": run.dag_id, "run_id": run.run_id, "task_id": task_id}
        task = session.query(TaskInstance).filter_by(**key).one()
        if task.try_number:
            task.prepare_db_for_next_try(session)
        task.try_number = try_number
        task.state = "success"
        task.start_date = datetime.now().astimezone()
    folder = Path(os.environ["AIRFLOW_HOME"]) / "logs"
    folder /= f"dag_id={run.dag_id}/run_id={run.run_id}/task_id={task_id}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"attempt={try_number}.log").write_text(text)
