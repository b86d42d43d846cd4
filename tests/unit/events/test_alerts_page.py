"""What docs/alerts.md shows is right: documents, the form of events, the check of a signature."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.config.channels.model import EVENT_TYPES, MODELS, Channel
from airflow_landing_loader.config.channels.reader import read_channels
from airflow_landing_loader.events.signing import signature_headers
from airflow_landing_loader.loading.ledger.events import Event
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.model import RunContext

WHOLE = (Path(__file__).parents[3] / "docs/alerts.md").read_text()
# What others are told by stands below.
PAGE = WHOLE.partition("## Late and missing files")[0]


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_documents_are_right_and_show_every_key(tmp_path: Path) -> None:
    shown: set[str] = set()
    for text in blocks("yaml"):
        name = re.match(r"# channels/(\w+\.yaml)\n", text)
        assert name, text
        (tmp_path / name[1]).write_text(text)
        shown |= set(re.findall(r"^(\w+):", text, re.MULTILINE))
    found = read_channels(tmp_path)
    assert found.errors == ()
    assert {channel.type for channel in found.channels} == set(MODELS)
    keys = {key for model in MODELS.values() for key in model.model_fields}
    assert keys - shown == {"name"}
    assert found.for_all is not None


def test_each_type_of_channel_has_its_row() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| (people|programs|people, programs) \|", PAGE, re.M))
    assert set(rows) == set(MODELS)
    for kind, model in MODELS.items():
        channel: Channel = model.model_validate(
            {"name": "x", "type": kind, **({"topic": "t"} if "topic" in model.model_fields else {})}
        )
        assert ("people" in rows[kind]) is channel.for_people
        assert ("programs" in rows[kind]) is ("events" in model.model_fields)
        if "connection" in model.model_fields:
            default = getattr(channel, "conn_id", None) or dict(channel)["connection"]
            row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{kind}` |"))
            assert f"`{default}`" in row


def test_each_event_has_its_row() -> None:
    assert set(re.findall(r"^\| `((?:\w+)\.(?:\w+))` \|", PAGE, re.M)) == set(EVENT_TYPES)


def test_the_form_is_that_of_the_page() -> None:
    (shown,) = blocks("json")
    event = Event(type="layer.completed", key=("x",), at=now(), table="t")
    made = event.document(RunContext(dag_id="d", run_id="r"))
    assert list(json.loads(shown)) == list(made)
    keys = re.findall(r"`(\w+)`", PAGE.partition("| key | holds |")[2].partition("\n\n")[0])
    assert set(made) <= set(keys)


def test_the_same_thing_has_the_same_id() -> None:
    event = Event(type="layer.completed", key=("x",), at=now(), table="t")
    assert event.id == replace(event, at=now(), table="u").id
    assert event.id != replace(event, key=("y",)).id
    assert event.id != replace(event, type="file.refused").id
    # What a receiver remembers must not change with a release.
    assert event.id == "20933919-ff90-56c7-b0a8-471eed52c46a"


@pytest.fixture
def is_genuine() -> Any:
    (code,) = blocks("python")
    names: dict[str, Any] = {}
    exec(code, names)
    return names["is_genuine"]


def test_a_signature_is_checked_as_the_page_says(is_genuine: Any) -> None:
    body = '{"a": "\u00e9"}'.encode()
    headers = signature_headers(body, "s3cret", int(time.time()))
    assert is_genuine(headers, body, "s3cret")
    assert not is_genuine(headers, body + b" ", "s3cret")
    assert not is_genuine(headers, body, "other")
    assert not is_genuine({}, body, "s3cret")
    assert not is_genuine({**headers, "X-Landing-Signature": "v1=\u00e9"}, body, "s3cret")
    moved = {**headers, "X-Landing-Timestamp": str(int(time.time()) - 1)}
    assert not is_genuine(moved, body, "s3cret")
    old = signature_headers(body, "s3cret", int(time.time()) - 1000)
    assert not is_genuine(old, body, "s3cret")
