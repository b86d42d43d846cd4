"""What a run of a generated DAG tells, by real mail, real requests and the outbox."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from tests.integration.airflow.test_arrivals import expecting, minutes, watched_since_yesterday
from tests.support.listening import Mailbox, Receiver

from airflow_landing_loader.loading.ledger.events import instant
from airflow_landing_loader.loading.ledger.tables import now

if TYPE_CHECKING:
    from tests.support.dag_runs import Lab

BROKEN = 'id,name\n1,"secret-cell\n'


def channel(lab: Lab, name: str, text: str) -> None:
    folder = lab.settings.channels_path
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.yaml").write_text(text)


def outbox(lab: Lab, what: str = "event_type, channel, published_at IS NOT NULL") -> list[Any]:
    with duckdb.connect(lab.settings.duckdb_path, read_only=True) as con:
        return con.execute(f"SELECT {what} FROM load_events ORDER BY occurred_at").fetchall()


@pytest.fixture
def receiver(lab: Lab) -> Any:
    with Receiver() as receiver:
        lab.environ("AIRFLOW_CONN_HOOK", receiver.connection)
        lab.environ("AIRFLOW_VAR_HOOK_SECRET", "s3cret")
        yield receiver


@pytest.fixture
def mailbox(lab: Lab) -> Any:
    with Mailbox() as mailbox:
        lab.environ("AIRFLOW_CONN_POST", mailbox.connection)
        yield mailbox


HOOK = "type: webhook\nconnection: hook\nsecret_variable: hook_secret\npath: in\nevents: all\n"
MAIL = "type: email\nconnection: post\nto: [ops@example.com]\nsender: loader@example.com\n"


def test_a_run_tells_people_and_programs(lab: Lab, receiver: Any, mailbox: Any) -> None:
    channel(lab, "hook", HOOK)
    channel(lab, "ops", MAIL)
    lab.mapping(
        "told_*.csv: {table: raw_told, settle_seconds: 0, notify: {on: [failure, drift], "
        "to: [ops]}}"
    )
    lab.deliver("told_1.csv")
    lab.run("raw_told")
    lab.deliver("told_2.csv", "id,name,venue\n1,a,secret-cell\n")
    lab.deliver("told_3.csv", BROKEN)
    run = lab.run("raw_told")
    assert run.state == "failed"
    assert run.states["publish"] == "success"
    events = [json.loads(body) for _, body in receiver.taken]
    assert [event["type"] for event in events] == [
        *("execution.started", "layer.completed", "execution.completed"),
        *("execution.started", "layer.completed", "file.refused", "execution.failed"),
    ]
    assert {event["run_id"] for event in events[3:]} == {run.run_id}
    assert all(event["schema"] == 1 for event in events)
    (mail,) = mailbox.mails
    assert "raw_told: 1 file did not arrive, columns differ" in mail.subject
    assert "csv.unclosed_quote" in mail.text
    assert "venue" in mail.text
    assert "secret-cell" not in mail.text + json.dumps(events)
    assert all(sent for _, _, sent in outbox(lab))
    asset = run.events[0]
    assert [event["type"] for event in asset["events"]] == ["layer.completed"]
    assert asset["events"][0]["event_id"] == events[4]["event_id"]
    assert asset["schema"] == 1


def test_a_dead_mail_server_delays_a_message_and_loses_none(lab: Lab, mailbox: Any) -> None:
    channel(lab, "ops", MAIL)
    lab.mapping("dead_*.csv: {table: raw_dead, settle_seconds: 0, notify: {to: [ops]}}")
    mailbox.refuses = True
    lab.deliver("dead_1.csv", BROKEN)
    run = lab.run("raw_dead")
    assert run.states["publish"] == "failed"
    assert run.states["report"] == "failed"
    assert outbox(lab) == [("notification", "ops", False)]
    mailbox.refuses = False
    lab.deliver("dead_2.csv")
    run = lab.run("raw_dead")
    assert run.state == "success"
    (mail,) = mailbox.mails
    assert "dead_1.csv" in mail.text
    assert outbox(lab) == [("notification", "ops", True)]


def test_what_cannot_be_sent_fails_no_run(lab: Lab) -> None:
    channel(lab, "gone", "type: webhook\nconnection: no_such_connection\nevents: all\n")
    lab.mapping("gone_*.csv: {table: raw_gone, settle_seconds: 0}")
    lab.deliver("gone_1.csv")
    run = lab.run("raw_gone")
    assert run.states["publish"] == "failed"
    assert run.state == "success"
    assert {sent for _, _, sent in outbox(lab)} == {False}


def test_a_broken_channel_is_shown_and_what_names_it_loads(lab: Lab) -> None:
    channel(lab, "ops", "type: emial\n")
    lab.mapping("sad_*.csv: {table: raw_sad, settle_seconds: 0, notify: {to: [ops]}}")
    lab.deliver("sad_1.csv", BROKEN)
    run = lab.run("raw_sad")
    assert run.states["file.fail_0"] == "success"
    assert ("notification", "ops", False) in outbox(lab)
    channel(lab, "ops", "type: log\n")
    lab.deliver("sad_2.csv")
    lab.run("raw_sad")
    assert ("notification", "ops", True) in outbox(lab)


def test_events_for_a_broken_channel_wait_until_it_is_mended(lab: Lab, receiver: Any) -> None:
    channel(lab, "hook", HOOK + "timeout: soon\n")
    channel(lab, "few", "type: log\nevent: [file.refused]\n")
    lab.mapping("held_*.csv: {table: raw_held, settle_seconds: 0}")
    lab.deliver("held_1.csv")
    assert lab.run("raw_held").states["publish"] == "failed"
    kinds = ("execution.started", "layer.completed", "execution.completed")
    assert sorted(outbox(lab)) == sorted((k, c, False) for k in kinds for c in ("hook", "few"))
    channel(lab, "hook", HOOK)
    channel(lab, "few", "type: log\nevents: [file.refused]\n")
    lab.deliver("held_2.csv")
    assert lab.run("raw_held").states["publish"] == "success"
    told = [json.loads(body)["type"] for _, body in receiver.taken]
    assert told == [*kinds, *kinds]
    assert {sent for _, _, sent in outbox(lab)} == {True}  # not wanted, so not waited for


def test_what_a_dead_publisher_did_not_write_the_report_writes(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow_landing_loader.operators.publish import PublishRunOperator

    def dies(*_: Any) -> None:
        raise RuntimeError("killed")

    lab.mapping("cut_*.csv: {table: raw_cut, settle_seconds: 0, notify: {to: [log]}}")
    lab.deliver("cut_1.csv", BROKEN)
    with monkeypatch.context() as patch:
        patch.setattr(PublishRunOperator, "execute", dies)
        run = lab.run("raw_cut")
    assert run.states["publish"] == "failed"
    assert outbox(lab) == [("notification", "log", False)]
    lab.run("raw_cut")
    assert outbox(lab) == [("notification", "log", True)]


def test_a_late_file_is_told_by_the_dag_of_its_deadline(
    lab: Lab, receiver: Any, mailbox: Any
) -> None:
    channel(lab, "hook", HOOK)
    channel(lab, "ops", MAIL)
    lab.mapping(
        expecting("tardy", minutes(10), timedelta(hours=-11)).replace(
            "grace_seconds: 0", "grace_seconds: 0, notify: {to: [ops]}"
        )
    )
    watched_since_yesterday(lab)
    mailbox.refuses = True
    run = arrivals_run(lab)
    assert run.states == {"check_arrivals": "success", "publish": "failed"}
    events = [json.loads(body) for _, body in receiver.taken]
    assert {(event["type"], event["table"]) for event in events} == {("file.late", "raw_tardy")}
    # Yesterday's window has ended, today's has passed its deadline.
    assert sorted(event["data"]["outcome"] for event in events) == ["late", "missing"]
    assert all(event["occurred_at"] <= instant(now()) for event in events)
    # What could not be sent goes with the next run, which has nothing new to tell.
    mailbox.refuses = False
    run = arrivals_run(lab)
    assert run.states == {"check_arrivals": "success", "publish": "success"}
    (mail,) = mailbox.mails
    assert mail.subject == "raw_tardy: late, missing"
    assert "tardy_*.csv" in mail.text
    assert len(receiver.taken) == 2
    assert arrivals_run(lab).states["publish"] == "skipped"


def arrivals_run(lab: Lab) -> Any:
    from tests.support.dag_runs import forget_tasks

    from airflow_landing_loader.dag_factory import build_landing_dags

    forget_tasks()
    (dag_id,) = [i for i in build_landing_dags(lab.settings) if i.startswith("landing_arrivals")]
    return lab.run(lab.dag_with_id(dag_id))
