"""Airflow's REST API, as far as the demo and the end-to-end tests look at it."""

from __future__ import annotations

import http.client
import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from typing import Any

_PAGE = 100
_ACTIVE = ("queued", "running")
_AT_WORK = ("deferred", "queued", "running", "up_for_reschedule", "up_for_retry")


class NotThereError(Exception):
    """The api server does not answer, or not yet."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One DAG run."""

    dag_id: str
    run_id: str
    state: str


@dataclass(frozen=True, kw_only=True)
class Task:
    """One task instance.

    :param label: what the grid calls a mapped one, ``None`` until it has started.
    :param state: ``None`` before it is scheduled.
    """

    dag_id: str
    run_id: str
    task_id: str
    map_index: int
    state: str | None
    label: str | None
    try_number: int
    id: str


@dataclass(frozen=True, kw_only=True)
class Login:
    """A person whom Airflow knows by name and password."""

    name: str
    password: str


class AirflowApi:
    """A reader of Airflow's API.

    :param url: such as ``http://127.0.0.1:8080``, with the prefix if it has one.
    :param login: who reads; ``None`` where everybody is admin.
    """

    def __init__(self, url: str, *, login: Login | None = None) -> None:
        self.url = url
        self._login = login
        self._token: str | None = None
        # Never through a proxy of the person's environment.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def get(self, path: str, **query: Any) -> Any:
        """The decoded JSON answer.

        :param path: below the server's address, such as ``/api/v2/dags``.
        :raises NotThereError: no answer, or one that says that the server is starting.
        """
        address = f"{self.url}{path}?{urllib.parse.urlencode(query, doseq=True)}"
        request = urllib.request.Request(address)
        request.add_header("Authorization", f"Bearer {self.token()}")
        return self._answer(request, path)

    def token(self) -> str:
        """What Airflow knows the reader by from now on.

        :raises NotThereError: as :meth:`get`, or the login is refused.
        """
        if self._token is None:
            request = urllib.request.Request(f"{self.url}/auth/token")
            if self._login is not None:
                who = {"username": self._login.name, "password": self._login.password}
                request.data = json.dumps(who).encode()
                request.add_header("Content-Type", "application/json")
            self._token = str(self._answer(request, "/auth/token")["access_token"])
        return self._token

    def _answer(self, request: urllib.request.Request, path: str) -> Any:
        try:
            with self._opener.open(request, timeout=10) as answer:
                return json.load(answer)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise NotThereError(f"{path}: {error}") from error

    def silent(self) -> str:
        """Nothing, if the server answers.

        :raises NotThereError: it does not.
        """
        self.get("/api/v2/version")
        return ""

    def unhealthy(self) -> list[str]:
        """Components that have not reported to be healthy."""
        health = self.get("/api/v2/monitor/health")
        parts = ("metadatabase", "scheduler", "triggerer", "dag_processor")
        return [p for p in parts if (health.get(p) or {}).get("status") != "healthy"]

    def dag_ids(self) -> list[str]:
        """All DAGs that have been parsed."""
        return sorted(d["dag_id"] for d in self._all("/api/v2/dags", "dags"))

    def import_errors(self) -> list[str]:
        """Loader files that cannot be parsed, each with its stack trace."""
        errors = self._all("/api/v2/importErrors", "import_errors")
        return [f"{e['filename']}\n{e['stack_trace']}" for e in errors]

    def runs(self, dag_id: str = "~", *, active: bool = False) -> list[Run]:
        """Runs of a DAG or of all DAGs, oldest first.

        :param active: only those that have not ended.
        """
        states = {"state": _ACTIVE} if active else {}
        path = f"/api/v2/dags/{_quoted(dag_id)}/dagRuns"
        rows = self._all(path, "dag_runs", order_by="id", **states)
        return [Run(dag_id=r["dag_id"], run_id=r["dag_run_id"], state=r["state"]) for r in rows]

    def tasks(self, run: Run) -> list[Task]:
        """All task instances of a run, mapped ones each."""
        return self._tasks(run.dag_id, run.run_id)

    def tasks_at_work(self) -> list[Task]:
        """Task instances of all runs that run, wait for a worker, a trigger or another try."""
        return self._tasks("~", "~", state=_AT_WORK)

    def _tasks(self, dag_id: str, run_id: str, **query: Any) -> list[Task]:
        path = f"/api/v2/dags/{_quoted(dag_id)}/dagRuns/{_quoted(run_id)}/taskInstances"
        return [
            Task(
                dag_id=row["dag_id"],
                run_id=row["dag_run_id"],
                task_id=row["task_id"],
                map_index=row["map_index"],
                state=row["state"],
                label=row["rendered_map_index"],
                try_number=row["try_number"],
                id=row["id"],
            )
            for row in self._all(path, "task_instances", **query)
        ]

    def log(self, task: Task) -> str:
        """The log of a task's newest try, one line per event."""
        path = (
            f"/api/v2/dags/{_quoted(task.dag_id)}/dagRuns/{_quoted(task.run_id)}"
            f"/taskInstances/{_quoted(task.task_id)}/logs/{task.try_number}"
        )
        answer = self.get(path, map_index=task.map_index)
        return "\n".join(str(event.get("event", "")) for event in answer["content"])

    def asset_events(self, name: str) -> list[dict[str, Any]]:
        """Events of an asset, oldest first.

        :param name: exact name.
        """
        events = self._all("/api/v2/assets/events", "asset_events", order_by="timestamp")
        return [event for event in events if event["name"] == name]

    def _all(self, path: str, key: str, **query: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = []
        while True:
            answer = self.get(path, limit=_PAGE, offset=len(rows), **query)
            rows += answer[key]
            if len(answer[key]) < _PAGE:
                return rows


def _quoted(text: str) -> str:
    return urllib.parse.quote(text, safe="")
