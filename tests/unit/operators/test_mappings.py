from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ConfigurationError
from airflow_landing_loader.operators.mappings import inline_mappings, mappings_of_table

MODEL = TableMapping(pattern="a_*.csv", table="raw_a")
DICT = {"pattern": "a_*.csv", "table": "raw_a"}


@pytest.mark.parametrize("written", [MODEL, DICT, [MODEL], (DICT,)])
def test_mappings_may_be_written_in_many_ways(written: Any) -> None:
    assert inline_mappings(written) == (MODEL,)


@pytest.mark.parametrize(
    ("written", "code", "key"),
    [
        ({"pattern": "a_*.csv"}, "mapping.bad_value", "table"),
        ({**DICT, "on_bad_row": "perhaps"}, "mapping.bad_value", "on_bad_row"),
        ({**DICT, "nonsense": 1}, "mapping.bad_value", "nonsense"),
        ([], "mapping.none_found", None),
    ],
)
def test_what_is_wrong_is_named(written: Any, code: str, key: str | None) -> None:
    with pytest.raises(ConfigurationError) as caught:
        inline_mappings(written)
    assert (caught.value.code, caught.value.detail.key_path) == (code, key)


def test_own_mappings_and_those_of_others(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("a_*.csv: raw_a\nb_*.csv: raw_b\nc_*.csv: raw_a\n")
    own, others = mappings_of_table("raw_a", str(tmp_path))
    assert [m.pattern for m in own] == ["a_*.csv", "c_*.csv"]
    assert [m.pattern for m in others] == ["b_*.csv"]


def test_a_table_whose_mapping_is_broken_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text("a_*.csv: raw_a\nb_*.csv: {table: raw_a, x: 1}\n")
    with pytest.raises(ConfigurationError) as caught:
        mappings_of_table("raw_a", str(tmp_path))
    assert caught.value.code == "mapping.unknown_key"
    assert (caught.value.detail.file, caught.value.detail.line) == ("t.yaml", 2)
