"""Each type of channel against a real receiver: one that fails, is slow, hangs up, repeats."""

from __future__ import annotations

import concurrent.futures
import json
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support.listening import Mailbox, Receiver
from tests.unit.events.test_alerts_page import blocks

from airflow_landing_loader.config.channels.reader import read_channels
from airflow_landing_loader.events.message import Link, Message, Section
from airflow_landing_loader.events.publishing import NotSentError, Target
from airflow_landing_loader.loading.ledger.events import Event, record_of
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.model import RunContext
from airflow_landing_loader.loading.operations import EventRecord
from airflow_landing_loader.notifications.targets import target_of

HOSTILE = "<!channel> <b>x</b> {{ 7 * 7 }} & .\n.\r\nBcc: x@example.com"
MESSAGE = Message(
    title=f"raw: {HOSTILE}",
    reasons=("failure",),
    sections=(Section.of("What", [HOSTILE, "plain"]),),
    links=(Link("The table", "https://h/x?a=1&b=2"),),
)
(MESSAGE_RECORD,) = MESSAGE.records(
    ("c",), RunContext(), about=("run", "d", "r"), table="raw", at=now()
)


@pytest.fixture(autouse=True)
def _airflow(airflow_db: Path) -> None:
    """Airflow's database, where a connection that is not in the environment is looked for."""


def events(count: int, table: str = "raw") -> list[EventRecord]:
    at = now()
    made = (
        Event(type="layer.completed", key=(str(n),), at=at + timedelta(seconds=n), table=table)
        for n in range(count)
    )
    return [record_of(event, RunContext(), "c") for event in made]


def target(tmp_path: Path, text: str) -> Target:
    (tmp_path / "c.yaml").write_text(text)
    found = read_channels(tmp_path)
    assert not found.errors
    return target_of(found)("c")


def refusal(made: Target, records: list[EventRecord]) -> NotSentError:
    with pytest.raises(NotSentError) as caught:
        made.send(records)
    return caught.value


HOOK = "type: webhook\nconnection: hook\npath: in/x\nsecret_variable: hook_secret\n"


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with Receiver() as receiver:
        monkeypatch.setenv("AIRFLOW_CONN_HOOK", receiver.connection)
        monkeypatch.setenv("AIRFLOW_VAR_HOOK_SECRET", "s3cret")
        yield receiver


def test_a_webhook_is_signed_as_the_page_says(tmp_path: Path, receiver: Receiver) -> None:
    records = [*events(2), MESSAGE_RECORD]
    target(tmp_path, HOOK).send(records)
    names: dict[str, Any] = {}
    exec(blocks("python")[0], names)
    assert receiver.ids == [record.event_id for record in records]
    assert set(receiver.paths) == {"/in/x"}
    for (headers, body), record in zip(receiver.taken, records, strict=True):
        assert names["is_genuine"](headers, body.encode(), "s3cret")
        assert body == record.body
        assert headers["X-Landing-Event"] == record.event_type
        assert headers["Content-Type"] == "application/json"
        assert headers["Authorization"].startswith("Basic ")


@pytest.mark.parametrize("status", [0, 301, 307, 400, 401, 404, 408, 429, 500, 503])
def test_what_is_not_taken_is_not_sent(tmp_path: Path, receiver: Receiver, status: int) -> None:
    def answer(headers: dict[str, str], _: str) -> int:
        return status if len(receiver.taken) == 1 else 200

    receiver.answer = answer
    error = refusal(target(tmp_path, HOOK), events(3))
    assert error.sent == 1
    assert len(receiver.taken) == 1  # in order: what is behind it waits
    assert "pass-word" not in error.why + str(error)
    assert "s3cret" not in error.why + str(error)


def test_a_slow_receiver_is_given_up(tmp_path: Path, receiver: Receiver) -> None:
    def answer(*_: Any) -> int:
        time.sleep(1.5)
        return 200

    receiver.answer = answer
    error = refusal(target(tmp_path, HOOK + "timeout: 0.2\n"), events(1))
    assert (error.sent, error.why) == (0, "ReadTimeout")


