"""JSON Schema and models of channels accept and refuse the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel

from airflow_landing_loader.config.channels.model import EVENT_TYPES, MODELS, ForAll
from airflow_landing_loader.config.channels.reader import read_channels
from airflow_landing_loader.config.channels.schema import (
    channel_json_schema,
    channel_json_schema_text,
)
from airflow_landing_loader.exceptions import ErrorCode

INCLUDE = Path(__file__).parents[4] / "include/config"
VALIDATOR = Draft202012Validator(channel_json_schema())
_MODELS: tuple[type[BaseModel], ...] = (*MODELS.values(), ForAll)
KEYS = sorted({key for model in _MODELS for key in model.model_fields} | {"x"})
TEXTS = [
    *(*MODELS, "emial", "", "ops", "a b", "a@example.com", "a@", "#data", "##", "t", "my-project"),
    *("all", "info", "http://h/x", "x/y", "x y", "1", *EVENT_TYPES),
]
SCALARS = st.one_of(
    st.sampled_from(TEXTS),
    st.none(),
    st.booleans(),
    st.integers(-1, 400),
    st.sampled_from([0.5, 10.0, 300.5]),
)
VALUES = st.one_of(
    SCALARS,
    st.lists(SCALARS, max_size=3),
    st.dictionaries(
        st.sampled_from(["on", "to", "x"]),
        st.one_of(SCALARS, st.lists(st.sampled_from(["failure", "late", "log", "x y", 1]))),
        max_size=3,
    ),
)
DOCUMENTS = st.builds(
    lambda kind, more: {"type": kind, **more} if kind else more,
    st.sampled_from([*MODELS, None, "emial"]),
    st.dictionaries(st.sampled_from([k for k in KEYS if k != "type"]), VALUES, max_size=4),
)


def accepted(root: Path, document: Any, stem: str) -> bool:
    for path in root.iterdir():
        path.unlink()
    (root / f"{stem}.yaml").write_text(json.dumps(document))
    found = read_channels(root)
    # Whether a name is known is not for a schema to say.
    return all(p.detail.code == ErrorCode.CONFIG_UNKNOWN_CHANNEL for p in found.errors)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("channels")


@given(document=DOCUMENTS)
def test_schema_and_reader_agree(folder: Path, document: dict[str, Any]) -> None:
    read = accepted(folder, document, "ops") or accepted(folder, document, "_all")
    errors = [error.message for error in VALIDATOR.iter_errors(document)]
    assert read is not bool(errors), errors


def test_the_schema_is_shipped() -> None:
    assert (INCLUDE / "channel.schema.json").read_text() == channel_json_schema_text()
    Draft202012Validator.check_schema(channel_json_schema())


def test_what_is_shipped_is_right(tmp_path: Path) -> None:
    found = read_channels(INCLUDE / "channels")
    assert found.errors == ()
    assert found.get("operators").type == "log"
    assert found.event_plan == ()  # nothing is written down before somebody asks for it
    for path in (INCLUDE / "channels").iterdir():
        assert not list(VALIDATOR.iter_errors(yaml.safe_load(path.read_text())))
    del tmp_path
