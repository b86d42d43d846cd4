"""Mappings against each other: both sides are refused, the rest is not touched."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.mapping.reader import MappingSet, read_mappings


def read(tmp_path: Path, *lines: str, **files: str) -> MappingSet:
    (tmp_path / "a.yaml").write_text("\n".join(lines))
    for name, text in files.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    return read_mappings(tmp_path)


class Refused(NamedTuple):
    """One problem, shortened."""

    code: str
    line: int | None
    column: str | int | None


def refused(found: MappingSet) -> list[Refused]:
    details = [problem.detail for problem in found.errors]
    return [Refused(d.code.removeprefix("mapping."), d.line, d.column) for d in details]


def test_two_patterns_that_can_match_one_name(tmp_path: Path) -> None:
    found = read(tmp_path, "trades_*.csv: a", "ok_*.csv: ok", b="trades_2*.csv: b")
    assert refused(found) == [("patterns_overlap", 1, 1), ("patterns_overlap", 1, 1)]
    assert [problem.table for problem in found.errors] == ["a", "b"]
    assert [mapping.table for mapping in found.mappings] == ["ok"]
    first, second = (problem.detail for problem in found.errors)
    assert "'trades_2*.csv' (b.yaml:1), for example 'trades_21.csv'" in first.message
    assert "'trades_*.csv' (a.yaml:1), for example 'trades_21.csv'" in second.message
    assert first.hint == "Narrow it, or add exclude: ['trades_2*.csv'] to this mapping."
    assert second.hint == "Narrow the wider one, or add exclude: ['trades_2*.csv'] to it."


def test_a_pattern_that_ignores_case_meets_one_in_other_letters(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("TRADES_*.csv: {table: raw_a, ignore_case: true}\n")
    (tmp_path / "b.yaml").write_text("trades_*.csv: raw_b\n")
    found = read_mappings(tmp_path)
    assert [error.detail.code for error in found.errors] == ["mapping.patterns_overlap"] * 2
    (tmp_path / "a.yaml").write_text("TRADES_*.csv: raw_a\n")
    assert not read_mappings(tmp_path).errors


def test_one_pattern_in_two_files(tmp_path: Path) -> None:
    found = read(tmp_path, "x_*: a", b="x_*: a")
    assert refused(found) == [("patterns_overlap", 1, 1)] * 2
    assert "Keep one of them" in (found.errors[0].detail.hint or "")


@pytest.mark.parametrize(
    ("wide", "narrow"),
    [
        ("'*.csv': {table: w, exclude: [trades_*.csv]}", "trades_*.csv: n"),
        ("'*.csv': {table: w, exclude: [other, trades*]}", "trades_*.csv: n"),
        ("x*: {table: w, exclude: ['*y']}", "'*y': n"),
        ("x*: w", "'*y': {table: n, exclude: ['x*']}"),
    ],
)
def test_an_exclude_that_covers_the_other_pattern_excuses(
    tmp_path: Path, wide: str, narrow: str
) -> None:
    found = read(tmp_path, wide, narrow)
    assert not found.errors
    assert len(found.mappings) == 2


@pytest.mark.parametrize(
    ("wide", "narrow", "example"),
    [
        ("'*.csv': {table: w, exclude: [trades_1*.csv]}", "trades_*.csv: n", "trades_x.csv"),
        ("x*: {table: w, exclude: ['xx*y']}", "'*y': n", "x1y"),
        ("x*: {table: w, exclude: [x1*]}", "x*: {table: n, exclude: [x2*, x0]}", None),
    ],
)
def test_an_exclude_that_covers_only_a_part_does_not(
    tmp_path: Path, wide: str, narrow: str, example: str | None
) -> None:
    found = read(tmp_path, wide, b=narrow)
    assert {code for code, _, _ in refused(found)} == {"patterns_overlap"}
    assert len(found.errors) == 2
    assert example is None or repr(example) in found.errors[0].detail.message


def test_what_only_several_excludes_cover_is_refused_without_an_example(tmp_path: Path) -> None:
    # Each example that is tried is excluded by one of them, and none covers the other pattern.
    found = read(tmp_path, "x*: {table: w, exclude: [x, x1*, xx*, x2*]}", b="x*: n")
    assert len(found.errors) == 2
    for problem in found.errors:
        assert "since no single exclude covers all that both match" in problem.detail.message


def test_a_broken_mapping_still_claims_its_files(tmp_path: Path) -> None:
    found = read(tmp_path, "trades_*.csv: {table: a, dbt: maybe}", "'*.csv': b")
    assert refused(found) == [
        ("patterns_overlap", 1, 1),
        ("bad_value", 1, 31),
        ("patterns_overlap", 2, 1),
    ]
    assert not found.mappings


def test_a_mapping_with_unreadable_excludes_takes_nobody_with_it(tmp_path: Path) -> None:
    found = read(tmp_path, "'*.csv': {table: a, exclude: [x/y]}", "trades_*.csv: b")
    assert refused(found) == [("bad_pattern", 1, 31)]
    assert [mapping.table for mapping in found.mappings] == ["b"]


def test_many_overlaps_are_one_problem_each(tmp_path: Path) -> None:
    found = read(tmp_path, *(f"x_*_{i}*: t{i}" for i in range(40)))
    assert refused(found) == [("patterns_overlap", line, 1) for line in range(1, 41)]
    assert all("and others" in problem.detail.message for problem in found.errors)


GO = "go_file: {{pattern: '{}', format: properties, row_count_key: n}}".format


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # Its own data pattern matches its go files: said once.
        ([f"x_*: {{table: a, {GO('x_*.go')}}}"], [("go_pattern_clash", 1, 36)]),
        # A data pattern of another mapping matches them.
        (
            [f"x_*.csv: {{table: a, {GO('x_*.go')}}}", "'*.go': b"],
            [("go_pattern_clash", 1, 40), ("go_pattern_clash", 2, 1)],
        ),
        # Two mappings use one go pattern, or two that meet.
        (
            [f"x_*.csv: {{table: a, {GO('x_*.go')}}}", f"x_*.txt: {{table: b, {GO('x_*.go')}}}"],
            [("go_pattern_clash", 1, 40), ("go_pattern_clash", 2, 40)],
        ),
        (
            [f"x_*.csv: {{table: a, {GO('x_*.go')}}}", f"y_*.txt: {{table: b, {GO('*.go')}}}"],
            [("go_pattern_clash", 1, 40), ("go_pattern_clash", 2, 40)],
        ),
        # An exclude beside the data pattern settles it.
        ([f"x_*: {{table: a, exclude: ['*.go'], {GO('x_*.go')}}}"], []),
        ([f"x_*.csv: {{table: a, {GO('x_*.go')}}}", "'*': {table: b, exclude: ['x_*']}"], []),
        # An exclude is about data files: it does not tell go files apart.
        (
            [
                f"x_*.csv: {{table: a, exclude: ['x_*.go'], {GO('x_*.go')}}}",
                f"x_*.txt: {{table: b, exclude: ['x_*.go'], {GO('x_*.go')}}}",
            ],
            [("go_pattern_clash", 1, 61), ("go_pattern_clash", 2, 61)],
        ),
        # Far apart.
        ([f"x_*.csv: {{table: a, {GO('x_*.go')}}}", f"y_*.csv: {{table: b, {GO('y_*.go')}}}"], []),
    ],
)
def test_go_patterns_belong_to_one_mapping(
    tmp_path: Path, lines: list[str], expected: list[tuple[str, int, int]]
) -> None:
    assert refused(read(tmp_path, *lines)) == expected


LISTS = "go_file: {{pattern: '{}', format: csv, lists_files: {}}}".format


@pytest.mark.parametrize(
    ("one", "two", "expected"),
    [
        # One go file names the files of both.
        (LISTS("*.go", 1), LISTS("*.go", 1), []),
        (LISTS("*.go", 1), LISTS("*.go", 2), ["contradiction", "contradiction"]),
        (LISTS("*.go", 1), LISTS("d*.go", 1), ["go_pattern_clash", "go_pattern_clash"]),
        (LISTS("*.go", 1), GO("*.go"), ["go_pattern_clash", "go_pattern_clash"]),
    ],
)
def test_go_files_that_name_their_data_files_may_be_of_several_mappings(
    tmp_path: Path, one: str, two: str, expected: list[str]
) -> None:
    found = read(tmp_path, f"x_*.csv: {{table: a, {one}}}", f"y_*.csv: {{table: b, {two}}}")
    assert [code for code, _, _ in refused(found)] == expected
    for problem in found.errors:
        hint = problem.detail.hint or ""
        assert "lists_files" in hint or "same go_file.pattern" in hint


def test_a_go_pattern_of_a_broken_mapping_counts(tmp_path: Path) -> None:
    found = read(tmp_path, f"x_*.csv: {{table: a b, {GO('x_*.go')}}}", "'*.go': b")
    assert [code for code, _, _ in refused(found)] == [
        "bad_table",
        "go_pattern_clash",
        "go_pattern_clash",
    ]


@pytest.mark.parametrize(
    ("one", "two", "says"),
    [
        ("raw_x", "Raw_X", "are one table"),
        ("main.raw_x", "raw_x", "are one table"),
        ("Main.raw_x", "RAW_X", "are one table"),
        ("a.b", "A.b", "are one table"),
        ("a.b", "a__b", "make one DAG id, landing__a"),
        ("a.b", "A__B", "make one DAG id, landing__"),
    ],
)
def test_one_table_has_one_name(tmp_path: Path, one: str, two: str, says: str) -> None:
    found = read(tmp_path, f"x_*: {one}", f"y_*: {{table: {two}}}", "z_*: other")
    assert refused(found) == [("bad_table", 1, 6), ("bad_table", 2, 14)]
    assert all(says in problem.detail.message for problem in found.errors)
    assert f"{two!r} (a.yaml:2)" in found.errors[0].detail.message
    assert [mapping.table for mapping in found.mappings] == ["other"]


def test_several_patterns_may_feed_one_table(tmp_path: Path) -> None:
    found = read(tmp_path, "x_*: {table: t, csv: {delimiter: ;}}", "y_*: t", "z_*: t")
    assert not found.errors
    assert [mapping.pattern for mapping in found.for_table("t")] == ["x_*", "y_*", "z_*"]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("schedule: hourly", "schedule: daily"),
        ("schedule: hourly", "schedule: continuous"),
        ("workers: 2", "workers: 3"),
        ("dbt: false", "dbt: true"),
        ("on_failed_file: continue", "on_failed_file: fail_run"),
        ("dag: {owner: x}", "dag: {owner: y}"),
        ("dag: {owner: x}", "dag: {}"),
    ],
)
def test_the_mappings_of_a_table_do_not_contradict_each_other(
    tmp_path: Path, one: str, two: str
) -> None:
    found = read(
        tmp_path, f"x_*: {{table: t, {one}}}", "y_*: t", f"z_*: {{table: t, {two}}}", "o_*: other"
    )
    key = one.partition(":")[0]
    assert refused(found) == [("contradiction", 1, 17), ("contradiction", 3, 17)]
    assert [problem.detail.key_path for problem in found.errors] == [key, key]
    assert "a.yaml:3" in found.errors[0].detail.message
    assert [mapping.pattern for mapping in found.mappings] == ["y_*", "o_*"]


def test_what_one_mapping_says_about_the_dag_holds_for_all_of_its_table(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "x_*: {table: t, schedule: '@hourly', workers: 3}",
        "y_*: {table: t, dag: {tags: [a]}, csv: {delimiter: ;}}",
        "z_*: {table: t, schedule: hourly, dag: {tags: ['a']}, dbt: false}",
        "o_*: other",
    )
    assert not found.errors
    for mapping in found.for_table("t"):
        assert (mapping.schedule, mapping.workers, mapping.dbt) == ("@hourly", 3, False)
        assert mapping.dag.tags == ("a",)
    assert [mapping.csv.delimiter for mapping in found.for_table("t")] == [",", ";", ","]
    assert found.for_table("other")[0].schedule is None


_LETTERS = st.sampled_from(["*", "a", "b", ".", ".go"])
_PATTERNS = (
    st.lists(_LETTERS, min_size=1, max_size=4)
    .map("".join)
    .filter(lambda text: not text.startswith("."))
)
_SETS_OF_PATTERNS = st.lists(_PATTERNS, min_size=2, max_size=8, unique=True)


@given(_SETS_OF_PATTERNS)
def test_exactly_the_patterns_that_meet_another_are_refused(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str]
) -> None:
    meeting = {
        pattern.text
        for one, two in combinations(map(Pattern.parse, texts), 2)
        if one.intersect(two) is not None
        for pattern in (one, two)
    }
    lines = [f"'{text}': t{i}" for i, text in enumerate(texts)]
    found = read(tmp_path_factory.mktemp("x"), *lines)
    assert {problem.detail.key_path for problem in found.errors} == meeting
    assert {mapping.pattern for mapping in found.mappings} == set(texts) - meeting


@given(
    st.lists(st.tuples(_PATTERNS, st.lists(_PATTERNS, max_size=3)), min_size=2, max_size=4),
    st.lists(st.text(alphabet="ab.go", min_size=1, max_size=6), max_size=50),
)
def test_no_name_belongs_to_two_accepted_mappings(
    tmp_path_factory: pytest.TempPathFactory,
    mappings: list[tuple[str, list[str]]],
    names: list[str],
) -> None:
    lines = [
        f"'{pattern}': {{table: t{i}, exclude: {excludes}}}"
        for i, (pattern, excludes) in enumerate(mappings)
    ]
    found = read(tmp_path_factory.mktemp("x"), *lines)
    for name in names:
        assert sum(mapping.matches(name) for mapping in found.mappings) <= 1


@pytest.mark.parametrize("count", [3, 30])
def test_each_pair_is_compared_whatever_the_order(tmp_path: Path, count: int) -> None:
    """A catch-all meets every other pattern, whose beginnings and ends have nothing in common."""
    lines = [f"{chr(97 + i % 26)}{i}_*.{i}: t{i}" for i in range(count)]
    for position in (0, count // 2, count):
        found = read(tmp_path, *lines[:position], "'*': all", *lines[position:])
        assert not found.mappings
        assert len(found.errors) == count + 1
