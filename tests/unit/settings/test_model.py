"""The options themselves: what they mean together, and that the docs have them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.seeds import build

from airflow_landing_loader.settings import DBT_PER_TABLE_LIMIT, PREFIX, options


@pytest.mark.parametrize(
    ("mode", "project", "tables", "meant"),
    [
        ("auto", None, 1, "off"),
        ("auto", "/dbt", 1, "per_table"),
        ("auto", "/dbt", DBT_PER_TABLE_LIMIT, "per_table"),
        ("auto", "/dbt", DBT_PER_TABLE_LIMIT + 1, "shared"),
        ("per_table", "/dbt", 500, "per_table"),
        ("shared", "/dbt", 1, "shared"),
        ("off", "/dbt", 1, "off"),
    ],
)
def test_what_the_dbt_mode_means(
    tmp_path: Path, mode: str, project: str | None, tables: int, meant: str
) -> None:
    more = {f"{PREFIX}DBT_PROJECT_PATH": project} if project else {}
    settings = build(tmp_path, **{f"{PREFIX}DBT_MODE": mode}, **more)
    assert settings.dbt_mode_for(tables) == meant


def test_the_docs_list_every_option() -> None:
    page = (Path(__file__).parents[3] / "docs" / "configuration.md").read_text()
    rows = {m[1]: m[0] for m in re.finditer(r"^\| `(\w+)` \|.*\|$", page, re.MULTILINE)}
    assert list(rows) == [option.name for option in options()]
    for option in options():
        default = "required" if option.required else f"`{option.default}`"
        assert (default if option.default is not None or option.required else "not set") in rows[
            option.name
        ]
        assert option.description in rows[option.name]
        assert (f"`{option.name.upper()}`" in rows[option.name]) is option.seed
