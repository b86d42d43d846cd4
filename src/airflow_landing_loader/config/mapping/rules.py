"""What single values may look like: table names, schedules, archive layouts, dialects.

Every rule exists once. Where it can be said as a regular expression, the expression is written in
the part of the syntax that Python and JSON Schema (ECMA-262) share, so that models and schema use
the same one.
"""

from __future__ import annotations

import re
from typing import Any

from airflow_landing_loader.config.mapping import own_tables
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.mapping.patterns.reading import MAX_PATTERN_LENGTH, PLACEHOLDERS
from airflow_landing_loader.config.yaml.values import any_case, matches, pattern_schema, refusal
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

MAX_TABLE_LENGTH = 128
CLOSED_SCHEMAS = ("information_schema", "pg_catalog", "temp", "system")
"""Schemas of the warehouses themselves; DuckDB reads ``temp.x`` and ``system.x`` as databases."""


_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
TABLE_PATTERN = rf"^(?:{_IDENTIFIER}\.)?{_IDENTIFIER}$"
CLOSED_TABLE_PATTERN = (
    rf"^(?:{any_case('|'.join(CLOSED_SCHEMAS))})\."
    rf"|^(?:{_IDENTIFIER}\.)?(?:{any_case('|'.join(own_tables.NAMES))})$"
    rf"|^{any_case('broken')}(?:__|\.)"
)


_SEGMENT = rf"(?!\.)(?:[^/\\{{}}\u0000-\u001f]|\{{{_IDENTIFIER}\}})+"
TEMPLATE_PATTERN = rf"^(?:[^{{}}]|\{{\{{|\}}\}}|\{{{_IDENTIFIER}\}})*$"
ARCHIVE_LAYOUT_PATTERN = f"^(?:{_SEGMENT}(?:/{_SEGMENT})*)?$"

DELIMITER_PATTERN = (
    r"^(?:(?!\\t$)[\u0001-\u0009\u000b\u000c\u000e-\u0019\u001b-\u007f]{1,4}|[\u0080-\uffff])$"
)
"""DuckDB takes at most four bytes; one character beyond ASCII is at most three here."""
QUOTE_PATTERN = r"^[!-~]?$"
ESCAPE_PATTERN = r"^[!-~]$"
COMMENTS_PATTERN = r"^[^\u0000\u000a\u000d\u001a]{1,10}$"


FILE_PATTERN_SCHEMA = pattern_schema(
    r"^(?!\.)(?![^/]*\.(?:tmp|part|filepart|gstmp)$)[^/\u0000]+$",
    "A file name with * for the text that changes; no folder, no leading dot, no temporary name.",
    maxLength=MAX_PATTERN_LENGTH,
)
EXCLUDE_SCHEMA = pattern_schema(
    r"^(?!\.\.$)[^/\u0000]+$",
    "A file name with * for the text that changes; no folder.",
    maxLength=MAX_PATTERN_LENGTH,
)
TABLE_SCHEMA: dict[str, Any] = {
    **pattern_schema(
        TABLE_PATTERN,
        "Letters, digits and _, no digit first, with one schema before a dot if need be.",
        maxLength=MAX_TABLE_LENGTH,
    ),
    "not": {"pattern": CLOSED_TABLE_PATTERN},
}
ARCHIVE_LAYOUT_SCHEMA = pattern_schema(
    ARCHIVE_LAYOUT_PATTERN,
    "Relative folders, no dot first, with {table}, {yyyy}, {mm}, {dd} and named parts.",
)
TEMPLATE_SCHEMA = pattern_schema(
    TEMPLATE_PATTERN,
    "A text with named parts such as {region}; {{ and }} for braces.",
    maxLength=255,
)
DELIMITER_SCHEMA = pattern_schema(
    DELIMITER_PATTERN, 'One character, or two to four ASCII characters; a tab is "\\t".'
)
QUOTE_SCHEMA = pattern_schema(QUOTE_PATTERN, "One printable ASCII character, or '' for none.")
ESCAPE_SCHEMA = pattern_schema(ESCAPE_PATTERN, "One printable ASCII character.")
COMMENTS_SCHEMA = pattern_schema(COMMENTS_PATTERN, "One to ten characters, no line end.")


def check_pattern(text: str) -> str:
    """A pattern that can match a file.

    :raises PydanticCustomError: ``mapping.bad_pattern``.
    """
    if parse_pattern(text).matches_nothing:
        raise refusal(
            ErrorCode.MAPPING_BAD_PATTERN,
            f"The pattern {text!r} matches no file: names that begin with '.' or end with .tmp, "
            ".part, .filepart or .gstmp are always left alone.",
            hint="They are hidden or still being written; name the finished file.",
        )
    return text


def check_exclude(text: str) -> str:
    """A pattern for names to leave out; it may describe names that are left alone anyway.

    :raises PydanticCustomError: ``mapping.bad_pattern``.
    """
    parse_pattern(text)
    return text


