from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.codec import received, sendable

# Whatever a file name may hold: any character, lone surrogates for bytes that are not UTF-8, ours.
texts = st.text(st.characters(codec=None) | st.sampled_from("\x10\udc80\udcff0e"))
values = st.recursive(
    texts | st.none() | st.integers() | st.booleans(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner),
)


@given(values)
def test_everything_comes_back(value: Any) -> None:
    carried = json.loads(json.dumps(sendable(value), ensure_ascii=False).encode().decode())
    assert received(carried) == value


@given(st.text(st.characters(codec="utf-8", exclude_characters="\x10")))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert sendable(text) == text


def test_tuples_become_lists() -> None:
    assert sendable((("a", "b"), ())) == [["a", "b"], []]
