from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
from pydantic_core import PydanticCustomError

from airflow_landing_loader.config.mapping.rules import check_table
from airflow_landing_loader.loading.columns.literals import literal_form
from airflow_landing_loader.loading.ledger.tables import (
    LOAD_DELIVERIES,
    LOAD_METADATA,
    OWN_TABLES,
    OwnTable,
)
from airflow_landing_loader.loading.model import DeliveryRecord, Load

DOCS = (Path(__file__).parents[4] / "docs" / "tables.md").read_text(encoding="utf-8")


def test_rows_have_the_columns_of_their_tables_in_order() -> None:
    assert tuple(f.name for f in fields(Load)) == LOAD_METADATA.column_names
    assert tuple(f.name for f in fields(DeliveryRecord)) == LOAD_DELIVERIES.column_names


def test_metadata_begins_with_the_six_columns_that_everybody_knows() -> None:
    assert LOAD_METADATA.column_names[:6] == (
        "load_id",
        "filename",
        "table_name",
        "row_count",
        "started_at",
        "completed_at",
    )


@pytest.mark.parametrize("table", OWN_TABLES, ids=lambda table: table.name)
def test_every_column_is_documented(table: object) -> None:
    section = DOCS.split(f"## `{table.name}`")[1].split("\n## ")[0]  # type: ignore[attr-defined]
    named = re.findall(r"`([a-z0-9_]+)`", section)
    missing = [name for name in table.column_names if name not in named]  # type: ignore[attr-defined]
    assert missing == []


@pytest.mark.parametrize("table", OWN_TABLES, ids=lambda table: table.name)
def test_no_mapping_may_feed_a_table_of_ours(table: OwnTable) -> None:
    with pytest.raises(PydanticCustomError, match="own tables"):
        check_table(table.name)


def test_every_documented_type_can_be_loaded() -> None:
    section = DOCS.split("### Typed columns")[1].split("###")[0]
    for name in re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE):
        assert literal_form(name.replace("(p,s)", "(10,2)")) is not None, name
