"""What is written is read as it was meant, whatever stands in it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.onboarding.model import Doubt, Said
from airflow_landing_loader.onboarding.writing import (
    Proposal,
    says_what_is_meant,
    scalar,
    text_of,
    value,
)

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["no", "true", "~", "", "- a", "a: b", "a #b", "'", '"', "\\d+", "2024-01-15", "1", "*a", "&b"]
)


@given(TEXTS)
def test_a_text_stays_one(text: str) -> None:
    assert yaml.safe_load(f"{scalar(text)}: {scalar(text)}\n") == {text: text}


@given(st.recursive(TEXTS | st.booleans() | st.integers(), lambda inner: st.lists(inner)))
def test_a_value_stays_itself(of: Any) -> None:
    assert yaml.safe_load(f"a: {value(of)}\n") == {"a": of}


@given(TEXTS, TEXTS)
def test_no_comment_ends_before_its_line(text: str, why: str) -> None:
    said = (Said(("table",), "raw_a"), Said(("csv", "null_values"), ["x"], why))
    proposal = Proposal("a_*.csv", said, (Doubt("csv", text),), (text,))
    assert says_what_is_meant(proposal, text_of(proposal, text or "s.json"))


@pytest.mark.parametrize(
    "pattern", ["a'b\"{{c}}\n_{number:0d}.csv", "\x85\u2028.csv", "- #a: b.csv"]
)
def test_a_hostile_pattern_is_written(pattern: str) -> None:
    proposal = Proposal(pattern, (Said(("table",), "raw_a"),))
    assert says_what_is_meant(proposal, text_of(proposal, "s.json"))


def test_another_text_does_not_say_it() -> None:
    proposal = Proposal("a_*.csv", (Said(("table",), "raw_a"),))
    assert not says_what_is_meant(proposal, "a_*.csv: raw_b\n")
    assert not says_what_is_meant(proposal, "a_*.csv: {tabel: raw_a}\n")
