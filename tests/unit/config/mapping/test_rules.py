"""Rules about single values, and that the shared expressions mean the same to ECMA and Python."""

from __future__ import annotations

import codecs
import encodings as python_encodings
import pkgutil
import re

import pytest
from croniter import croniter
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from airflow_landing_loader.config.mapping import column_names, encodings, rules
from airflow_landing_loader.config.schedule import CRON_PATTERN, check_schedule
from airflow_landing_loader.config.yaml import values


def refusal(check: object, text: str) -> tuple[str, str, str | None]:
    """Code, message and hint with which ``check`` refuses ``text``."""
    assert callable(check)
    with pytest.raises(PydanticCustomError) as error:
        check(text)
    context = error.value.context
    assert context is not None
    return error.value.type, error.value.message(), context["hint"]


@pytest.mark.parametrize(
    "name",
    ["raw_trades", "T", "_x", "staging.raw_trades", "a" * 128, "s." + "a" * 126, "metadata"],
)
def test_tables(name: str) -> None:
    assert rules.check_table(name) == name


@pytest.mark.parametrize(
    ("name", "says", "hint"),
    [
        ("", "not a table name", None),
        ("raw trades", "not a table name", "'raw_trades'"),
        ("raw-trades", "not a table name", "'raw_trades'"),
        ("1st", "not a table name", None),
        ("a.b.c", "not a table name", None),
        ("a.", "not a table name", "'a'"),
        (".a", "not a table name", "'a'"),
        ("raw_trades\n", "not a table name", "'raw_trades'"),
        ("täble", "not a table name", "'t_ble'"),
        ('a"; DROP TABLE x; --', "not a table name", None),
        ("a" * 129, "129 characters", None),
        ("load_metadata", "own tables", "another"),
        ("LOAD_Rejects", "own tables", "another"),
        ("main.load_deliveries", "own tables", "another"),
        ("x.load_dbt_runs", "own tables", "another"),
        ("x.load_columns", "own tables", "another"),
        ("broken__x", "broken mapping file", "neither"),
        ("Broken.x", "broken mapping file", "neither"),
        ("broken__x.y", "broken mapping file", "neither"),
        ("information_schema.t", "belongs to the warehouse", "another"),
        ("PG_Catalog.t", "belongs to the warehouse", "another"),
        ("temp.t", "belongs to the warehouse", "another"),
    ],
)
def test_bad_tables(name: str, says: str, hint: str | None) -> None:
    code, message, found_hint = refusal(rules.check_table, name)
    assert code == "mapping.bad_table"
    assert says in message
    if hint:
        assert hint in (found_hint or "")


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("utf-8", "utf-8"),
        ("UTF8", "utf-8"),
        ("Utf_8", "utf-8"),
        ("utf16", "utf-16"),
        ("UTF-16LE", "utf-16-le"),
        ("utf_16_be", "utf-16-be"),
        ("latin1", "latin-1"),
        ("ISO-8859-1", "latin-1"),
        ("iso8859_1", "latin-1"),
        ("cp1252", "windows-1252"),
        ("Windows-1252", "windows-1252"),
        ("latin9", "iso-8859-15"),
        ("ISO-8859-15", "iso-8859-15"),
    ],
)
def test_encodings(spelling: str, name: str) -> None:
    assert encodings.check_encoding(spelling) == name
    assert encodings.check_encoding(name) == name
    assert codecs.lookup(spelling).name == codecs.lookup(name).name


@pytest.mark.parametrize(
    ("spelling", "hint"),
    [
        ("utf-88", "docs/mappings.md"),
        ("windows-1259", "docs/mappings.md"),
        ("iso-8859-12", "docs/mappings.md"),
        ("", "docs/mappings.md"),
        ("base64", "docs/mappings.md"),
        ("rot13", "docs/mappings.md"),
        ("idna", "docs/mappings.md"),
        ("punycode", "docs/mappings.md"),
        ("unicode_escape", "docs/mappings.md"),
        ("raw_unicode_escape", "docs/mappings.md"),
        ("mbcs", "docs/mappings.md"),
        ("zlib", "docs/mappings.md"),
        ("utf-7", "stream"),
        ("cp1048", "docs/mappings.md"),
    ],
)
def test_what_is_no_encoding_is_refused_without_a_guess(spelling: str, hint: str) -> None:
    code, message, found = refusal(encodings.check_encoding, spelling)
    assert code == "mapping.bad_value"
    assert repr(spelling) in message
    assert hint in (found or "")
    assert "id you mean" not in message + (found or "")


def test_every_character_set_of_python_is_known_by_all_its_names() -> None:
    beside = {
        "aliases", "charmap", "undefined", "mbcs", "oem", "utf_7", "idna", "punycode",
        "unicode_escape", "raw_unicode_escape", "rot_13",
    }  # fmt: skip
    modules = {found.name for found in pkgutil.iter_modules(python_encodings.__path__)}
    for module in modules - beside:
        if not module.endswith("_codec"):
            assert encodings.known_encoding(module) is not None, module
    for alias in python_encodings.aliases.aliases:
        known = encodings.known_encoding(alias)
        if known is not None:
            same = codecs.lookup(alias).name.removesuffix("-sig")
            assert codecs.lookup(known).name == same, alias