def test_one_that_hangs_up_after_it_has_taken_is_sent_the_same_again(
    tmp_path: Path, receiver: Receiver
) -> None:
    receiver.answer = lambda *_: 1 if not receiver.taken else 200
    made, records = target(tmp_path, HOOK), events(1)
    assert refusal(made, records).sent == 0
    made.send(records)
    assert receiver.ids == [records[0].event_id] * 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("type: webhook\nconnection: not_there\n", "not_there"),
        ("type: webhook\nconnection: dead\n", "ConnectionError"),
        ("type: webhook\nconnection: hook\nsecret_variable: not_there\n", "not_there"),
        ("type: email\nto: [a@example.com]\nconnection: not_there\n", "SMTP connection"),
        ("type: kafka\ntopic: t\nconnection: not_there\n", ""),
        ("type: pubsub\ntopic: t\nconnection: not_there\n", ""),
        ("type: slack\nconnection: not_there\n", ""),
        ("type: pagerduty\nconnection: not_there\n", ""),
    ],
)
def test_what_is_missing_is_named(
    tmp_path: Path,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    text: str,
    why: str,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    dead = {"conn_type": "http", "host": "127.0.0.1", "port": port, "password": "pass-word"}
    monkeypatch.setenv("AIRFLOW_CONN_DEAD", json.dumps(dead))
    error = refusal(target(tmp_path, text), [MESSAGE_RECORD])
    assert why in error.why
    assert error.why
    assert "pass-word" not in error.why


@pytest.mark.parametrize(
    "connection",
    [
        json.dumps({"conn_type": "http", "host": "h", "extra": {"Authorization": "tok-en\n"}}),
        json.dumps({"conn_type": "http", "host": "://hooks.example.com/tok-en"}),
        json.dumps({"conn_type": "http", "host": "gopher://hooks.example.com/tok-en"}),
        json.dumps({"conn_type": "http", "host": "http://[tok-en"}),
        json.dumps({"conn_type": "http", "host": "h", "port": "tok-en"}),
        "http://u:p@tok-en://x y://tok-en",
        "http://tok-en@x://y",
        '{"password": "tok-en',
    ],
)
@pytest.mark.parametrize("document", ["type: webhook\n", "type: slack\n"])
def test_no_trouble_tells_a_secret(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    document: str,
    connection: str,
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_ODD", connection)
    error = refusal(target(tmp_path, document + "connection: odd\n"), [MESSAGE_RECORD])
    assert error.why
    assert "tok-en" not in error.why + str(error) + caplog.text


def test_a_provider_that_is_not_there_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "airflow.providers.apache.kafka.hooks.produce", None)
    error = refusal(target(tmp_path, "type: kafka\ntopic: t\n"), events(1))
    assert "pip install apache-airflow-providers-apache-kafka" in error.why


def test_mail_arrives_whole_and_harmless(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Mailbox() as mailbox:
        monkeypatch.setenv("AIRFLOW_CONN_POST", mailbox.connection)
        made = target(
            tmp_path,
            "type: email\nconnection: post\nto: [a@example.com, b@example.com]\n"
            "sender: loader@example.com\n",
        )
        made.send([MESSAGE_RECORD, MESSAGE_RECORD])
    first, second = mailbox.mails
    assert first.raw["Message-ID"] == second.raw["Message-ID"]
    assert MESSAGE_RECORD.event_id in first.raw["Message-ID"]
    assert first.raw["From"] == "loader@example.com"
    assert first.raw["Bcc"] is None
    assert "{{ 7 * 7 }}" in first.subject
    assert "\n" not in first.subject
    assert "&lt;b&gt;x&lt;/b&gt; {{ 7 * 7 }} &amp; ." in first.text
    assert 'href="https://h/x?a=1&amp;b=2"' in first.text


def test_slack_is_written_to_by_its_webhook(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("airflow.providers.slack")
    address = json.loads(receiver.connection)
    host = f"http://{address['host']}:{address['port']}/services"
    hook = {"conn_type": "slackwebhook", "host": host, "password": "T0/B0/tok-en"}
    monkeypatch.setenv("AIRFLOW_CONN_SLACK_DEFAULT", json.dumps(hook))
    made = target(tmp_path, "type: slack\n")
    receiver.answer = lambda *_: 200
    made.send([MESSAGE_RECORD])
    ((_, body),) = receiver.taken
    told = json.loads(body)["text"]
    receiver.answer, receiver.says = lambda *_: 404, "Cannot POST /services/T0/B0/tok-en, sorry"
    error = refusal(made, [MESSAGE_RECORD])
    assert "tok-en" not in error.why  # its address is the secret
    assert "Status Code: 404" in error.why
    assert "<!channel>" not in told
    assert "&lt;!channel&gt;" in told
    assert "{{ 7 * 7 }}" in told


def test_the_log_has_what_stands_before_one_that_it_cannot_read(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    altered = replace(MESSAGE_RECORD, body='{"data": {"title": "secret-cell"}}')
    error = refusal(target(tmp_path, "type: log\n"), [*events(2), altered, *events(1)])
    assert error.sent == 2
    assert "secret-cell" not in error.why + caplog.text
    assert caplog.text.count("layer.completed") == 2


KAFKA = {"bootstrap.servers": "x", "test.mock.num.brokers": "3", "acks": "all"}


def kafka(monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    pytest.importorskip("confluent_kafka")
    connection = {"conn_type": "kafka", "extra": {**KAFKA, **changes}}
    monkeypatch.setenv("AIRFLOW_CONN_KAFKA_DEFAULT", json.dumps(connection))


def test_kafka_takes_what_its_cluster_acknowledges(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kafka(monkeypatch)
    made: Any = target(tmp_path, "type: kafka\ntopic: landing\n")
    made.send(events(30))
    made.send(events(1))
    delivered = made._producer.list_topics("landing", timeout=10)
    assert not delivered.topics["landing"].error


def test_a_dead_broker_has_taken_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from airflow_landing_loader.notifications import kafka as module

    kafka(monkeypatch)
    pytest.importorskip("airflow.providers.apache.kafka")
    connection = {
        "conn_type": "kafka",
        "extra": {"bootstrap.servers": "127.0.0.1:1", "message.timeout.ms": "500"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_KAFKA_DEFAULT", json.dumps(connection))
    monkeypatch.setattr(module, "_FLUSH", 2.0)
    error = refusal(target(tmp_path, "type: kafka\ntopic: landing\n"), events(3))
    assert (error.sent, error.why) == (0, "the broker did not take it")


@pytest.fixture
def pubsub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A Pub/Sub server of the real protocol that keeps what it takes."""
    import grpc  # type: ignore[import-untyped]
    from google.pubsub_v1 import types

    class Server:
        def __init__(self) -> None:
            self.taken: list[Any] = []
            self.refuses = 0
            self.topics: set[str] = set()

        def publish(self, request: Any, context: Any) -> Any:
            if self.refuses:
                self.refuses -= 1
                context.abort(grpc.StatusCode.PERMISSION_DENIED, "no")
            self.topics.add(request.topic)
            self.taken += request.messages
            ids = [str(len(self.taken) + n) for n in range(len(request.messages))]
            return types.PublishResponse(message_ids=ids)

    server = Server()
    rpc = grpc.server(concurrent.futures.ThreadPoolExecutor(2))
    handler = grpc.unary_unary_rpc_method_handler(
        server.publish,
        request_deserializer=types.PublishRequest.deserialize,
        response_serializer=types.PublishResponse.serialize,
    )
    rpc.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("google.pubsub.v1.Publisher", {"Publish": handler}),)
    )
    port = rpc.add_insecure_port("127.0.0.1:0")
    rpc.start()
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
    connection = {
        "conn_type": "google_cloud_platform",
        "extra": {"is_anonymous": True, "project": "my-project"},
    }
    monkeypatch.setenv("AIRFLOW_CONN_GOOGLE_CLOUD_DEFAULT", json.dumps(connection))
    yield server
    rpc.stop(None).wait()


PUBSUB = "type: pubsub\ntopic: landing\nproject: my-project\n"


def test_pubsub_takes_events_in_order_with_their_ids(tmp_path: Path, pubsub: Any) -> None:
    records = events(25)
    target(tmp_path, PUBSUB).send(records)
    assert pubsub.topics == {"projects/my-project/topics/landing"}
    assert [message.data.decode() for message in pubsub.taken] == [r.body for r in records]
    assert [message.attributes["event_id"] for message in pubsub.taken] == [
        record.event_id for record in records
    ]
    assert {message.ordering_key for message in pubsub.taken} == {"raw"}


def test_what_pubsub_refuses_is_sent_again(tmp_path: Path, pubsub: Any) -> None:
    made, records = target(tmp_path, PUBSUB), events(2)
    pubsub.refuses = 1
    error = refusal(made, records)
    assert error.sent == 0
    assert error.why == "PermissionDenied"
    made.send(records)
    assert {m.attributes["event_id"] for m in pubsub.taken} == {r.event_id for r in records}
