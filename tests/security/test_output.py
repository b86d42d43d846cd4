"""Text of strangers in logs, pages and XCom: it forges nothing, hides nothing, and stays short."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import airflow_landing_loader
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.dag_factory.docs import problem_page, table_page
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, TerminalError, shown
from airflow_landing_loader.loading.planning.notes import notes_of
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.runs.lanes import lane_label
from airflow_landing_loader.runs.report import RunReport, as_table, failures
from airflow_landing_loader.safe_text import printable

HOSTILE = "a\x1b[2J\r\n2024-01-15 loaded \u202e\u2028\x85::group::x\udcff.csv"


@pytest.mark.parametrize(
    "say", [shown, lambda text: printable(text, 500), lambda t: lane_label([t])]
)
def test_a_name_is_one_line_that_forges_and_hides_nothing(say: Any) -> None:
    assert say(HOSTILE).isprintable()
    assert "::group::" not in say(HOSTILE)
    assert "::endgroup::" not in say("::endgroup::")
    assert say("a::b [bold] {x} <i>.csv") == "a::b [bold] {x} <i>.csv"


def test_an_error_is_one_short_line_whatever_is_in_it() -> None:
    long = HOSTILE * 10_000
    error = TerminalError(
        ErrorCode.LOAD_BAD_VALUE,
        long,
        hint=long,
        file=HOSTILE,
        column=long,
        key_path=HOSTILE,
        value=long,
    )
    assert str(error).isprintable()
    assert "::group::" not in str(error)
    assert len(error.detail.column or "") == 300
    assert len(error.detail.value or "") == 2000
    assert len(str(error.detail.to_dict(show_value=True))) < 200_000


def test_a_key_of_a_mapping_forges_nothing(tmp_path: Path) -> None:
    text = '"a\\e[2J\\n\\n*.csv": {tabel: x, "\\e[31m": 1}\n"a\\e*.csv": {table: "1\\n2"}\n'
    (tmp_path / "t.yaml").write_text(text)
    problems = read_mappings(tmp_path).errors
    assert len(problems) > 2
    for problem in problems:
        assert all(line.isprintable() for line in problem.render().split("\n"))


def page(settings: Any, **keys: Any) -> str:
    mapping = TableMapping.model_validate({"pattern": "a_*.csv", "table": "t", **keys})
    return table_page([mapping], settings(), dbt=False)


@pytest.mark.parametrize(
    "text",
    [
        "x\n\n# Big\n\n<script>alert(1)</script>",
        "`</code>",
        "``` [x](javascript:alert(1)) ``",
        "\\`",
    ],
)
def test_text_of_a_mapping_stays_code_on_the_page_of_its_dag(settings: Any, text: str) -> None:
    """What is left of the page without code spans holds nothing of it."""
    keys = {
        "pattern": f"{text.replace('/', '')}*.csv",
        "exclude": [f"{text.replace('/', '')}.csv"],
        "csv": {"null_values": [text], "header": False, "columns": [text]},
    }
    found = page(settings, **keys)
    assert all(line.isprintable() for line in found.split("\n"))
    bare = re.sub(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", "", found)
    for mark in ("script", "Big", "javascript", "</code>"):
        assert mark not in bare


def test_a_problem_stays_in_its_fence() -> None:
    found = problem_page("x\n````\n<script>\n```\n", "mapping")
    assert found.count("\n`````") == 2
    assert found.index("<script>") < found.rindex("`````")


def outcome(number: int, status: Any) -> Outcome:
    error = ErrorDetail(code="csv.ragged", message="m" * 5000, hint="h", file=f"{number}.csv")
    return Outcome(
        name=f"{number}.csv", status=status, rows=0, rejected=0, uri="/x", table="t", error=error
    )


def test_ten_thousand_bad_files_do_not_flood_the_log_nor_the_exception() -> None:
    report = RunReport(
        outcomes=tuple(outcome(n, "failed") for n in range(10_000)),
        new_notices=tuple(f"{n} matches nothing" for n in range(10_000)),
    )
    table = as_table(report).splitlines()
    assert len(table) < 1510  # a reason has its hint below
    assert "... and 9500 more that went wrong: see load_deliveries" in table
    assert "... and 9500 more" in table
    assert any(line.startswith("files: 10000 failed") for line in table)
    causes = failures(report, fail_on_files=True)
    assert len(causes) == 52
    assert causes[-2].startswith("... and 9,950 more files")


def test_thousands_of_columns_are_named_by_the_first() -> None:
    names = tuple(f"c{n}" for n in range(10_000))
    load: Any = SimpleNamespace(
        drift_columns=names,
        missing_columns=names,
        rejected_count=9,
        restates_load_id=None,
        same_content_load_id=None,
        quality_score=None,
    )
    content = SimpleNamespace(columns=names * 3, skipped_headers=0, comments=0)
    validated: Any = SimpleNamespace(detected=None, inspection=content)
    notes = notes_of(validated, load)
    assert [note.partition(" and ")[2] for note in notes] == ["9980 more", "9980 more", ""]
    assert max(map(len, notes)) < 300


def test_details_are_cut_again_when_they_are_changed() -> None:
    detail = replace(ErrorDetail(code="a.b", message="m"), value="v" * 5000)
    assert len(detail.value or "") == 2000


def test_nothing_of_the_package_writes_a_file_for_a_spreadsheet() -> None:
    writers = re.compile(r"csv\.(?:Dict)?[Ww]riter|to_csv|write_csv|to_excel|FORMAT CSV")
    sources = Path(airflow_landing_loader.__file__).parent.rglob("*.py")
    assert [path.name for path in sources if writers.search(path.read_text("utf-8"))] == []
