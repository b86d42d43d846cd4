"""One pair of an object in JSON, found and taken out by expressions, against the plain way."""

from __future__ import annotations

import json
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.loading.columns.json_pairs import others_than, value_of

_NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1)
_TEXTS = st.one_of(
    st.none(),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    st.text(alphabet='"\\:,{}nul\n'),
)


@pytest.fixture(scope="module")
def con() -> Any:
    with duckdb.connect() as con:
        yield con


@given(pairs=st.dictionaries(_NAMES | st.text(alphabet='"\\:,ab', min_size=1), _TEXTS, min_size=1))
def test_value_and_others(con: Any, pairs: dict[str, str | None]) -> None:
    """Of an object as the reader writes it; every name is one that may be asked for."""
    marks = ", ".join("?, ?" for _ in pairs)
    flat = [text for pair in pairs.items() for text in pair]
    (extra,) = con.execute(f"SELECT CAST(json_object({marks}) AS VARCHAR)", flat).fetchone()
    for name, value in pairs.items():
        found, taken, others = con.execute(
            "SELECT regexp_matches($1, $2), "
            "json_extract_string(regexp_replace($1, $2, '\\1'), '$'), "
            "ltrim(regexp_replace($1, $3, '\\1\\2'), ',')",
            [extra, value_of([name, "not there"]), others_than([name, "not there"])],
        ).fetchone()
        assert (found, taken) == (True, value)
        left = {n: v for n, v in pairs.items() if n != name}
        assert list(json.loads(f"{{{others}}}").items()) == list(left.items())


@given(pairs=st.dictionaries(_NAMES, _TEXTS), name=_NAMES)
def test_a_name_that_is_not_there(con: Any, pairs: dict[str, str | None], name: str) -> None:
    pairs.pop(name, None)
    extra = json.dumps(pairs, ensure_ascii=False, separators=(",", ":"))
    (found,) = con.execute("SELECT regexp_matches(?, ?)", [extra, value_of([name])]).fetchone()
    assert not found
