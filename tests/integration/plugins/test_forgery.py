"""Other sites cannot act for a person who is logged in, on whatever route."""

from __future__ import annotations

import pytest
from fastapi.routing import APIRoute
from tests.support.api import ETL, ROOT, Api

from airflow_landing_loader.plugins.api.app import make_app
from airflow_landing_loader.plugins.api.forgery import SAFE_METHODS

UNSAFE = sorted(
    (method, route.path.replace("{execution_id}", "exec_x"))
    for route in make_app().routes
    if isinstance(route, APIRoute)
    for method in route.methods - SAFE_METHODS
)
FOREIGN = (
    {},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "none"},
    {"sec-fetch-site": ""},
    {"sec-fetch-site": "cross-site", "origin": "http://testserver"},
    {"origin": "http://evil.example"},
    {"origin": "http://sibling.testserver"},
    {"origin": "http://testserver.evil.example"},
    {"origin": "http://testserver:8081"},
    {"origin": "https://testserver"},
    {"origin": "http://testserver@evil.example"},
    {"origin": "null"},
    {"origin": ""},
    {"origin": "file://"},
    {"origin": "http://testserver:port"},
    {"origin": "http://["},
    {"authorization": "Basic YW5uOmFubg==", "origin": "http://evil.example"},
    {"authorization": "Negotiate YW5u", "sec-fetch-site": "same-site"},
)
TRIGGER = {"pipeline_id": "raw_a"}


def test_there_are_unsafe_routes() -> None:
    assert ("POST", "/api/v1/etl/trigger") in UNSAFE


@pytest.mark.parametrize("headers", FOREIGN)
def test_no_route_acts_for_another_site(api: Api, headers: dict[str, str]) -> None:
    browser = api.with_cookie("admin", **headers)
    routes = [*UNSAFE, ("POST", "/no-such-route"), ("DELETE", "/api/v1/etl/executions")]
    for method, path in [*routes, ("PUT", "/static/shell.js"), ("PATCH", "/")]:
        answer = browser.request(method, f"{ROOT}{path}", json=TRIGGER)
        assert answer.status_code == 403, (method, path)
        assert answer.json()["detail"] == "The request comes from another site."
    assert not browser.get("/api/v2/dags/~/dagRuns").json()["dag_runs"]


@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", None]
)
def test_a_form_of_another_site_does_nothing(api: Api, content_type: str | None) -> None:
    browser = api.with_cookie("admin", origin="http://sibling.testserver")
    headers = {"content-type": content_type} if content_type else {}
    answer = browser.post(f"{ETL}/trigger", content=b'{"pipeline_id": "raw_a"}', headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "same-origin"},
        {"origin": "http://testserver"},
        {"origin": "http://testserver:80"},
        {"origin": "HTTP://TESTSERVER"},
        {"origin": "https://airflow.example.org", "host": "inner:8080"},
    ],
)
def test_our_own_page_acts(
    api: Api, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.org/")
    answer = api.with_cookie("user", **headers).post(f"{ETL}/trigger", json=TRIGGER)
    assert answer.status_code == 200


def test_a_token_speaks_for_a_program_wherever_it_runs(api: Api) -> None:
    program = api.asking("user", origin="http://elsewhere.example")
    assert program.post(f"{ETL}/trigger", json=TRIGGER).status_code == 200


def test_reading_is_no_forgery(api: Api) -> None:
    browser = api.with_cookie("viewer", **{"sec-fetch-site": "cross-site"})
    assert browser.get(f"{ETL}/executions").status_code == 200


@pytest.fixture
def open_api(api: Api, monkeypatch: pytest.MonkeyPatch) -> Api:
    """A server where everybody is an admin, and Airflow adds a token to each request."""
    simple = pytest.importorskip(
        "airflow.api_fastapi.auth.managers.simple.middleware",
        reason="Airflow 3.1 adds no token: a browser is let in by a cookie there, as everywhere",
    )
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True")
    return Api(simple.SimpleAllAdminMiddleware(api.airflow), api.books)


@pytest.mark.parametrize("headers", [one for one in FOREIGN if one])
@pytest.mark.parametrize("with_cookie", [True, False])
def test_where_everybody_is_admin_no_other_site_is(
    open_api: Api, headers: dict[str, str], *, with_cookie: bool
) -> None:
    ask = open_api.with_cookie("admin") if with_cookie else open_api.asking(None)
    for method, path in [*UNSAFE, ("POST", "/no-such-route")]:
        answer = ask.request(method, f"{ROOT}{path}", json=TRIGGER, headers=headers)
        assert answer.status_code == 403, (method, path)
    assert not ask.get("/api/v2/dags/~/dagRuns").json()["dag_runs"]


@pytest.mark.parametrize(
    "headers", [{"sec-fetch-site": "same-origin"}, {"origin": "http://testserver"}, {}]
)
def test_where_everybody_is_admin_pages_and_programs_act(
    open_api: Api, headers: dict[str, str]
) -> None:
    answer = open_api.asking(None, **headers).post(f"{ETL}/trigger", json=TRIGGER)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        *("application/x-www-form-urlencoded", "text/plain", "multipart/form-data", None, ""),
        *("text/plain; application/json", "application/jsonp", "application/xml"),
    ],
)
def test_a_body_is_json_and_says_so(api: Api, content_type: str | None) -> None:
    program = api.asking("admin")
    headers = {"content-type": content_type} if content_type is not None else {}
    body = b'{"pipeline_id": "raw_a"}'
    answer = program.post(f"{ETL}/trigger", content=body, headers=headers)
    assert answer.status_code == 415
    assert answer.headers["content-type"] == "application/problem+json"
    parts = program.post(f"{ETL}/trigger", content=iter([body]), headers=headers)
    assert parts.status_code == 415
    assert not program.get("/api/v2/dags/~/dagRuns").json()["dag_runs"]
    headers = {"content-type": "Application/JSON; charset=utf-8"}
    assert program.post(f"{ETL}/trigger", content=body, headers=headers).status_code == 200
