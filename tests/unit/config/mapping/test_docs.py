"""The reference names every key with its default, and what it shows as YAML is accepted."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from airflow_landing_loader.config.mapping import own_tables, rules
from airflow_landing_loader.config.mapping.encodings import ENCODINGS
from airflow_landing_loader.config.mapping.explain import NOT_WRITTEN
from airflow_landing_loader.config.mapping.lines import LineMark
from airflow_landing_loader.config.mapping.model import (
    RESERVED_KEYS,
    BigQueryTable,
    CsvDialect,
    DagOptions,
    GoFile,
    HeaderRecord,
    TableMapping,
    Trailer,
)
from airflow_landing_loader.config.mapping.notify import Notify
from airflow_landing_loader.config.mapping.patterns.ignored import IGNORED_SUFFIXES
from airflow_landing_loader.config.mapping.patterns.reading import PLACEHOLDERS
from airflow_landing_loader.config.mapping.quality import Quality
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.config.schedule import PRESETS
from airflow_landing_loader.exceptions import ErrorCode

PAGE = (Path(__file__).parents[4] / "docs/mappings.md").read_text()
YAML_BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def section(title: str) -> str:
    found = re.search(rf"^##+ {re.escape(title)}$(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


@pytest.mark.parametrize(
    ("title", "model"),
    [
        ("All keys at a glance", TableMapping),
        ("Go files (`go_file`)", GoFile),
        ("Trailer records (`trailer`)", Trailer),
        ("Header records (`header_record`)", HeaderRecord),
        ("CSV (`csv`)", CsvDialect),
        ("Lines above and below the data", LineMark),
        ("Quality (`quality`)", Quality),
        ("DAG and dbt", DagOptions),
        ("Who is told (`notify`)", Notify),
        ("BigQuery (`bigquery`)", BigQueryTable),
    ],
)
def test_every_key_has_a_row_in_its_table(title: str, model: type[BaseModel]) -> None:
    rows = {
        match[1]: match[0]
        for match in re.finditer(r"^\| \[?`(\w+)`.*$", section(title), re.MULTILINE)
    }
    for key, field in model.model_fields.items():
        if model is TableMapping and key in NOT_WRITTEN:
            continue
        assert key in rows, key
        if field.is_required():
            assert "required" in rows[key], key
        elif isinstance(field.default, bool):
            assert f"`{str(field.default).lower()}`" in rows[key], key
        elif isinstance(field.default, str | int | float) and field.default:
            assert (
                f"`{field.default:{'' if isinstance(field.default, str) else '.10g'}}`"
                in (rows[key])
            ), key


@pytest.mark.parametrize("number", range(len(YAML_BLOCKS)))
def test_what_is_shown_is_accepted(number: int, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(YAML_BLOCKS[number])
    found = read_mappings(tmp_path)
    assert not found.errors, found.errors[0].render()


def test_the_page_shows_enough() -> None:
    assert len(YAML_BLOCKS) >= 10


@pytest.mark.parametrize(
    "word",
    [
        *RESERVED_KEYS,
        *own_tables.NAMES,
        *rules.CLOSED_SCHEMAS,
        *ENCODINGS,
        *PRESETS,
        *IGNORED_SUFFIXES,
        *(f"{{{name}}}" for name in PLACEHOLDERS),
    ],
)
def test_every_word_with_a_meaning_is_named(word: str) -> None:
    assert f"`{word}`" in PAGE


def test_the_codes_of_refused_mappings_are_named() -> None:
    beside = {"config.not_yaml", "config.unreadable", "mapping.none_found", "mapping.changed"}
    beside |= {"config.unknown_key", "config.missing_key"}  # of other documents
    for code in ErrorCode:
        if code.value.startswith(("config.", "mapping.")) and code.value not in beside:
            assert f"`{code.value}`" in PAGE


def test_the_example_of_an_error_is_what_is_printed(tmp_path: Path) -> None:
    lines = YAML_BLOCKS[0].replace("    pattern:", "    patern:")
    path = tmp_path / "trading/trades.yaml"
    path.parent.mkdir()
    path.write_text("# one line above\n" + lines)
    printed = [problem.render() for problem in read_mappings(tmp_path).errors]
    shown = re.findall(r"```text\n(\[mapping\..*?)\n```", PAGE, re.DOTALL)
    assert len(shown) == 1
    assert shown[0] in printed


def test_links_within_the_page_lead_somewhere() -> None:
    titles = {
        re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^##+ (.*)$", PAGE, re.MULTILINE)
    }
    for target in re.findall(r"\]\(#([^)]+)\)", PAGE):
        assert target in titles
