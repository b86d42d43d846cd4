"""Airflow's public API (``/api/v2``), asked within this process with the caller's own credentials.

So Airflow itself decides, once more, what the caller may see and do, and its audit log has the
caller's name. Nothing of it is read past that API: no table of Airflow's database.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any, TypeVar
from urllib.parse import quote

import httpx
from fastapi import Depends, Request
from pydantic import BaseModel, ValidationError

from airflow_landing_loader.plugins.api.datamodels.airflow import (
    Dag,
    DagRun,
    DagRuns,
    RunsQuery,
    TaskInstance,
    TaskInstances,
    TaskLog,
    Trigger,
)
from airflow_landing_loader.plugins.api.problems import ProblemError
from airflow_landing_loader.plugins.landing_loader import AIRFLOW_APP

_PAGE = 100  # Airflow gives no more at once, unless [api] maximum_page_limit says so
_MAX_TASKS = 10_000
# What Airflow says of a request is said to the caller as well.
_PASSED_ON = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT)
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class AirflowApi:
    """Airflow's API for one request of ours; all methods raise :class:`ProblemError` where Airflow
    refuses (401, 403, 404, 409) or does not answer as it should (502, 503)."""

    client: httpx.AsyncClient

    async def dag(self, dag_id: str) -> Dag:
        """A DAG."""
        return await self._get(Dag, _path("dags", dag_id))

    async def runs(self, query: RunsQuery, *, skip: int, limit: int) -> Sequence[DagRun]:
        """Runs of some DAGs, the newest first.

        :param skip: so many of the newest are left out.
        :param limit: at most so many; fewer only if there are no more.
        """
        found: list[DagRun] = []
        while len(found) < limit:
            page = query.page(skip + len(found), min(_PAGE, limit - len(found)))
            answer = await self._ask("POST", "dags/~/dagRuns/list", json=page)
            runs = _read(DagRuns, answer)
            found += runs.dag_runs
            if not runs.dag_runs or skip + len(found) >= runs.total_entries:
                break
        return found

    async def run(self, dag_id: str, run_id: str) -> DagRun:
        """One run."""
        return await self._get(DagRun, _path("dags", dag_id, "dagRuns", run_id))

    async def trigger(self, dag: Dag, wanted: Trigger) -> DagRun:
        """Start a run in the caller's name.

        :raises ProblemError: 409 also where the DAG is paused: its runs would wait for ever.
        """
        if dag.is_paused:
            raise ProblemError(
                HTTPStatus.CONFLICT,
                f"DAG {dag.dag_id} is paused: a run would wait until it is not.",
                hint=f"`airflow dags unpause {dag.dag_id}`, or its switch in Airflow's page.",
            )
        path = _path("dags", dag.dag_id, "dagRuns")
        return _read(DagRun, await self._ask("POST", path, json=wanted.model_dump(mode="json")))

    async def task_instances(self, dag_id: str, run_id: str) -> Sequence[TaskInstance]:
        """The tasks of a run, mapped ones each; at most 10,000."""
        path = _path("dags", dag_id, "dagRuns", run_id, "taskInstances")
        found: list[TaskInstance] = []
        while len(found) < _MAX_TASKS:
            page = {"limit": _PAGE, "offset": len(found), "order_by": "id"}
            tasks = await self._get(TaskInstances, path, page)
            found += tasks.task_instances
            if not tasks.task_instances or len(found) >= tasks.total_entries:
                break
        return found

    async def log(self, task: TaskInstance, try_number: int) -> TaskLog:
        """What one try of a task has logged; empty if its log is gone."""
        path = _path("dags", task.dag_id, "dagRuns", task.dag_run_id)
        path += "/" + _path("taskInstances", task.task_id, "logs", str(try_number))
        query = {"map_index": task.map_index, "full_content": True}
        try:
            return await self._get(TaskLog, path, query)
        except ProblemError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return TaskLog(content=[])
            raise

    async def _get(
        self, model: type[_Model], path: str, query: Mapping[str, Any] | None = None
    ) -> _Model:
        return _read(model, await self._ask("GET", path, params=query))

    async def _ask(self, method: str, path: str, **request: Any) -> httpx.Response:
        answer = await self.client.request(method, f"/api/v2/{path}", **request)
        if answer.status_code >= HTTPStatus.BAD_REQUEST:
            raise _problem(answer)
        return answer


async def _airflow_api(request: Request) -> AsyncIterator[AirflowApi]:
    async with client_of(request) as client:
        yield AirflowApi(client)


AirflowApiDep = Annotated[AirflowApi, Depends(_airflow_api)]


@asynccontextmanager
async def client_of(request: Request) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the Airflow that has handed us the request, with its credentials alone."""
    airflow = request.scope[AIRFLOW_APP]
    shown = {name: request.headers.get(name) for name in ("authorization", "cookie")}
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=airflow, raise_app_exceptions=False),
        # Nothing of the environment: neither a proxy nor a password for this name.
        trust_env=False,
        base_url=f"http://airflow{airflow.root_path}",
        headers={
            "accept": "application/json",
            **{name: value for name, value in shown.items() if value is not None},
        },
    ) as client:
        yield client


def _path(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)


def _read(model: type[_Model], answer: httpx.Response) -> _Model:
    try:
        return model.model_validate_json(answer.content)
    except ValidationError as error:
        raise ProblemError(
            HTTPStatus.BAD_GATEWAY,
            "Airflow's API answers otherwise than it does in the versions that are supported.",
            hint="Which versions those are is in the README of airflow-provider-landing-loader.",
        ) from error


def _problem(answer: httpx.Response) -> ProblemError:
    """What to tell of an answer of Airflow that is none."""
    status = HTTPStatus(answer.status_code)
    said = _said(answer)
    if status in _PASSED_ON:
        return ProblemError(status, f"Airflow: {said}")
    if status in _REFUSED:
        return ProblemError(HTTPStatus.CONFLICT, f"Airflow refuses: {said}")
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"Airflow's API failed with {status.value}.",
        hint="Try again; if it stays so, the log of Airflow's API server says why.",
        headers={"Retry-After": "5"},
    )


def _said(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        body = None
    detail = body.get("detail") if isinstance(body, dict) else None
    return detail if isinstance(detail, str) else HTTPStatus(answer.status_code).phrase
