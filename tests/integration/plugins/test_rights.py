"""Who may what, by SimpleAuthManager: viewers read, users act, and nobody else gets in."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

import pytest
from tests.support.api import ETL, ROOT, Api

from airflow_landing_loader.plugins.api.problems import MEDIA_TYPE

READS = ("executions", "executions/exec_x/logs", "data-quality")
WRITES: dict[str, dict[str, Any]] = {
    "trigger": {"pipeline_id": "raw_a"},
    "replay": {"table": "raw_a", "files": ["a.csv"]},
    "discard": {"table": "raw_a", "files": ["a.csv"], "reason": "never wanted"},
    "unload": {"table": "raw_a", "loads": ["f9c96ed3"], "reason": "of the day before"},
    "promote": {"table": "raw_a", "columns": ["venue"]},
    "verify": {"table": "raw_a", "loads": ["f9c96ed3"]},
}
ALL = [("GET", path) for path in READS] + [("POST", path) for path in WRITES]


def call(client: Any, method: str, path: str) -> Any:
    return client.request(method, f"{ETL}/{path}", json=WRITES.get(path))


def test_every_endpoint_is_tried_here(api: Api) -> None:
    paths = api.asking("viewer").get(f"{ROOT}/openapi.json").json()["paths"]
    known = {
        (method.upper(), path.removeprefix("/api/v1/etl/").replace("{execution_id}", "exec_x"))
        for path, methods in paths.items()
        for method in methods
        if path.startswith("/api/v1/etl/")
    }
    assert known == set(ALL)


@pytest.mark.parametrize(("method", "path"), ALL)
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer rubbish"}, 403),
        ({"authorization": "Bearer "}, 401),
        ({"authorization": "Basic YW5uOmFubg=="}, 401),
    ],
)
def test_without_a_login_nothing_is_answered(
    api: Api, method: str, path: str, headers: dict[str, str], status: int
) -> None:
    answer = call(api.asking(None, **headers), method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == MEDIA_TYPE
    assert set(answer.json()) == {"type", "title", "status", "detail", "instance"}
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("table", ["raw_a", "raw_unknown"])
def test_a_viewer_acts_on_nothing_and_is_not_told_what_there_is(
    api: Api, path: str, table: str
) -> None:
    body = WRITES[path] | ({"pipeline_id": table} if path == "trigger" else {"table": table})
    answer = api.asking("viewer").post(f"{ETL}/{path}", json=body)
    assert answer.status_code == 403
    assert answer.json()["detail"] == f"You may not edit DAG landing__{table}."
    assert not api.asking("viewer").get(f"{ETL}/executions").json()["executions"]


def test_a_viewer_reads(api: Api) -> None:
    api.asking("user").post(f"{ETL}/trigger", json={"pipeline_id": "raw_a"})
    reader = api.asking("viewer")
    (execution,) = reader.get(f"{ETL}/executions").json()["executions"]
    assert reader.get(f"{ETL}/executions/{execution['id']}/logs").status_code == 200
    assert reader.get(f"{ETL}/data-quality").status_code == 200


@pytest.mark.parametrize("path", WRITES)
def test_an_editor_acts(api: Api, path: str) -> None:
    answer = call(api.asking("user"), "POST", path)
    assert answer.status_code == (200 if path == "trigger" else 202)


@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("table", ["raw_unknown", "landing_actions", "landing_unmatched", "a.b"])
def test_no_dag_but_a_tables_is_started(api: Api, path: str, table: str) -> None:
    body = WRITES[path] | ({"pipeline_id": table} if path == "trigger" else {"table": table})
    answer = api.asking("admin").post(f"{ETL}/{path}", json=body)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == MEDIA_TYPE


def test_a_table_that_there_is_not_has_no_executions(api: Api) -> None:
    answer = api.asking("viewer").get(f"{ETL}/executions", params={"pipeline_id": "raw_unknown"})
    assert answer.status_code == 404


def test_a_cookie_is_as_good_as_a_token(api: Api) -> None:
    body = {"pipeline_id": "raw_a"}
    viewer = api.with_cookie("viewer", **{"sec-fetch-site": "same-origin"})
    assert viewer.get(f"{ETL}/executions").status_code == 200
    assert viewer.post(f"{ETL}/trigger", json=body).status_code == 403
    user = api.with_cookie("user", **{"sec-fetch-site": "same-origin"})
    assert user.post(f"{ETL}/trigger", json=body).status_code == 200


def test_the_caller_is_named_in_airflow(api: Api) -> None:
    api.asking("user", "eve").post(f"{ETL}/trigger", json={"pipeline_id": "raw_a"})
    asked = api.asking("user", "eve").post(f"{ETL}/verify", json=WRITES["verify"]).json()
    runs = api.asking("admin").get("/api/v2/dags/~/dagRuns").json()["dag_runs"]
    assert {run["triggering_user_name"] for run in runs} == {"eve"}
    (conf,) = (run["conf"] for run in runs if run["dag_run_id"] == asked["run_id"])
    assert conf["asked_by"] == "eve"


@pytest.mark.parametrize("role", [None, "viewer"])
def test_the_description_is_for_those_who_are_logged_in(api: Api, role: str | None) -> None:
    answer = api.asking(role).get(f"{ROOT}/openapi.json")
    assert answer.status_code == (200 if role else 401)


@pytest.mark.parametrize("path", ["docs", "redoc", "docs/oauth2-redirect", "api/v1/openapi.json"])
def test_no_other_description_is_served(api: Api, path: str) -> None:
    assert api.asking("admin").get(f"{ROOT}/{path}").status_code == 404


def test_files_of_the_page_need_no_login(api: Api) -> None:
    answer = api.asking(None).get(f"{ROOT}/static/shell.js?v=0")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    again = api.asking(None).get(
        f"{ROOT}/static/shell.js", headers={"if-none-match": answer.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path", ["../landing_loader.py", "%2e%2e/landing_loader.py", "..%2flanding_loader.py", "", "x"]
)
def test_no_other_file_is_served(api: Api, path: str) -> None:
    answer = api.asking("admin").get(f"{ROOT}/static/{path}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == MEDIA_TYPE


def test_a_browser_is_sent_to_the_login_and_back(api: Api) -> None:
    browser = api.asking(None, accept="text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
    answer = browser.get(f"{ROOT}/openapi.json?a=%22b%22")
    assert answer.status_code == 307
    login = browser.get(answer.headers["location"])
    assert login.status_code == 307  # Airflow refuses to lead to an address that is not its own
    assert "/openapi.json?a=" in unquote(login.headers["location"])
    stale = api.asking(None, accept="text/html")
    stale.cookies.set("_token", "stale")
    assert stale.get(f"{ROOT}/openapi.json").status_code == 307
    assert browser.get(f"{ETL}/executions").status_code == 401


@pytest.mark.parametrize(
    "path", ["/openapi.json", "/static/shell.js", "/x", "/api/v1/etl/executions"]
)
@pytest.mark.parametrize("role", [None, "viewer"])
def test_every_answer_has_the_headers_that_bind_browsers(
    api: Api, role: str | None, path: str
) -> None:
    headers = api.asking(role).get(f"{ROOT}{path}").headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == (
        "no-cache" if path.startswith("/static") else "private, no-store"
    )
