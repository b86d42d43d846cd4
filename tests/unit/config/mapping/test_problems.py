"""One problem of a mapping: its code, where it points, and what is said to do."""

from __future__ import annotations

import pytest
from tests.support.mapping_trees import Tree, only, places


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x_*: 5", ("bad_value", 1, 6, "x_*")),
        ("x_*: [raw]", ("bad_value", 1, 6, "x_*")),
        ("x_*:", ("bad_value", 1, 5, "x_*")),
        ("x_*: true", ("bad_value", 1, 6, "x_*")),
        ("x_*: {}", ("missing_key", 1, 1, "table")),
        ("x_*: {tabel: raw}", ("unknown_key", 1, 7, "tabel")),
        ("x_*: {table: raw, tabel: x}", ("unknown_key", 1, 19, "tabel")),
        ("x_*: {table: raw, pattern: y}", ("unknown_key", 1, 19, "pattern")),
        ("x_*: {table: raw, origin: y}", ("unknown_key", 1, 19, "origin")),
        ("x_*: {table: raw, strategy: y}", ("reserved_key", 1, 19, "strategy")),
        ("environments: {table: raw}", ("reserved_key", 1, 1, "environments")),
        ("x_*: {table: raw, <<: {dbt: true}}", ("config.bad_value", 1, 19, "<<")),
        ("x_*: {table: raw, table: raw2}", ("config.duplicate_key", 1, 19, "table")),
        ("x_*: {table: raw, 1: y}", ("config.bad_value", 1, 19, "1")),
        ("x_*: {table: raw, trailer: }", ("config.bad_value", 1, 28, "trailer")),
        ("x_*: {table: raw, exclude: [a, ~]}", ("config.bad_value", 1, 32, "exclude[1]")),
        ("x_*: {table: raw, csv: {delimiter: 1}}", ("bad_value", 1, 36, "csv.delimiter")),
        ("x_*: {table: !t raw}", ("config.bad_value", 1, 14, "table")),
        ("x_*: raw table", ("bad_table", 1, 6, "table")),
        ("x_*: load_metadata", ("bad_table", 1, 6, "table")),
        ("x_*:\n  table: a.b.c", ("bad_table", 2, 10, "table")),
        ('"": raw', ("bad_pattern", 1, 1, "")),
        ("a/x_*: raw", ("bad_pattern", 1, 1, "a/x_*")),
        ("/x_*: raw", ("bad_pattern", 1, 1, "/x_*")),
        ("..: raw", ("bad_pattern", 1, 1, "..")),
        ("x.tmp: raw", ("bad_pattern", 1, 1, "x.tmp")),
        (
            "x_*.csv: {table: raw, go_file: {pattern: x_*.go, format: properties}}",
            ("missing_key", 1, 23, "go_file.row_count_key"),
        ),
        (
            "x_*.csv: {table: raw, go_file: {pattern: x.go, format: csv, row_count_column: 1}}",
            ("bad_pattern", 1, 42, "go_file.pattern"),
        ),
        (
            "x_*.csv:\n  table: raw\n  csv:\n    quote: '|'\n    delimiter: '|'",
            ("contradiction", 5, 16, "csv.delimiter"),
        ),
        ("x_*: {table: raw, csv: {delimiter: '\"'}}", ("contradiction", 1, 36, "csv.delimiter")),
        ("x_*: {table: raw, csv: {header: false}}", ("missing_key", 1, 19, "csv.columns")),
        ("x_*: {table: raw, schedule: 1 2 3}", ("bad_value", 1, 29, "schedule")),
        ("x_*: {table: raw, max_rejected: 1}", ("bad_value", 1, 33, "max_rejected")),
        ("x_*: {table: raw, max_rejected: .nan}", ("config.bad_value", 1, 33, "max_rejected")),
        ("x_*: {table: raw, on_duplicate: no}", ("bad_value", 1, 33, "on_duplicate")),
        ("# c\n\nx_*: {table: raw,\n  dbt: 1}", ("bad_value", 4, 8, "dbt")),
        ("'x_{a}{b}': raw", ("bad_pattern", 1, 1, "x_{a}{b}")),
        (
            "'x_{a}.csv': {table: raw, identity: {key: [a, day]}}",
            ("unknown_part", 1, 43, "identity.key"),
        ),
        (
            "'x_{a}.csv': {table: raw, add_columns: {c: '{day}'}}",
            ("unknown_part", 1, 44, "add_columns.c"),
        ),
        (
            "'x_{a}.csv': {table: raw, archive_layout: '{day}'}",
            ("unknown_part", 1, 43, "archive_layout"),
        ),
        (
            "'x_{a}.csv': {table: raw, identity: {content: true, key: [a]}}",
            ("contradiction", 1, 58, "identity.key"),
        ),
        (
            "'x_{n}.csv': {table: raw, sequence: {part: n}}",
            ("contradiction", 1, 44, "sequence.part"),
        ),
        (
            "'x_{n:0d}.csv': {table: raw, sequence: {part: n}, identity: content}",
            ("contradiction", 1, 61, "identity"),
        ),
        (
            "'x_{n:0d}.csv': {table: raw, sequence: {part: n, by: [n]}}",
            ("bad_value", 1, 54, "sequence.by"),
        ),
        (
            "'x_{r}.csv': {table: raw, expect: {by: '07:00', date_part: r}}",
            ("contradiction", 1, 60, "expect.date_part"),
        ),
        (
            "x_*.csv: {table: raw, expect: {by: '07:00', files: {r: [EU]}}}",
            ("unknown_part", 1, 52, "expect.files"),
        ),
        (
            "x_*.csv: {table: raw, expect: {by: '07:00', due: next_day}}",
            ("contradiction", 1, 50, "expect.due"),
        ),
        ("x_*: {table: raw, identity: keys}", ("bad_value", 1, 29, "identity")),
        ("x_*: {table: raw, identity: {kay: [a]}}", ("unknown_key", 1, 30, "identity.kay")),
        (
            "x_*: {table: raw, add_columns: {_load_id: a}}",
            ("bad_value", 1, 43, "add_columns._load_id"),
        ),
        ("x_*: {table: raw, types: {c: BIGINT); --}}", ("bad_value", 1, 30, "types.c")),
        ("x_*: {table: raw, types: {c: 'DECIMAL(2,3)'}}", ("bad_value", 1, 30, "types.c")),
        ("x_*: {table: raw, types: {_extra: DATE}}", ("bad_value", 1, 35, "types._extra")),
        ("x_*: {table: raw, types: {c: DATE, C: DATE}}", ("contradiction", 1, 26, "types")),
        (
            "x_*: {table: raw, quality: {fail_below: 101}}",
            ("bad_value", 1, 41, "quality.fail_below"),
        ),
        ("x_*: {table: raw, quality: {unique: [[]]}}", ("bad_value", 1, 38, "quality.unique[0]")),
        ("x_*: {table: raw, quality: {unique: [1]}}", ("bad_value", 1, 38, "quality.unique[0]")),
        ("x_*: {table: raw, quality: {require: [a]}}", ("unknown_key", 1, 29, "quality.require")),
        (
            "x_*: {table: raw, quality: {required: [a, A]}}",
            ("contradiction", 1, 39, "quality.required"),
        ),
        ("x_*: {table: raw, quality: {types: {a: INT}}}", ("bad_value", 1, 40, "quality.types.a")),
        ("x_*: {table: raw, add_columns: {c: 1}}", ("bad_value", 1, 36, "add_columns.c")),
        ("x_*: {table: raw, add_columns: {c: '{'}}", ("bad_value", 1, 36, "add_columns.c")),
    ],
)
def test_one_problem_where_it_stands(
    tree: Tree, text: str, expected: tuple[str, int, int, str]
) -> None:
    found = tree.write(f"{text}\nok_*.csv: raw_ok\n").read()
    assert places(found) == [expected]
    assert [mapping.table for mapping in found.mappings] == ["raw_ok"]
    problem = only(found)
    assert problem.path == tree.root / "a.yaml"
    assert problem.detail.file == "a.yaml"
    line, caret = problem.snippet.split("\n")
    assert line == f"{expected[1]:>5} | {text.splitlines()[expected[1] - 1]}"
    assert caret.index("^") == expected[2] + 7


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("go_fil: {}", "'go_fil' is not a key of a mapping.", "Did you mean 'go_file'?"),
        ("delimiter: x", "is not a key of a mapping", "under go_file or under csv"),
        ("row_count_column: 1", "is not a key", "under go_file or under trailer"),
        ("csv: {table: x}", "is not a key of csv", "table belongs beside table."),
        ("pattern: x", "is not a key", "the key that this mapping stands under"),
        ("zebra: x", "is not a key of a mapping. Allowed: table, ignore_case, go_file", None),
        ("format: csv", "reserved for a later release", "Remove it."),
        ("on_bad_row: rejct", "Allowed: fail, reject.", "Did you mean 'reject'?"),
        ("on_bad_row: [a]", "is a list. Allowed: fail, reject.", None),
        ("dbt: yes", "must be true or false, but is the text 'yes'", "Write true."),
        ("dbt: 'false'", "must be true or false, but is the text 'false'", "Write false."),
        ("dbt: 0", "but is the number 0", None),
        ("csv: {delimiter: 1}", "must be text, but is the number 1", 'Put it in quotes: "1".'),
        ("csv: {quote: no}", "'no' is not a quote", None),
        ("csv: {delimiter: \\t}", "is not a delimiter", 'A tab is written "\\t"'),
        ("csv: {null_values: [-999]}", "must be text, but is the number -999", '"-999"'),
        ("csv: {null_values: [true]}", "must be text, but is true", '"true"'),
        ("csv: {null_values: [[]]}", "must be text, but is a list", None),
        ("csv: {columns: [], header: false}", "at least 1 item", None),
        ("csv: x", "must hold keys, but is the text 'x'. Allowed: auto, delimiter", "below it"),
        ("csv: {encoding: utf9}", "Known are the character sets", "docs/mappings.md"),
        ("exclude: x_*", "must be a list, but is the text 'x_*'", "Write a list: [x_*]."),
        ("exclude: {a: b}", "must be a list, but is a mapping of keys", "Write a list"),
        ("workers: '4'", "must be a whole number, but is the text '4'", "without quotes"),
        ("workers: four", "must be a whole number, but is the text 'four'", None),
        ("workers: 0", "must be at least 1, but is the number 0", None),
        ("workers: 1_0", "must be a whole number, but is the text '1_0'", None),
        ("grace_seconds: 1e9", "must be at most 604800, but is the number 1e9", None),
        ("max_rejected: 1", "must be less than 1, but is the number 1", None),
        ("settle_seconds: soon", "must be a number, but is the text 'soon'", None),
        ("dag: {owner: ''}", "must have at least 1 character", None),
        (f"dag: {{tags: [{'x' * 101}]}}", "must have at most 100 character", None),
        ("trailer: {tag: X}", "A trailer needs row_count_column", "Add row_count_column: 1"),
        ("go_file: {}", "pattern is missing in go_file", "Add pattern: trades_*.go."),
    ],
)
def test_messages_say_what_is_allowed_and_what_was_meant(
    tree: Tree, text: str, message: str, hint: str | None
) -> None:
    found = tree.write(f"x_*.csv:\n  table: raw\n  {text}\n").read()
    detail = found.errors[0].detail
    assert message in detail.message
    assert (detail.hint is None) == (hint is None), detail.hint
    assert hint is None or hint in (detail.hint or "")


@pytest.mark.parametrize(
    ("value", "tag"),
    [
        ("no", "no"),
        ("off", "off"),
        ("'007'", "007"),
        ("2024-01-15", "2024-01-15"),
        ("false", False),
    ],
)
def test_text_stays_the_text_that_was_written(tree: Tree, value: str, tag: object) -> None:
    found = tree.write(
        f"on: raw\nx_*: {{table: raw2, trailer: {{row_count_column: 1, tag: {value}}}}}"
    ).read()
    assert not found.errors
    trailer = found.mappings[1].trailer
    assert trailer is not None
    assert trailer.tag == tag
    assert found.mappings[0].pattern == "on"