@pytest.mark.parametrize(
    ("text", "schedule"),
    [
        ("continuous", None),
        ("@continuous", None),
        ("hourly", "@hourly"),
        ("@daily", "@daily"),
        ("@once", "@once"),
        ("*/15 6-20 * * MON-FRI", "*/15 6-20 * * MON-FRI"),
        ("0  6  *  *  *", "0  6  *  *  *"),
        ("0 0 L * *", "0 0 L * *"),
        ("0 0 29 2 *", "0 0 29 2 *"),
        ("0 0 31 4,5 *", "0 0 31 4,5 *"),
        ("0 0 31 2 MON", "0 0 31 2 MON"),
    ],
)
def test_schedules(text: str, schedule: str | None) -> None:
    assert check_schedule(text) == schedule


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "not a schedule"),
        ("@yearly", "not a schedule"),
        ("Daily", "not a schedule"),
        ("* * * *", "not a schedule"),
        ("* * * * * *", "not a schedule"),
        ("60 * * * *", "not a schedule"),
        ("* 24 * * *", "not a schedule"),
        ("* * 32 * *", "not a schedule"),
        ("* * 0 * *", "not a schedule"),
        ("* * * 13 *", "not a schedule"),
        ("* * * * 8", "not a schedule"),
        ("*/0 * * * *", "not a schedule"),
        (" * * * * *", "not a schedule"),
        ("* * * * *\n", "not a schedule"),
        ("0 0 * * MON#1", "not a schedule"),
        ("0 0 30 2 *", "no month has"),
        ("0 0 31 2,4,6,9,11 *", "no month has"),
        ("0 0 30,31 02 *", "no month has"),
    ],
)
def test_bad_schedules(text: str, says: str) -> None:
    code, message, hint = refusal(check_schedule, text)
    assert code == "mapping.bad_value"
    assert says in message
    assert hint


@given(st.from_regex(re.compile(CRON_PATTERN.replace("$", r"\Z"))))
def test_what_is_accepted_as_cron_is_cron_to_airflow(cron: str) -> None:
    assert croniter.is_valid(cron)
    try:
        check_schedule(cron)
    except PydanticCustomError:
        return  # a day that no month has
    croniter(cron, 0.0).get_next(float)


@pytest.mark.parametrize(
    "layout",
    [
        "",
        "{table}/{yyyy}/{mm}/{dd}",
        "{table}",
        "{region}/{yyyy}",
        "x y/{yyyy}-{mm}",
        "a.b",
        "*",
        "é/{dd}{mm}",
        "a..b",
    ],
)
def test_layouts(layout: str) -> None:
    assert rules.check_archive_layout(layout) == layout


@pytest.mark.parametrize(
    "layout",
    [
        "/",
        "/{table}",
        "{table}/",
        "a//b",
        "..",
        "a/../b",
        ".",
        "./a",
        ".hidden",
        "a/.b",
        "{table",
        "table}",
        "{}",
        "{{table}}",
        "a\\b",
        "a\nb",
        "{yyyy:04}",
        "a\x00",
    ],
)
def test_bad_layouts(layout: str) -> None:
    code, message, hint = refusal(rules.check_archive_layout, layout)
    assert code == "mapping.bad_value"
    assert "{table}, {yyyy}, {mm}, {dd}" in message
    assert hint


@pytest.mark.parametrize(
    "text", [",", ";", "\t", "|", "||", "|~|~", "\x1f", "¬", "\u20ac", " ", "\\"]
)
def test_delimiters(text: str) -> None:
    assert rules.check_delimiter(text) == text
    assert len(text.encode()) <= 4


@pytest.mark.parametrize("text", ["", "|||||", "\n", ",\r", "\0", "¬¬", "\\t", "|¬"])
def test_bad_delimiters(text: str) -> None:
    code, _, hint = refusal(rules.check_delimiter, text)
    assert code == "mapping.bad_value"
    assert (hint is not None) == (text == "\\t")


@pytest.mark.parametrize("text", ["''", "\n", " ", "\t", "«", "\0"])
def test_bad_quotes_and_escapes(text: str) -> None:
    assert refusal(rules.check_quote, text)[0] == "mapping.bad_value"
    assert refusal(rules.check_escape, text)[0] == "mapping.bad_value"


def test_quotes_and_escapes() -> None:
    assert [rules.check_quote(text) for text in ('"', "'", "")] == ['"', "'", ""]
    assert [rules.check_escape(text) for text in ("\\", '"')] == ["\\", '"']
    assert refusal(rules.check_escape, "")[0] == "mapping.bad_value"


@pytest.mark.parametrize("name", ["", "  ", "_load_id", " _Extra", "\n", "\u200b"])
def test_bad_column_names(name: str) -> None:
    assert refusal(column_names.check_column_name, name)[0] == "mapping.bad_value"


@pytest.mark.parametrize(
    "names", [("a", "A"), ("a", " a "), ("é", "e\u0301"), ("straße", "STRASSE"), ("a", "\ufeffa")]
)
def test_columns_that_are_one_to_a_warehouse(names: tuple[str, ...]) -> None:
    assert refusal(column_names.check_different, names)[0] == "mapping.contradiction"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "allowed", "guess"),
    [
        ("patern", ("pattern", "format"), "Did you mean 'pattern'?"),
        ("go-file", ("go_file",), "Did you mean 'go_file'?"),
        ("Row Count Key", ("row_count_key",), "Did you mean 'row_count_key'?"),
        ("zebra", ("pattern", "format"), None),
        ("", ("pattern",), None),
    ],
)
def test_guesses(written: str, allowed: tuple[str, ...], guess: str | None) -> None:
    assert values.did_you_mean(written, allowed) == guess
