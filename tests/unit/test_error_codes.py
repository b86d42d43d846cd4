"""Codes, documentation and tests speak of the same errors."""

from __future__ import annotations

import ast
import re
import runpy
from collections.abc import Iterator
from pathlib import Path

import pytest

from airflow_landing_loader.error_guide import explanation_of
from airflow_landing_loader.exceptions import (
    ErrorCode,
    ErrorDetail,
    TerminalError,
    TransientError,
)

ROOT = Path(__file__).parents[2]
DOCUMENTED = re.compile(r"^\| `([a-z_]+\.[a-z_]+)` \|", re.MULTILINE)


def test_every_code_is_documented_with_cause_and_cure_and_no_other() -> None:
    text = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    documented = DOCUMENTED.findall(text)
    assert sorted(documented) == sorted(code.value for code in ErrorCode)
    for line in text.splitlines():
        if DOCUMENTED.match(line):
            assert all(cell.strip() for cell in line.strip("|").split("|")), line


def test_the_package_says_of_each_code_what_the_docs_say() -> None:
    """If not: ``python scripts/make_error_guide.py``."""
    script = runpy.run_path(str(ROOT / "scripts" / "make_error_guide.py"))
    docs = script["DOCS"].read_text(encoding="utf-8")
    assert script["GUIDE"].read_text(encoding="utf-8") == script["guide_text"](docs)
    for code in DOCUMENTED.findall(docs):
        said = explanation_of(code)
        assert said is not None, code
        assert said.cause, code
        assert said.cure, code
    stray = explanation_of("csv.stray_quote")
    assert stray is not None
    assert stray.cause.startswith("A quote in the middle of a field")
    assert (explanation_of("no.such_code"), explanation_of(None)) == (None, None)


def test_every_code_is_raised_by_the_package() -> None:
    sources = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "src").rglob("*.py")
        if path.name != "exceptions.py"
    )
    unused = [code.name for code in ErrorCode if f"ErrorCode.{code.name}" not in sources]
    assert unused == []


def test_every_code_is_asserted_by_a_test() -> None:
    tests = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (ROOT / "tests").rglob("*.py")
        if path != Path(__file__)
    )
    untested = [
        code.name
        for code in ErrorCode
        if not re.search(rf"Code\.{code.name}\b", tests)
        and f'"{code.value}"' not in tests
        # the tables of cases for mappings leave the area out
        and not (code.value.startswith("mapping.") and f'"{code.value[8:]}"' in tests)
    ]
    assert untested == []


def test_codes_name_their_area_and_problem() -> None:
    for code in ErrorCode:
        area, problem = code.value.split(".")
        assert code.name == f"{area}_{problem}".upper()


@pytest.mark.parametrize("kind", [TerminalError, TransientError])
def test_an_error_says_what_where_why_and_what_next_in_one_line(
    kind: type[TerminalError | TransientError],
) -> None:
    error = kind(
        ErrorCode.CSV_RAGGED,
        "3 fields instead of 2",
        hint="Mend it",
        file="a.csv",
        line=7,
        record=6,
        column="x",
        value="secret",
    )
    assert str(error) == (
        "[csv.ragged] a.csv:7 (record 6, column x): 3 fields instead of 2. Hint: Mend it"
    )
    assert error.detail.transient is (kind is TransientError)
    assert "secret" not in str(error)
    assert "secret" not in repr(error)


def _alternatives(text: ast.expr) -> Iterator[ast.expr]:
    if isinstance(text, ast.IfExp):
        yield from (*_alternatives(text.body), *_alternatives(text.orelse))
    else:
        yield text


def _piece(text: ast.expr, *, last: bool) -> str:
    """How a text in the source begins, or ends, as far as that stands there."""
    if isinstance(text, ast.Constant) and isinstance(text.value, str):
        return text.value
    if isinstance(text, ast.JoinedStr):
        return _piece(text.values[-1 if last else 0], last=last)
    if isinstance(text, ast.BinOp):
        return _piece(text.right if last else text.left, last=last)
    return ""


def _hints() -> Iterator[tuple[str, ast.expr]]:
    """The hints that stand in the source under a name of theirs, and where."""
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named: list[str | None] = []
            if isinstance(node, ast.keyword):
                named = [node.arg]
            elif isinstance(node, ast.Assign):
                named = [t.id for t in node.targets if isinstance(t, ast.Name)]
            if any(re.fullmatch(r"hint|mend|_\w+_HINT", name or "") for name in named):
                yield f"{path}:{node.value.lineno}", node.value  # type: ignore[attr-defined]


def test_a_hint_is_shown_as_it_is_written_and_is_a_sentence_or_begins_with_a_command() -> None:
    found = [(where, one) for where, text in _hints() for one in _alternatives(text)]
    assert len(found) > 200
    for where, one in found:
        begin, end = (_piece(one, last=last).strip() for last in (False, True))
        assert not begin or begin[0].isupper() or begin[0] == "`", where
        assert not end or end[-1] in ".?", where
    command = "`pip install 'x[dbt]'`, or leave it."
    assert ErrorDetail(code="a.b", message="m", hint=command).text().endswith(f"Hint: {command}")


def test_a_mapping_error_points_at_file_line_and_column() -> None:
    detail = ErrorDetail(
        code="mapping.bad_value", message="m", file="t.yaml", line=3, column=5, key_path="a.b"
    )
    assert detail.where() == "t.yaml:3:5 (key a.b)"