def parse_pattern(text: str) -> Pattern:
    """:meth:`Pattern.parse` inside a validator.

    :raises PydanticCustomError: ``mapping.bad_pattern``.
    """
    try:
        return Pattern.parse(text)
    except ConfigurationError as error:
        raise refusal(error.code, error.detail.message, hint=error.detail.hint) from error


def check_pair(data: Pattern, go: Pattern) -> None:
    """Patterns of a data file and its go file of which each says the other's name.

    :raises PydanticCustomError: ``mapping.bad_pattern`` at ``go_file.pattern``.
    """
    if go.pairs_with(data):
        return
    stars, others = go.star_count, data.star_count
    message = (
        f"The go file's pattern has {stars} *, the data file's {data.text!r} has {others}: which "
        "go file belongs to which data file is not clear."
    )
    hint = "Use as many * in both; each stands for the same text."
    if stars == others:
        message = (
            f"The go file's pattern has {_parts(go)}, the data file's {data.text!r} has "
            f"{_parts(data)}: which go file belongs to which data file is not clear."
        )
        hint = "Give both the same named parts, which say the same; dates may be written otherwise."
    raise refusal(ErrorCode.MAPPING_BAD_PATTERN, message, hint=hint, at=("go_file", "pattern"))


def _parts(pattern: Pattern) -> str:
    named = [one.written for one in pattern.wildcards if one.name is not None]
    return " ".join(named) or "no named parts"


def check_table(text: str) -> str:
    """``table`` or ``schema.table``, neither the warehouse's nor ours.

    :raises PydanticCustomError: ``mapping.bad_table``.
    """
    code = ErrorCode.MAPPING_BAD_TABLE
    if len(text) > MAX_TABLE_LENGTH:
        raise refusal(
            code, f"The table name has {len(text)} characters, {MAX_TABLE_LENGTH} are allowed."
        )
    if not matches(TABLE_PATTERN, text):
        guess = re.sub("[^A-Za-z0-9_.]+", "_", text).strip("_.")
        hint = f"Did you mean {guess!r}?" if matches(TABLE_PATTERN, guess) else None
        raise refusal(
            code,
            f"{text!r} is not a table name. Allowed: letters, digits and _, no digit first, "
            "with one schema before a dot if need be (raw_trades, staging.raw_trades).",
            hint=hint,
        )
    schema, _, name = text.casefold().rpartition(".")
    if schema in CLOSED_SCHEMAS:
        raise refusal(
            code, f"The schema of {text!r} belongs to the warehouse.", hint="Choose another."
        )
    if name in own_tables.NAMES:
        raise refusal(
            code,
            f"{text!r} is one of the loader's own tables ({', '.join(own_tables.NAMES)}).",
            hint="Choose another table name.",
        )
    if schema == "broken" or (schema or name).startswith("broken__"):
        raise refusal(
            code,
            f"The DAG of {text!r} would have the name of one that shows a broken mapping file.",
            hint="Choose a name that begins neither with broken__ nor with the schema broken.",
        )
    return text


def check_template(text: str) -> str:
    """A text with named parts.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    if not matches(TEMPLATE_PATTERN, text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} has a brace without its partner, or round what is no name.",
            hint="Write {region} for a part of the name, {{ and }} for braces.",
        )
    return text


def check_archive_layout(text: str) -> str:
    """Relative folders below the archive, with placeholders.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    if not matches(ARCHIVE_LAYOUT_PATTERN, text):
        placeholders = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not an archive layout. Allowed: folders below the archive, separated by "
            f"single slashes, none beginning with a dot, with the placeholders {placeholders} and "
            "the named parts of the pattern.",
            hint="For example {table}/{yyyy}/{mm}/{dd}; leave the key out for a flat archive.",
        )
    return text


def check_delimiter(text: str) -> str:
    """What separates two fields.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    if not matches(DELIMITER_PATTERN, text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not a delimiter. Allowed: one character, or two to four ASCII "
            "characters, no line end, NUL or Ctrl-Z.",
            hint='A tab is written "\\t", in double quotes.' if text == "\\t" else None,
        )
    return text


def check_quote(text: str) -> str:
    """The character around fields; empty where the sender quotes nothing.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    if not matches(QUOTE_PATTERN, text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not a quote. Allowed: one printable ASCII character, or '' for none.",
        )
    return text


def check_escape(text: str) -> str:
    """The character before a quote inside quotes.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    if not matches(ESCAPE_PATTERN, text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not an escape. Allowed: one printable ASCII character.",
            hint="Leave the key out where a quote inside quotes is doubled.",
        )
    return text


def check_comments(text: str) -> str:
    """How a line begins that is a comment.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    if not matches(COMMENTS_PATTERN, text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} cannot begin a comment. Allowed: one to ten characters, no line end, NUL or "
            "Ctrl-Z.",
            hint='For example "#", in quotes.',
        )
    return text
