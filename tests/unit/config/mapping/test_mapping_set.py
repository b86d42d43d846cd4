"""How problems are shown to people."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_landing_loader.config.mapping.mapping_set import MappingProblem, MappingSet
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.yaml.snippet import snippet
from airflow_landing_loader.exceptions import ErrorDetail


@pytest.mark.parametrize(
    ("line", "column", "shown", "caret"),
    [
        ("table: raw x", 8, "table: raw x", "       ^"),
        ("\ttable: x", 2, " table: x", " ^"),
        ("日本: x", 5, "日本: x", "      ^"),
        ("e\u0301: x", 3, "e\u0301: x", " ^"),
        ("x: 'a", 6, "x: 'a", "     ^"),
        ("", 1, "", "^"),
        ("a\x1b[31m\u202eb", 8, "a\ufffd[31m\ufffdb", "       ^"),
    ],
)
def test_the_caret_stands_under_the_character(
    line: str, column: int, shown: str, caret: str
) -> None:
    first, second = snippet(("first", line), 2, column).split("\n")
    assert first == f"    2 | {shown}"
    assert second == f"      | {caret}"


def test_a_long_line_is_cut_around_the_place() -> None:
    line = "a" * 5000 + "X" + "b" * 5000
    first, second = snippet((line,), 1, 5001).split("\n")
    assert len(first) < 120
    assert first[second.index("^")] == "X"


def test_a_place_behind_the_end_is_shown() -> None:
    assert snippet(("x",), 2, 1) == "    2 | \n      | ^"


def test_render_is_for_people() -> None:
    problem = MappingProblem(
        detail=ErrorDetail(
            code="mapping.bad_value",
            message="It is wrong.",
            hint="Mend it.",
            file="a/b.yaml",
            line=3,
            column=2,
            key_path="csv.quote",
        ),
        table="raw",
        path=Path("/t/a/b.yaml"),
        snippet=snippet(("", "", "xyz"), 3, 2),
    )
    assert problem.render() == (
        "[mapping.bad_value] a/b.yaml:3:2 (key csv.quote): It is wrong.\n"
        "    3 | xyz\n"
        "      |  ^\n"
        "  Hint: Mend it."
    )


def test_render_without_a_line() -> None:
    detail = ErrorDetail(code="config.unreadable", message="Gone.", file="a.yaml")
    problem = MappingProblem(detail=detail, table=None, path=Path("/t/a.yaml"))
    assert problem.render() == "[config.unreadable] a.yaml: Gone."


def test_grouping() -> None:
    def mapping(pattern: str, table: str) -> TableMapping:
        return TableMapping.model_validate({"pattern": pattern, "table": table})

    def problem(table: str | None, path: str) -> MappingProblem:
        detail = ErrorDetail(code="mapping.bad_value", message="x")
        return MappingProblem(detail=detail, table=table, path=Path(path))

    first, second, third = mapping("z_*", "b"), mapping("a_*", "a"), mapping("y_*", "b")
    errors = (problem("b", "1"), problem(None, "2"), problem("a", "1"), problem("b", "3"))
    found = MappingSet((first, second, third), (*errors, problem(None, "1")))
    assert found.tables() == {"a": (second,), "b": (first, third)}
    assert list(found.tables()) == ["a", "b"]
    assert found.for_table("b") == (first, third)
    assert found.for_table("B") == ()
    assert found.problems_by_table() == {"a": (errors[2],), "b": (errors[0], errors[3])}
    assert list(found.problems_by_table()) == ["a", "b"]
    assert [(p.name, len(e)) for p, e in found.problems_without_table().items()] == [
        ("1", 1),
        ("2", 1),
    ]
