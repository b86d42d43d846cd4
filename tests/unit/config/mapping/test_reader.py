"""The whole reader on real files: what is refused, with which code, and where it points."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.mapping_trees import Tree, only, places

from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.config.mapping.written import MAX_FINDINGS
from airflow_landing_loader.config.yaml.parser import MAX_BYTES

EXAMPLES = Path(__file__).parents[4] / "include/config/tables"


def test_the_examples_are_read() -> None:
    found = read_mappings(EXAMPLES)
    assert not found.errors
    assert [(m.origin, m.pattern, m.table) for m in found.mappings] == [
        ("market_data/prices_and_rates.yaml:10", "eod_prices_*.csv", "raw_eod_prices"),
        ("market_data/prices_and_rates.yaml:20", "exchange_rates_*.csv", "raw_exchange_rates"),
        ("reference/instruments.yaml:4", "instruments_*.csv", "raw_instruments"),
        ("trading/positions.yaml:4", "positions_*.csv", "raw_positions"),
        ("trading/trades.yaml:4", "trades_*.csv", "raw_trades"),
    ]
    by_table = found.tables()
    assert list(by_table) == sorted(by_table)
    go_file = found.for_table("raw_trades")[0].go_file
    assert go_file is not None
    assert (go_file.pattern, go_file.format, go_file.row_count_key) == (
        "trades_*.go",
        "properties",
        "record_count",
    )
    go_file = found.for_table("raw_positions")[0].go_file
    assert go_file is not None
    assert (go_file.pattern, go_file.format, go_file.row_count_column) == (
        "positions_*.ctl",
        "csv",
        2,
    )
    trailer = found.for_table("raw_eod_prices")[0].trailer
    assert trailer is not None
    assert trailer.row_count_column == 1


def test_all_errors_of_all_files_at_once(tree: Tree) -> None:
    tree.write("x_*.csv: {table: raw x, dbt: no, csv: {header: 1, delimter: ;}}\ny_*.csv: 1")
    tree.write("z_*: [", "b/c.yml").write(
        "w_*.csv: {table: w, workers: -1, dag: {retry: 1}}", "d.yaml"
    )
    found = tree.read()
    assert [(p.detail.file, p.detail.code, p.table) for p in found.errors] == [
        ("a.yaml", "mapping.bad_table", None),
        ("a.yaml", "mapping.bad_value", None),
        ("a.yaml", "mapping.bad_value", None),
        ("a.yaml", "mapping.unknown_key", None),
        ("a.yaml", "mapping.bad_value", None),
        ("b/c.yml", "config.not_yaml", None),
        ("d.yaml", "mapping.bad_value", "w"),
        ("d.yaml", "mapping.unknown_key", "w"),
    ]
    assert list(found.problems_by_table()) == ["w"]
    assert [path.name for path in found.problems_without_table()] == ["a.yaml", "c.yml"]


def test_one_fault_is_told_once(tree: Tree) -> None:
    found = tree.write(
        "x_*.csv:\n  table: raw\n  go_file: {pattern: x_*.go, format: , row_count_key: ~}\n"
        "  trailer: {row_count_column: .inf}\n  csv: {columns: [_extra], header: false}\n"
    ).read()
    assert [place[3] for place in places(found)] == [
        "go_file.format",
        "go_file.row_count_key",
        "trailer.row_count_column",
        "csv.columns[0]",
    ]


def test_a_key_written_twice_hides_no_other_error_in_it(tree: Tree) -> None:
    found = tree.write("x_*: {table: raw, dbt: 1, dbt: true}").read()
    assert [place[:3] for place in places(found)] == [
        ("bad_value", 1, 24),
        ("config.duplicate_key", 1, 27),
    ]


def test_a_pattern_written_twice_is_refused_in_both_places(tree: Tree) -> None:
    found = tree.write("x_*: raw\ny_*: raw_y\n'x_*': raw_x").read()
    code = "config.duplicate_key"
    assert places(found) == [(code, 1, 1, "x_*"), (code, 3, 1, "x_*")]
    assert ["in line 3" in found.errors[0].detail.message, found.errors[1].table] == [True, "raw_x"]
    assert [mapping.table for mapping in found.mappings] == ["raw_y"]


def test_a_pattern_that_is_not_text_is_refused(tree: Tree) -> None:
    problem = only(tree.write("123: raw").read())
    assert problem.detail.code == "config.bad_value"
    assert problem.detail.hint == 'Put it in quotes: "123".'
    assert problem.table == "raw"


@pytest.mark.parametrize("text", ["- a\n- b", "just text", "5", "!mine {a: b}"])
def test_a_file_that_is_no_mapping_of_patterns(tree: Tree, text: str) -> None:
    detail = only(tree.write(text).read()).detail
    assert detail.code == "mapping.bad_value"
    assert (detail.line, detail.column) == (1, 1)
    assert "instruments_*.csv" in (detail.hint or "")


def test_bytes_that_are_not_text(tree: Tree) -> None:
    problem = only(tree.write(b"ok: x\ncaf\xe9_*.csv: raw").read())
    assert (problem.detail.code, problem.detail.line, problem.detail.column) == (
        "config.not_yaml",
        2,
        4,
    )
    assert problem.snippet == "    2 | caf\ufffd_*.csv: raw\n      |    ^"


def test_a_file_that_is_too_large(tree: Tree) -> None:
    tree.write("# " + "x" * MAX_BYTES).write("x_*: raw", "b.yaml")
    found = tree.read()
    assert only(found).detail.code == "config.unreadable"
    assert len(found.mappings) == 1


def test_a_file_of_errors_is_reported_up_to_a_limit(tree: Tree) -> None:
    keys = "".join(f"  k{i}: 1\n" for i in range(3 * MAX_FINDINGS))
    assert len(tree.write(f"x_*:\n  table: raw\n{keys}").read().errors) == MAX_FINDINGS
    nulls = "".join(f"  k{i}:\n" for i in range(3 * MAX_FINDINGS))
    assert len(tree.write(f"x_*:\n  table: raw\n{nulls}").read().errors) == MAX_FINDINGS


def test_an_alias_stands_for_a_value(tree: Tree) -> None:
    found = tree.write(
        "x_*: &x {table: raw_x, csv: &semicolon {delimiter: ;}}\n"
        "y_*: {table: raw_y, csv: *semicolon}\n"
    ).read()
    assert not found.errors
    assert {mapping.csv.delimiter for mapping in found.mappings} == {";"}


def test_files_that_say_nothing_are_fine_beside_others(tree: Tree) -> None:
    tree.write("").write("# later\n", "b.yaml").write("{}", "c.yaml").write("x: raw", "d.yaml")
    assert not tree.read().errors


def test_a_byte_order_mark_of_utf_8_changes_nothing(tree: Tree) -> None:
    tree.write(b"\xef\xbb\xbfx_*: {table: raw, dbt: 1}")
    assert places(tree.read()) == [("bad_value", 1, 24, "dbt")]


@pytest.mark.parametrize("files", [[], ["a.txt"], ["a.yaml"]])
def test_a_tree_without_mappings(tree: Tree, files: list[str]) -> None:
    for name in files:
        tree.write("# nothing", name)
    problem = only(tree.read())
    assert problem.detail.code == "mapping.none_found"
    assert (problem.path, problem.table) == (tree.root, None)
    assert problem.detail.file == str(tree.root)


def test_a_tree_that_is_not_there(tree: Tree) -> None:
    found = read_mappings(tree.root / "gone")
    assert only(found).detail.code == "config.unreadable"
    assert found.mappings == ()


def test_a_file_that_cannot_be_read(tree: Tree) -> None:
    tree.write("x_*: raw")
    (tree.root / "b.yaml").symlink_to("nowhere")
    found = tree.read()
    assert only(found).detail.code == "config.unreadable"
    assert only(found).path == tree.root / "b.yaml"
    assert len(found.mappings) == 1


def test_a_config_map_mount_is_read_once(tree: Tree) -> None:
    tree.write("x_*: raw_x", "..2026/x.yaml").write("y_*: raw_y", "..2026/y.yml")
    (tree.root / "..data").symlink_to("..2026")
    for name in ("x.yaml", "y.yml"):
        (tree.root / name).symlink_to(f"..data/{name}")
    found = tree.read()
    assert [mapping.origin for mapping in found.mappings] == ["x.yaml:1", "y.yml:1"]
    assert not found.errors


def test_the_same_tree_reads_equally_twice(tree: Tree) -> None:
    for name in ("b.yaml", "a/c.yaml", "a.yaml"):
        tree.write(f"{name[-6]}_*: raw_{name[-6]}\nbad_*: {{table: raw, x: 1}}", name)
    assert tree.read() == tree.read()
    assert [mapping.origin for mapping in tree.read().mappings] == [
        "a/c.yaml:1",
        "a.yaml:1",
        "b.yaml:1",
    ]


_KEYS = st.sampled_from(
    ["x_*", "table", "csv", "go_file", "pattern", "format", "dag", "exclude", "'*'", "<<", "1", "~"]
)
_VALUES = st.sampled_from(
    ["raw", "1", "[]", "{}", "[a, ~]", "!t x", "*a", "&a b", "", "{table: x}"]
)
_PAIRS = st.lists(st.tuples(_KEYS, _VALUES), max_size=6)


@given(st.lists(st.tuples(_KEYS, _PAIRS), max_size=4), st.binary(max_size=10))
def test_no_file_makes_the_reader_fail(
    tmp_path_factory: pytest.TempPathFactory,
    content: list[tuple[str, list[tuple[str, str]]]],
    tail: bytes,
) -> None:
    text = "".join(
        f"{key}:\n" + "".join(f"  {inner}: {value}\n" for inner, value in pairs)
        for key, pairs in content
    )
    tree = Tree(tmp_path_factory.mktemp("any"))
    for name, data in (("a.yaml", text.encode()), ("b.yaml", text.encode() + tail)):
        found = tree.write(data, name).read()
        assert found.mappings or found.errors
        for problem in found.errors:
            assert problem.render()
            assert problem.detail.hint is not None or problem.detail.message


@pytest.mark.parametrize("text", ["a_*: [", "a_*:\n  ? table", "a_*: t\nb", "a_*: {table"])
def test_no_problem_stands_behind_the_end_of_the_file(tree: Tree, text: str) -> None:
    lines = text.split("\n")
    for problem in tree.write(text).read().errors:
        assert problem.detail.line is not None
        assert 1 <= problem.detail.line <= len(lines)
        assert int(problem.detail.column or 0) <= len(lines[problem.detail.line - 1]) + 1
    assert tree.read().errors
