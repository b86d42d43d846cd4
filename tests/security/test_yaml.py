"""Mapping files that are made to run code or to fill the memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.config.yaml.parser import MAX_BYTES


@pytest.mark.parametrize(
    "tag",
    [
        "!!python/object/apply:os.system ['touch MARKER']",
        "!!python/object/new:os.system ['touch MARKER']",
        "!!python/name:os.system",
        "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch MARKER']",
        "!!binary aGVsbG8=",
        "!include /etc/passwd",
        "!!set {a, b}",
    ],
)
def test_no_tag_makes_an_object(tmp_path: Path, tag: str) -> None:
    marker = tmp_path / "marker"
    tables = tmp_path / "tables"
    tables.mkdir()
    (tables / "t.yaml").write_text(
        f"a_*.csv: {tag.replace('MARKER', str(marker))}\n"
        "b_*.csv: {table: t, dag: {owner: !!str x}}\n"
    )
    found = read_mappings(tables)
    assert [mapping.pattern for mapping in found.mappings] == ["b_*.csv"]
    assert {problem.detail.line for problem in found.errors} == {1}
    assert not marker.exists()


def test_a_mapping_file_without_end_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    path.touch()
    with path.open("r+b") as file:
        file.truncate(1 << 40)  # a terabyte that takes no room
    (problem,) = read_mappings(tmp_path).errors
    assert str(MAX_BYTES) in problem.detail.message
