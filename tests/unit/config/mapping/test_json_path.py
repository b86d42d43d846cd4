"""Paths into JSON documents: what they lead through, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.json_path import Every, Step, is_json_path, steps_of

names = st.text(st.characters(codec="utf-8", exclude_characters="\\'"), min_size=1, max_size=9)
steps = st.lists(
    st.integers(0, 999_999)
    | st.just(Every())
    | names.filter(lambda name: name.isprintable() and name.strip() == name),
    max_size=6,
)


def written(step: Step) -> str:
    if isinstance(step, Every):
        return "[*]"
    return f"[{step}]" if isinstance(step, int) else f"['{step}']"


@given(steps)
def test_what_is_written_is_what_is_meant(path: list[Step]) -> None:
    text = "$" + "".join(map(written, path))
    assert is_json_path(text)
    assert list(steps_of(text)) == path


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("$", []),
        ("$.files[*].rows", ["files", Every(), "rows"]),
        ("$['a.b'][\"it's\"][0]", ["a.b", "it's", 0]),
        ("$.row-count.größe_2", ["row-count", "größe_2"]),
        ("$['[*]']", ["[*]"]),
    ],
)
def test_paths(text: str, path: list[Step]) -> None:
    assert is_json_path(text)
    assert list(steps_of(text)) == path


@pytest.mark.parametrize(
    "text",
    [
        "", "rows", ".rows", "$rows", "$.", "$..rows", "$.a b", "$.0", "$[", "$[]", "$[-1]",
        "$[01]", "$[1:2]", "$[1,2]", "$.*", "$[a]", "$['a]", "$['']", "$['a\\'b']", "$[?(@.a)]",
        "$.a\n", "$['a\nb']", " $", "$.a" * 100,
    ],
)  # fmt: skip
def test_what_is_no_path(text: str) -> None:
    assert not is_json_path(text)
