"""Actions over HTTP: what the worker gets, and what is refused before it gets anything."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.api import ETL, Api
from tests.support.fernet import fernet_keys

from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.hooks.tickets import checked
from airflow_landing_loader.runs.actions import ActionParameters, ActionRequest

BODIES: dict[str, dict[str, Any]] = {
    "replay": {"files": ["a_1.csv", "a\u00e4 2.csv"]},
    "discard": {"files": ["a_1.csv"], "reason": "never wanted"},
    "unload": {"loads": ["f9c96ed3"], "reason": "of the day before", "to": "landing"},
    "promote": {"columns": ["venue"], "type": "decimal(18, 4)"},
    "verify": {"loads": ["f9c96ed3"]},
}


def conf_of(api: Api, accepted: dict[str, Any]) -> dict[str, Any]:
    """What Airflow will hand to the run."""
    run = api.asking("admin").get(accepted["links"]["api"])
    assert run.status_code == 200
    conf: dict[str, Any] = run.json()["conf"]
    return conf


@pytest.mark.parametrize("action", BODIES)
def test_the_worker_gets_what_was_asked_for_and_a_ticket(api: Api, action: str) -> None:
    body = {"table": "raw_a", **BODIES[action]}
    answer = api.asking("user", "eve").post(f"{ETL}/{action}", json=body)
    assert answer.status_code == 202
    accepted = answer.json()
    assert accepted["action"] == action
    assert accepted["dag_id"] == "landing_actions"
    assert accepted["links"]["run"] == f"/dags/landing_actions/runs/{accepted['run_id']}"
    targets = body.get("files") or body.get("loads") or body.get("columns")
    asked = checked(conf_of(api, accepted), accepted["run_id"])
    assert asked == ActionRequest(
        action_id=accepted["action_id"],
        action=action,
        table="raw_a",
        targets=tuple(targets),
        reason=body.get("reason", ""),
        asked_by="eve",
        asked_at=asked.asked_at,
        parameters=ActionParameters(
            to=body.get("to"), type="DECIMAL(18,4)" if action == "promote" else None
        ),
    )


def test_a_run_that_is_started_by_hand_with_the_same_conf_is_refused(api: Api) -> None:
    body = {"table": "raw_a", "loads": ["f9c96ed3"]}
    conf = conf_of(api, api.asking("user").post(f"{ETL}/verify", json=body).json())
    by_hand = {"logical_date": None, "conf": conf}
    run = api.asking("user").post("/api/v2/dags/landing_actions/dagRuns", json=by_hand).json()
    with pytest.raises(TerminalError, match="no valid ticket"):
        checked(run["conf"], run["dag_run_id"])


@pytest.mark.parametrize(
    ("action", "change", "where"),
    [
        ("replay", {"files": []}, "body.files"),
        ("replay", {"files": [""]}, "body.files.0"),
        ("replay", {"files": ["a", "a"]}, "body.files"),
        ("replay", {"files": "a_1.csv"}, "body.files"),
        ("replay", {"files": [f"{i}" for i in range(201)]}, "body.files"),
        ("replay", {"files": ["a" * 1001]}, "body.files.0"),
        ("replay", {"loads": ["a"]}, "body.loads"),
        ("discard", {"reason": ""}, "body.reason"),
        ("discard", {"reason": None}, "body.reason"),
        ("unload", {"reason": ""}, "body.reason"),
        ("unload", {"reason": "x" * 1001}, "body.reason"),
        ("unload", {"to": "/tmp"}, "body.to"),
        ("promote", {"type": "VARCHAR; DROP TABLE raw_a"}, "body.type"),
        ("promote", {"type": 5}, "body.type"),
        ("verify", {"table": "raw_a; --"}, "body.table"),
        ("verify", {"table": "a" * 201}, "body.table"),
        ("verify", {"ticket": "x"}, "body.ticket"),
        ("verify", {"asked_by": "root"}, "body.asked_by"),
    ],
)
def test_a_wrong_request_is_told_where_it_is_wrong(
    api: Api, action: str, change: dict[str, Any], where: str
) -> None:
    body = {"table": "raw_a", **BODIES[action], **change}
    answer = api.asking("admin").post(f"{ETL}/{action}", json=body)
    assert answer.status_code == 422
    assert [error["where"] for error in answer.json()["errors"]] == [where]


def test_the_longest_name_of_a_table_is_no_defect(api: Api) -> None:
    body = {"table": "a" * 200, "loads": ["f9c96ed3"]}
    assert api.asking("admin").post(f"{ETL}/verify", json=body).status_code == 404


def test_while_their_dag_is_paused_no_action_is_taken(api: Api) -> None:
    admin = api.asking("admin")
    for paused in (True, False):
        admin.patch("/api/v2/dags/landing_actions", json={"is_paused": paused})
        answer = admin.post(f"{ETL}/verify", json={"table": "raw_a", "loads": ["x"]})
        assert answer.status_code == (409 if paused else 202)


def test_without_a_key_for_tickets_no_action_is_taken(api: Api) -> None:
    with fernet_keys(""):
        asked = {"table": "raw_a", "loads": ["x"]}
        answer = api.asking("admin").post(f"{ETL}/verify", json=asked)
    assert answer.status_code == 500
    assert answer.json()["code"] == "settings.missing"
    assert "fernet_key" in answer.json()["hint"]
