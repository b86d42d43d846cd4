"""What people ask for, carried out by real runs of the DAG for it, and written into the books."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from cryptography.fernet import Fernet
from tests.support.actions import run_action
from tests.support.fernet import fernet_keys

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.hooks.tickets import with_ticket
from airflow_landing_loader.loading.operations import ActionName
from airflow_landing_loader.runs.actions import (
    ACTIONS_DAG_ID,
    ActionParameters,
    ActionRequest,
    request,
)

if TYPE_CHECKING:
    from tests.support.dag_runs import Lab

BAD = 'id,name\n1,"a\n'
GOOD = "id,name\n1,a\n"


@pytest.fixture(autouse=True)
def _key() -> Iterator[None]:
    """A Fernet key, which API server and workers share."""
    with fernet_keys(Fernet.generate_key().decode()):
        yield


def asked(
    action: ActionName, table: str, *targets: str, reason: str = "why", **parameters: Any
) -> ActionRequest:
    how = ActionParameters(**parameters)
    return request(action, table, targets, asked_by="ann", reason=reason, parameters=how)


def books(lab: Lab, statement: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(lab.settings.duckdb_path) as con:
        return con.execute(statement).fetchall()


def actions(lab: Lab) -> list[tuple[Any, ...]]:
    return books(lab, "SELECT action_id, outcome, asked_by, reason, message FROM load_actions")


def files(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))


@pytest.fixture
def failed(lab: Lab) -> Path:
    """The failed zone, with two files of a table and one of another."""
    lab.mapping("good_*.csv: raw_good\nother_*.csv: raw_other\n")
    for name in ("good_1.csv", "good_2.csv", "other_1.csv"):
        lab.deliver(name, BAD)
    lab.run("raw_good")
    lab.run("raw_other")
    return Path(lab.settings.failed_path)


def test_replay(lab: Lab, failed: Path) -> None:
    wanted = asked("replay", "raw_good", "good_1.csv", "good_2.csv")
    ran = run_action(lab, wanted)
    assert ran.states == {"check": "success", "act": "success", "record": "success"}
    assert files(lab.landing) == ["good_1.csv", "good_2.csv"]
    assert files(failed) == ["other_1.csv", "other_1.csv.error.json"]
    result = ran.xcoms[("record", "return_value")]
    assert result["outcome"] == "done"
    assert [r["target"] for r in result["results"]] == ["good_1.csv", "good_2.csv"]
    ((action_id, outcome, who, why, message),) = actions(lab)
    assert (action_id, outcome, who, why) == (wanted.action_id, "done", "ann", "why")
    assert "good_1.csv: back in landing" in message
    assert books(
        lab, "SELECT filename, outcome FROM load_deliveries WHERE outcome != 'failed' ORDER BY 1"
    ) == [("good_1.csv", "replayed"), ("good_2.csv", "replayed")]
    (row,) = books(lab, "SELECT action, table_name, targets, dag_id, run_id FROM load_actions")
    assert row == ("replay", "raw_good", json.dumps(wanted.targets), ACTIONS_DAG_ID, wanted.run_id)


def test_a_run_that_was_cleared_does_nothing_more(lab: Lab, failed: Path) -> None:
    wanted = asked("replay", "raw_good", "good_1.csv")
    run_action(lab, wanted)
    lab.deliver("good_1.csv", BAD)  # refused again
    lab.run("raw_good")
    assert "good_1.csv" in files(failed)
    ran = run_action(lab, wanted)
    assert ran.states == {"check": "success", "act": "skipped", "record": "success"}
    assert "good_1.csv" in files(failed)
    assert len(actions(lab)) == 1


def test_discard(lab: Lab, failed: Path) -> None:
    ran = run_action(lab, asked("discard", "raw_good", "good_1.csv", reason="sent twice"))
    assert ran.state == "success"
    assert "good_1.csv" not in files(failed)
    (row,) = books(
        lab, "SELECT outcome, message FROM load_deliveries WHERE filename = 'good_1.csv'"
    )
    assert row[0] == "discarded"
    assert "ann: sent twice" in row[1]
    (kept,) = Path(lab.settings.archive_path).rglob("good_1.csv")
    assert kept.parts[-3] == "_discarded"


def test_what_fails_is_told_and_the_rest_is_done(lab: Lab, failed: Path) -> None:
    targets = ("no\x1b[31m.csv", "other_1.csv", "../failed/good_2.csv", "good_1.csv")
    ran = run_action(lab, asked("replay", "raw_good", *targets))
    assert ran.states == {"check": "success", "act": "failed", "record": "failed"}
    assert files(lab.landing) == ["good_1.csv"]
    assert "other_1.csv" in files(failed)
    ((_, outcome, _, _, message),) = actions(lab)
    assert outcome == "failed"
    for code in (
        ErrorCode.REPLAY_NO_SIDECAR,
        ErrorCode.ACTION_OTHER_TABLE,
        ErrorCode.LANDING_UNKNOWN_FILE,
    ):
        assert f"[{code}]" in message
    assert "\x1b" not in message
    assert "the other 1 went well" in message


def load_id(lab: Lab, filename: str) -> str:
    ((found,),) = books(lab, f"SELECT load_id FROM load_metadata WHERE filename = '{filename}'")
    return str(found)


def loaded(lab: Lab) -> None:
    lab.mapping("good_*.csv: raw_good\nother_*.csv: raw_other\n")
    for name in ("good_1.csv", "other_1.csv"):
        lab.deliver(name, GOOD)
    lab.run("raw_good")
    lab.run("raw_other")


@pytest.mark.parametrize("to", ["failed", "landing"])
def test_unload(lab: Lab, to: str) -> None:
    loaded(lab)
    wanted = asked(
        "unload",
        "landing__raw_good",
        load_id(lab, "good_1.csv"),
        load_id(lab, "other_1.csv"),
        to=to,
    )
    ran = run_action(lab, wanted)
    assert ran.states["record"] == "failed"
    assert books(lab, "SELECT count(*) FROM raw_good") == [(0,)]
    assert books(lab, "SELECT count(*) FROM raw_other") == [(1,)]
    assert "good_1.csv" in files(Path(getattr(lab.settings, f"{to}_path")))
    ((_, outcome, _, _, message),) = actions(lab)
    assert outcome == "failed"
    assert ErrorCode.ACTION_OTHER_TABLE in message


def test_verify(lab: Lab) -> None:
    loaded(lab)
    load = load_id(lab, "good_1.csv")
    ran = run_action(lab, asked("verify", "raw_good", load))
    assert ran.state == "success"
    assert "holds exactly the 1 record" in actions(lab)[0][-1]
    with duckdb.connect(lab.settings.duckdb_path) as con:
        con.execute("UPDATE raw_good SET name = 'secret'")
    ran = run_action(lab, asked("verify", "raw_good", load))
    assert ran.states["act"] == "failed"
    (message,) = (m for _, outcome, *_, m in actions(lab) if outcome == "failed")
    assert ErrorCode.LOAD_ROWS_DIFFER in message
    assert "secret" not in message
    # Neither names nor beginnings: who acts may only mean one load.
    ran = run_action(lab, asked("verify", "raw_good", load[:8], "good_1.csv"))
    assert [r["error"]["code"] for r in ran.xcoms[("act", "landing_action_results")]] == [
        ErrorCode.LOAD_UNKNOWN
    ] * 2


@pytest.mark.parametrize("table", ["raw_good", "landing__raw_good"])
def test_promote(lab: Lab, table: str) -> None:
    loaded(lab)
    lab.deliver("good_2.csv", "id,name,price\n2,b,1.50\n")
    lab.run("raw_good")
    ran = run_action(lab, asked("promote", table, "price", "nope", type="DECIMAL(18,2)"))
    assert ran.states["record"] == "failed"
    assert books(lab, "SELECT price::VARCHAR FROM raw_good ORDER BY id") == [(None,), ("1.50",)]
    ((_, _, _, _, message),) = actions(lab)
    assert ErrorCode.PROMOTE_UNKNOWN in message
    (parameters,) = books(lab, "SELECT parameters FROM load_actions")
    assert json.loads(parameters[0]) == {"type": "DECIMAL(18,2)"}


def without(conf: dict[str, Any], key: str) -> dict[str, Any]:
    return {k: v for k, v in conf.items() if k != key}


def old(wanted: ActionRequest) -> dict[str, Any]:
    """A ticket of the day before yesterday."""
    conf = with_ticket(wanted)
    fernet = Fernet(os.environ["AIRFLOW__CORE__FERNET_KEY"])
    content = fernet.decrypt(conf["ticket"].encode())
    then = fernet.encrypt_at_time(content, int(time.time()) - 2 * 24 * 3600)
    return {**conf, "ticket": then.decode()}


FORGERIES: dict[str, Any] = {
    "nothing": lambda _: {},
    "by hand": lambda wanted: wanted.as_conf(),
    "rubbish": lambda wanted: {**wanted.as_conf(), "ticket": "rubbish"},
    "no text": lambda wanted: {**wanted.as_conf(), "ticket": {"a": 1}},
    "another key": lambda wanted: {
        **wanted.as_conf(),
        "ticket": Fernet(Fernet.generate_key()).encrypt(b"{}").decode(),
    },
    "other targets": lambda wanted: {**with_ticket(wanted), "targets": ["good_2.csv"]},
    "another user": lambda wanted: {**with_ticket(wanted), "asked_by": "bob"},
    "another time": lambda wanted: {**with_ticket(wanted), "asked_at": "2024-01-01T00:00:00Z"},
    "one more": lambda wanted: {**with_ticket(wanted), "force": True},
    "another run": lambda wanted: with_ticket(asked("discard", "raw_good", "good_1.csv")),
    "old": old,
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
def test_without_a_good_ticket_nothing_is_done_or_written(
    lab: Lab, failed: Path, forged: Any
) -> None:
    wanted = asked("discard", "raw_good", "good_1.csv")
    ran = run_action(lab, wanted, forged(wanted))
    assert ran.states == {"check": "failed", "act": "upstream_failed", "record": "failed"}
    assert "good_1.csv" in files(failed)
    for task in ("check", "record"):
        said = ran.xcoms[(task, "landing_error")]["errors"]
        assert [error["code"] for error in said] == [ErrorCode.ACTION_NO_TICKET]
    assert actions(lab) == []


def test_a_task_that_has_died_is_in_the_books(lab: Lab, failed: Path) -> None:
    from airflow_landing_loader.operators.actions import CarryOutActionOperator

    def dead(*_: Any) -> None:
        raise SystemExit(1)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CarryOutActionOperator, "execute", dead)
        ran = run_action(lab, asked("replay", "raw_good", "good_1.csv"))
    assert ran.states["record"] == "failed"
    ((_, outcome, _, _, message),) = actions(lab)
    assert outcome == "failed"
    assert "has died" in message


def test_sets_come_back_together_also_to_another_table(lab: Lab) -> None:
    go = "{pattern: day_*.ctl, format: csv, lists_files: 1, row_count_column: 2}"
    lab.mapping(
        f"a_*.csv: {{table: raw_a, go_file: {go}}}\nb_*.csv: {{table: raw_b, go_file: {go}}}\n"
    )
    lab.deliver("a_1.csv", "id\n1\n")
    lab.deliver("b_1.csv", "id\n1\n")
    lab.deliver("day_1.ctl", "a_1.csv,1\nb_1.csv,9\n")
    lab.run("raw_a")
    assert "a_1.csv" in files(Path(lab.settings.failed_path))
    ran = run_action(lab, asked("replay", "raw_a", "b_1.csv"))
    assert ran.states["act"] == "failed"
    ran = run_action(lab, asked("replay", "raw_a", "a_1.csv"))
    assert ran.state == "success"
    assert files(lab.landing) == ["a_1.csv", "b_1.csv", "day_1.ctl"]
