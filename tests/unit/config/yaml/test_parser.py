"""YAML as positions and values: what plain scalars mean, and what is refused where."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yaml import SafeLoader

from airflow_landing_loader.config.yaml import parser
from airflow_landing_loader.config.yaml.nodes import (
    ListNode,
    MapNode,
    Node,
    Place,
    ScalarNode,
    plain,
)
from airflow_landing_loader.config.yaml.parser import MAX_NODES, decode, lines_of, parse
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, ErrorDetail


@pytest.fixture(params=["with libyaml", "without libyaml"], autouse=True)
def _both_parsers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "without libyaml":
        monkeypatch.setattr(parser, "_EventParser", SafeLoader)


def value_of(text: str) -> object:
    node = parse(f"key: {text}\n")
    assert isinstance(node, MapNode)
    return plain(node)["key"]


def fault_of(text: str) -> tuple[ErrorCode, str]:
    node = parse(text)
    assert isinstance(node, MapNode)
    pair = node.pairs[-1]
    fault = pair.fault or pair.value.fault
    assert fault is not None
    assert fault.hint
    return fault.code, fault.message


def refusal_of(text: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as error:
        parse(text)
    assert error.value.code is ErrorCode.CONFIG_NOT_YAML
    assert error.value.detail.hint
    return error.value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("2024-01-15", "2024-01-15"),
        ("2024-01-15 10:00:00", "2024-01-15 10:00:00"),
        ("1:30", "1:30"),
        ("190:20:30", "190:20:30"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("=", "="),
        ("nan", "nan"),
        ("1e", "1e"),
        ("--1", "--1"),
        ("1.2.3", "1.2.3"),
        ("\u0661\u0662", "\u0661\u0662"),  # digits, but not the ASCII ones
        ("true", True),
        ("TRUE", True),
        ("False", False),
        ("tRUE", "tRUE"),
        ("012", 12),
        ("0o14", 12),
        ("0x1F", 31),
        ("-7", -7),
        ("+7", 7),
        ("2.50", 2.5),
        ("-.5", -0.5),
        ("1e3", 1000.0),
        ("1.", 1.0),
        ("'1'", "1"),
        ('"true"', "true"),
        ('"\\t"', "\t"),
        ("'\\t'", "\\t"),
        ("!!str 1", "1"),
        ("! 1", "1"),
        ("!!int '1'", 1),
        ("!!float '1.5'", 1.5),
        ("!!bool 'true'", True),
        ("[a, 1, [true]]", ["a", 1, [True]]),
        ("{a: {b: 1}}", {"a": {"b": 1}}),
        ("|\n  two\n  lines", "two\nlines\n"),
        ("[&a x, *a]", ["x", "x"]),
    ],
)
def test_values_are_those_of_the_core_schema(text: str, value: object) -> None:
    found = value_of(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("a:", "config.bad_value", "no value"),
        ("a: ~", "config.bad_value", "no value"),
        ("a: NULL", "config.bad_value", "no value"),
        ("a: .inf", "config.bad_value", "finite"),
        ("a: -.INF", "config.bad_value", "finite"),
        ("a: .nan", "config.bad_value", "finite"),
        ("a: 1e999", "config.bad_value", "finite"),
        ("a: " + "1" * 5000, "config.bad_value", "too long"),
        ("a: 0." + "1" * 5000, "config.bad_value", "too long"),
        ('a: "x\\0"', "config.bad_value", "NUL"),
        ("a: !mine x", "config.bad_value", "tag !mine"),
        ("a: !!python/name:os.system x", "config.bad_value", "python/name"),
        ("a: !!python/object/apply:os.system [x]", "config.bad_value", "python/object"),
        ("a: !!set {x}", "config.bad_value", "set"),
        ("a: !!binary aGk=", "config.bad_value", "binary"),
        ("a: !!timestamp 2024-01-15", "config.bad_value", "timestamp"),
        ("a: !!int x", "config.bad_value", "int"),
        ("a: !!map [x]", "config.bad_value", "map"),
        ("1: a", "config.bad_value", "'1' is not text"),
        ("true: a", "config.bad_value", "'true' is not text"),
        ("null: a", "config.bad_value", "'null' is not text"),
        ("?\n: a", "config.bad_value", "'' is not text"),
        ("[x]: a", "config.bad_value", "must be text"),
        ("? {x: y}\n: a", "config.bad_value", "must be text"),
        ("a: 1\nb: 2\na: 3", "config.duplicate_key", "first is in line 1"),
        ("a: 1\n'a': 3", "config.duplicate_key", "first is in line 1"),
        ("a: &x {b: 1}\n<<: *x", "config.bad_value", "Merge keys"),
    ],
)
def test_faults_stay_with_their_key(text: str, code: str, says: str) -> None:
    found, message = fault_of(text)
    assert (found, says in message) == (ErrorCode(code), True), message


def test_a_fault_leaves_the_rest_readable() -> None:
    node = parse("a: 1\n2: x\nb: !x [1]\nc: {d: ~, e: [1, ~]}\na: 9\n")
    assert node is not None
    assert plain(node) == {"a": 1, "b": None, "c": {"d": None, "e": [1, None]}}


def test_every_key_and_value_knows_its_place() -> None:
    node = parse("# first\nx_*.csv:\n  table: raw   # here\n  exclude:\n    - é日*\n    - {a: b}\n")
    assert isinstance(node, MapNode)
    pair = node.pairs[0]
    assert (pair.place, pair.value.place) == (Place(2, 1), Place(3, 3))
    assert isinstance(pair.value, MapNode)
    table, exclude = pair.value.pairs
    assert (table.place, table.value.place) == (Place(3, 3), Place(3, 10))
    assert isinstance(exclude.value, ListNode)
    first, second = exclude.value.items
    assert isinstance(first, ScalarNode)
    assert (first.place, first.text) == (Place(5, 7), "é日*")
    assert isinstance(second, MapNode)
    assert second.pairs[0].value.place == Place(6, 11)


def test_columns_count_characters_not_bytes() -> None:
    node = parse("{日本: {x: y}}")
    assert isinstance(node, MapNode)
    assert node.pairs[0].value.place == Place(1, 6)


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment\n", "---\n", "~", "---\n...\n"])
def test_nothing_is_no_node(text: str) -> None:
    assert parse(text) is None


def test_a_document_marker_is_allowed() -> None:
    node = parse("%YAML 1.2\n---\na: b\n...\n")
    assert node is not None
    assert plain(node) == {"a": "b"}


@pytest.mark.parametrize(
    ("text", "line", "column", "says"),
    [
        ("a: b: c", 1, 5, "not allowed"),
        ("a: 1\n  b: 2", 2, 4, "not allowed"),
        ("b: 1\na: [1,\nb: 2\nc: 3", 2, 4, ""),
        ("a: {x: 1\nb: 2", 1, 4, ""),
        ("a: 'x\n\nb: 1\n", 1, 4, "end of stream"),
        ("a: {x: 1 y: 2}", 1, 11, "',' or '}'"),
        ("a: 'x", 1, 6, "end of stream"),
        ("a: 1\nb", 2, 1, "could not find expected ':'"),
        ("a: 1\nb\nc: 2\n", 2, 1, "could not find expected ':'"),
        ("a\n---\nb", 2, 1, "more than one YAML document"),
        ("a: 1\n...\n---\nb: 2", 3, 1, "more than one YAML document"),
        ("a: *b", 1, 4, "refers to nothing"),
        ("*b: a", 1, 1, "refers to nothing"),
        ("&a [*a]", 1, 5, "refers to nothing"),
        ("a: &x {b: *x}", 1, 11, "refers to nothing"),
        ("a: x\x07y", 1, 5, "control character U+0007"),
        ("ok: 1\n\x00", 2, 1, "control character U+0000"),
        ("x: \ufffe", 1, 4, "control character U+FFFE"),
    ],
)
def test_a_file_that_is_not_yaml(text: str, line: int, column: int, says: str) -> None:
    detail = refusal_of(text).detail
    assert says in detail.message
    assert (detail.line, detail.column) == (line, column)


@pytest.mark.parametrize(
    ("text", "column", "hint"),
    [
        ("*.csv: raw", 1, "begins with * must be in quotes"),
        ("x: [*_test.csv]", 5, "begins with * must be in quotes"),
        ("*all: raw", 1, "begins with * must be in quotes"),
        ("x: @hourly", 4, "begins with @ must be in quotes"),
        ("x: `y`", 4, "begins with ` must be in quotes"),
        ("x: %y", 4, "begins with % must be in quotes"),
        ("x:\n\ttable: y", 1, "spaces"),
        ("a: 1\nx", 1, "needs a colon"),
    ],
)
def test_the_usual_slips_are_named(text: str, column: int, hint: str) -> None:
    detail = refusal_of(text).detail
    assert detail.column == column
    assert hint in (detail.hint or "")


@pytest.mark.parametrize("text", ["[" * 300_000, "{" * 50_000, "- " * 50_000, "? " * 50_000])
def test_deep_nesting_is_refused_before_it_costs_anything(text: str) -> None:
    assert "levels" in refusal_of(text).detail.message


def test_an_alias_bomb_is_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 12)
    )
    detail = refusal_of(bomb).detail
    assert str(MAX_NODES) in detail.message
    assert detail.line == 6  # with the first lines' 9 + 9^2 + ... + 9^5 values


@pytest.mark.parametrize(
    ("data", "line", "column"),
    [
        (b"caf\xe9: x", 1, 4),
        ("ä: b\nö: ".encode() + b"\xff", 2, 4),
        ("a: b".encode("utf-16"), 1, 1),
        ("a: b".encode("utf-16-le") + b"\xd8\x00", 1, 9),
        (b"\xef\xbb\xbfa\xff", 1, 2),
    ],
)
def test_only_utf_8_is_read(data: bytes, line: int, column: int) -> None:
    with pytest.raises(ConfigurationError) as error:
        parse(decode(data))
    assert error.value.code is ErrorCode.CONFIG_NOT_YAML
    if b"\x00" not in data:
        assert (error.value.detail.line, error.value.detail.column) == (line, column)


def test_a_utf_8_byte_order_mark_is_dropped() -> None:
    node = parse(decode("\ufeffa: b".encode()))
    assert isinstance(node, MapNode)
    assert node.pairs[0].place == Place(1, 1)
    assert plain(node) == {"a": "b"}


@given(st.lists(st.sampled_from(["\r", "\n", "\r\n", "\x85", "\u2028", "\u2029"])))
def test_lines_are_counted_as_the_parser_counts_them(breaks: list[str]) -> None:
    text = "".join(f"#{end}" for end in breaks) + "key: value"
    node = parse(text)
    assert isinstance(node, MapNode)
    assert lines_of(text)[node.pairs[0].place.line - 1] == "key: value"


_FRAGMENTS = st.sampled_from(
    [
        "a",
        "*",
        "&a ",
        "*a",
        "!!int ",
        "!x ",
        ": ",
        "\n",
        "  ",
        "- ",
        "[",
        "]",
        "{",
        "}",
        ",",
        "'",
        '"',
        ">",
        "#",
        "\n---\n",
        "? ",
        "<<",
        "1",
        "~",
        "\t",
        "%",
        "@",
        "\\",
        "é",
        "\ud7ff",
    ]
)


def outcome(data: bytes) -> ErrorDetail | Node | None:
    try:
        return parse(decode(data))
    except ConfigurationError as error:
        return error.detail


@settings(max_examples=300)
@given(st.one_of(st.text(max_size=60), st.lists(_FRAGMENTS, max_size=25).map("".join)))
def test_any_text_gives_a_tree_or_one_explained_error(text: str) -> None:
    found = outcome(text.encode("utf-8", "replace"))
    if isinstance(found, ErrorDetail):
        assert found.code == "config.not_yaml"
        assert found.line is not None
        assert isinstance(found.column, int)
        assert found.hint
    elif found is not None:
        plain(found)


@given(st.binary(max_size=60))
def test_any_bytes_give_a_tree_or_one_explained_error(data: bytes) -> None:
    found = outcome(data)
    assert not isinstance(found, ErrorDetail) or found.code == "config.not_yaml"
