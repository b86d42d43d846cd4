"""What becomes of Airflow's answers, from an app that answers as Airflow would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse

from airflow_landing_loader.plugins.api.airflow_api import AirflowApi, client_of
from airflow_landing_loader.plugins.api.datamodels.airflow import Dag, RunsQuery, Trigger
from airflow_landing_loader.plugins.api.problems import ProblemError
from airflow_landing_loader.plugins.landing_loader import AIRFLOW_APP

Ask = Callable[[AirflowApi], Awaitable[Any]]
RUN = {
    "dag_id": "landing__raw_a",
    "dag_run_id": "run 1",
    "run_after": "2026-11-30T00:00:00Z",
    "start_date": None,
    "end_date": None,
    "state": "queued",
}


class Airflow:
    """An app that gives the same answer to everything, and remembers what it was asked."""

    def __init__(self, answer: Callable[[Request], Any], root_path: str = "") -> None:
        self.app = FastAPI(root_path=root_path)
        self.asked: list[Request] = []

        @self.app.api_route("/{path:path}", methods=["GET", "POST"])
        async def everything(request: Request) -> Any:
            await request.body()
            self.asked.append(request)
            return answer(request)

    def ask(self, question: Ask, headers: dict[str, str] | None = None) -> Any:
        """Ask it as an endpoint of ours does."""
        pairs = [(k.encode(), v.encode()) for k, v in (headers or {}).items()]
        scope = {"type": "http", "headers": pairs, AIRFLOW_APP: self.app}

        async def asking() -> Any:
            async with client_of(Request(scope)) as client:
                return await question(AirflowApi(client))

        return asyncio.run(asking())


def dag(api: AirflowApi) -> Awaitable[Any]:
    return api.dag("landing__raw_a")


def json_of(content: Any, status: int = 200) -> Callable[[Request], Any]:
    return lambda request: JSONResponse(content, status)


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (401, HTTPStatus.UNAUTHORIZED),
        (403, HTTPStatus.FORBIDDEN),
        (404, HTTPStatus.NOT_FOUND),
        (409, HTTPStatus.CONFLICT),
        (400, HTTPStatus.CONFLICT),
        (422, HTTPStatus.SERVICE_UNAVAILABLE),
        (500, HTTPStatus.SERVICE_UNAVAILABLE),
        (503, HTTPStatus.SERVICE_UNAVAILABLE),
    ],
)
def test_a_refusal_is_told_as_what_it_is(status: int, told: HTTPStatus) -> None:
    with pytest.raises(ProblemError) as caught:
        Airflow(json_of({"detail": "so it is"}, status)).ask(dag)
    assert caught.value.status == told
    assert ("so it is" in caught.value.detail) == (told != HTTPStatus.SERVICE_UNAVAILABLE)
    assert bool(caught.value.headers) == (told == HTTPStatus.SERVICE_UNAVAILABLE)


@pytest.mark.parametrize("content", [{"detail": [{"msg": "x"}]}, {}, [], "text", None])
def test_a_refusal_without_words_is_told_by_its_status(content: Any) -> None:
    with pytest.raises(ProblemError, match="Airflow: Forbidden"):
        Airflow(json_of(content, 403)).ask(dag)


def test_an_error_within_airflow_is_no_error_of_ours() -> None:
    def fails(request: Request) -> Any:
        raise KeyError("secret")

    with pytest.raises(ProblemError) as caught:
        Airflow(fails).ask(dag)
    assert caught.value.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert "secret" not in caught.value.detail


@pytest.mark.parametrize("content", [{}, [], None, {"dag_id": 1, "is_paused": False}, "x"])
def test_an_answer_of_another_airflow_is_told_as_one(content: Any) -> None:
    with pytest.raises(ProblemError, match="answers otherwise") as caught:
        Airflow(json_of(content)).ask(dag)
    assert caught.value.status == HTTPStatus.BAD_GATEWAY


def test_what_is_no_json_is_told_as_no_answer() -> None:
    with pytest.raises(ProblemError, match="answers otherwise"):
        Airflow(lambda request: PlainTextResponse("<html>")).ask(dag)


def test_only_the_callers_credentials_go_along() -> None:
    airflow = Airflow(json_of({"dag_id": "landing__raw_a", "is_paused": False}))
    headers = {
        "authorization": "Bearer abc",
        "cookie": "_token=def",
        "host": "evil.example",
        "x-forwarded-for": "10.0.0.1",
        "content-length": "7",
    }
    assert airflow.ask(dag, headers) == Dag(dag_id="landing__raw_a", is_paused=False)
    (asked,) = airflow.asked
    assert asked.headers["authorization"] == "Bearer abc"
    assert asked.headers["cookie"] == "_token=def"
    assert asked.headers["host"] == "airflow"
    assert "x-forwarded-for" not in asked.headers


def test_no_proxy_and_no_password_of_the_environment_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / ".netrc").write_text("machine airflow login root password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    airflow = Airflow(json_of({"dag_id": "landing__raw_a", "is_paused": False}))
    airflow.ask(dag)
    assert "authorization" not in airflow.asked[0].headers


@pytest.mark.parametrize("prefix", ["", "/team-a"])
def test_addresses_are_quoted_and_have_the_prefix(prefix: str) -> None:
    airflow = Airflow(json_of(RUN), root_path=prefix)
    airflow.ask(lambda api: api.run("landing__raw_a", "manual__2026-11-30T00:00:00+00:00 ?#%"))
    (asked,) = airflow.asked
    assert asked.scope["path"] == (
        f"{prefix}/api/v2/dags/landing__raw_a/dagRuns/manual__2026-11-30T00:00:00+00:00 ?#%"
    )
    assert asked.url.query == ""


def test_a_paused_dag_is_not_started() -> None:
    airflow = Airflow(json_of(RUN))
    paused = Dag(dag_id="landing__raw_a", is_paused=True)
    with pytest.raises(ProblemError, match="is paused") as caught:
        airflow.ask(lambda api: api.trigger(paused, Trigger(conf={})))
    assert caught.value.status == HTTPStatus.CONFLICT
    assert not airflow.asked


@pytest.mark.parametrize("at_once", [1, 2, 7, 100])
def test_pages_are_put_together_whatever_airflow_gives_at_once(at_once: int) -> None:
    async def page(request: Request) -> Any:
        body = await request.json()
        runs = [{**RUN, "dag_run_id": str(i)} for i in range(10)]
        start = body["page_offset"]
        end = start + min(at_once, body["page_limit"])
        return JSONResponse({"dag_runs": runs[start:end], "total_entries": 10})

    app = FastAPI()
    app.post("/api/v2/dags/~/dagRuns/list")(page)
    query = RunsQuery(dag_ids=["landing__raw_a"])

    async def asking() -> Any:
        scope = {"type": "http", "headers": [], AIRFLOW_APP: app}
        async with client_of(Request(scope)) as client:
            return await AirflowApi(client).runs(query, skip=3, limit=5)

    found = asyncio.run(asking())
    assert [run.dag_run_id for run in found] == ["3", "4", "5", "6", "7"]


def test_a_log_that_is_gone_is_empty() -> None:
    from airflow_landing_loader.plugins.api.datamodels.airflow import TaskInstance

    task = TaskInstance(
        task_id="report",
        dag_id="landing__raw_a",
        dag_run_id="run 1",
        map_index=-1,
        try_number=1,
        start_date=None,
    )
    gone = Airflow(json_of({"detail": "TaskInstance not found"}, 404))
    assert not gone.ask(lambda api: api.log(task, 1)).content
    refused = Airflow(json_of({"detail": "Forbidden"}, 403))
    with pytest.raises(ProblemError):
        refused.ask(lambda api: api.log(task, 1))
