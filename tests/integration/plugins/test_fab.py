"""Who may what, by FAB: roles, and rights on one DAG; and all of it below a prefix."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from tests.support.api import ETL, ROOT
from tests.support.fab_server import PREFIX

from airflow_landing_loader.plugins.api.problems import MEDIA_TYPE

from .conftest import FabServer

ACT = {"reason": "of the day before", "loads": ["f9c96ed3"]}


@pytest.mark.parametrize(
    ("name", "raw_a", "raw_b", "unknown"),
    [
        ("ada", 200, 200, 404),
        ("uma", 200, 200, 404),
        ("vic", 403, 403, 403),
        ("eda", 200, 403, 403),
        ("una", 200, 403, 403),
        ("nil", 403, 403, 403),
        (None, 401, 401, 401),
    ],
)
def test_a_pipeline_is_started_by_who_may_edit_its_dag(
    fab: FabServer, name: str | None, raw_a: int, raw_b: int, unknown: int
) -> None:
    client = fab.asking(name)
    for table, status in (("raw_a", raw_a), ("raw_b", raw_b), ("raw_unknown", unknown)):
        answer = client.post(f"{ETL}/trigger", json={"pipeline_id": table})
        assert answer.status_code == status, (table, answer.text)
        assert status == 200 or answer.headers["content-type"] == MEDIA_TYPE


@pytest.mark.parametrize(
    ("name", "raw_a", "raw_b"),
    [
        ("ada", 202, 202),
        ("uma", 202, 202),
        ("vic", 403, 403),
        ("eda", 202, 403),
        ("una", 403, 403),
        ("nil", 403, 403),
        (None, 401, 401),
    ],
)
def test_an_action_needs_the_right_to_the_table_and_to_the_actions_dag(
    fab: FabServer, name: str | None, raw_a: int, raw_b: int
) -> None:
    for table, status in (("raw_a", raw_a), ("raw_b", raw_b)):
        answer = fab.asking(name).post(f"{ETL}/unload", json={"table": table, **ACT})
        assert answer.status_code == status, answer.text


def test_whose_right_ends_before_the_actions_dag_is_told_so(fab: FabServer) -> None:
    answer = fab.asking("una").post(f"{ETL}/unload", json={"table": "raw_a", **ACT})
    assert answer.json()["detail"] == "You may not edit DAG landing_actions."


@pytest.mark.parametrize(
    ("name", "tables"),
    [
        *((name, {"landing__raw_a", "landing__raw_b"}) for name in ("ada", "uma", "vic")),
        *((name, {"landing__raw_a"}) for name in ("eda", "una")),
        ("nil", set()),
    ],
)
def test_a_list_has_the_tables_that_its_reader_may_read(
    fab: FabServer, name: str, tables: set[str]
) -> None:
    for table in ("raw_a", "raw_b"):
        assert fab.asking("ada").post(f"{ETL}/trigger", json={"pipeline_id": table}).is_success
    found = fab.asking(name).get(f"{ETL}/executions").json()["executions"]
    assert {execution["pipeline_id"] for execution in found} == tables


@pytest.mark.parametrize("name", ["eda", "nil"])
def test_another_tables_executions_cannot_be_told_from_those_of_none(
    fab: FabServer, name: str
) -> None:
    started = fab.asking("ada").post(f"{ETL}/trigger", json={"pipeline_id": "raw_b"}).json()
    client = fab.asking(name)
    log = client.get(f"{ETL}/executions/{started['execution_id']}/logs")
    assert log.status_code == 403
    there, none = (
        client.get(f"{ETL}/executions", params={"pipeline_id": table})
        for table in ("raw_b", "raw_unknown")
    )
    assert there.status_code == none.status_code == 403
    assert there.text.replace("raw_b", "?") == none.text.replace("raw_unknown", "?")


def test_addresses_have_the_prefix(fab: FabServer) -> None:
    client = fab.asking("ada")
    assert client.get(f"{ROOT}/openapi.json").json()["servers"] == [{"url": f"{PREFIX}{ROOT}"}]
    accepted = client.post(f"{ETL}/unload", json={"table": "raw_a", **ACT}).json()
    assert accepted["links"]["run"].startswith(f"{PREFIX}/dags/landing_actions/runs/")
    run = client.get(fab.base_url.removesuffix(PREFIX) + accepted["links"]["api"])
    assert run.json()["triggering_user_name"] == "ada"
    told = client.get(f"{ROOT}/x").json()
    assert told["instance"] == f"{PREFIX}{ROOT}/x"
    plugins = client.get("/api/v2/plugins").json()["plugins"]
    (ours,) = (plugin for plugin in plugins if plugin["name"] == "landing_loader")
    assert {page["bundle_url"].partition("?")[0] for page in ours["react_apps"]} == {
        f"{PREFIX}{ROOT}/static/{name}.js" for name in ("shell", "card")
    }


def test_a_browser_is_sent_to_the_login_and_back(fab: FabServer) -> None:
    browser = fab.asking(None, accept="text/html")
    answer = browser.get(f"{ROOT}/openapi.json?a=1")
    assert answer.status_code == 307
    login = urlsplit(answer.headers["location"])
    assert login.path == f"{PREFIX}/api/v2/auth/login"
    assert parse_qs(login.query)["next"] == [f"{fab.base_url}{ROOT}/openapi.json?a=1"]
    led = browser.get(fab.base_url.removesuffix(PREFIX) + answer.headers["location"])
    assert led.status_code == 307
    assert f"{PREFIX}/auth/login" in led.headers["location"]


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (None, 200),
        ("http://sibling.127.0.0.1.example", 403),
        ("http://127.0.0.1:1", 403),
        ("null", 403),
    ],
)
def test_the_cookie_of_a_browser_is_not_borrowed(
    fab: FabServer, origin: str | None, status: int
) -> None:
    own = fab.base_url.removesuffix(PREFIX)
    browser = fab.asking(None, origin=origin or own, cookie=f"_token={fab.tokens['eda']}")
    answer = browser.post(f"{ETL}/trigger", json={"pipeline_id": "raw_a"})
    assert answer.status_code == status


@pytest.mark.parametrize(("name", "status"), [("vic", 403), ("uma", 403), ("ada", 200)])
def test_the_menu_is_built_from_a_list_that_only_some_may_read(
    fab: FabServer, name: str, status: int
) -> None:
    # docs/api.md says what to grant.
    assert fab.asking(name).get("/api/v2/plugins").status_code == status
