"""What single values may look like: table names, encodings, schedules, archive layouts, dialects.

Every rule exists once. Where it can be said as a regular expression, the expression is written in
the part of the syntax that Python and JSON Schema (ECMA-262) share, so that models and schema use
the same one.
"""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from pydantic_core import PydanticCustomError

from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.mapping.patterns import MAX_PATTERN_LENGTH, Pattern

MAX_TABLE_LENGTH = 128
OWN_TABLES = (
    "load_metadata",
    "load_deliveries",
    "load_columns",
    "load_rejects",
    "load_dbt_runs",
    "load_sequence",
)
CLOSED_SCHEMAS = ("information_schema", "pg_catalog", "temp", "system")
"""Schemas of the warehouses themselves; DuckDB reads ``temp.x`` and ``system.x`` as databases."""


def any_case(text: str) -> str:
    """A regular expression for ``text`` in upper or lower case; other syntax in it is kept."""
    return re.sub("[a-z]", lambda found: f"[{found[0]}{found[0].upper()}]", text)


_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
TABLE_PATTERN = rf"^(?:{_IDENTIFIER}\.)?{_IDENTIFIER}$"
CLOSED_TABLE_PATTERN = (
    rf"^(?:{any_case('|'.join(CLOSED_SCHEMAS))})\."
    rf"|^(?:{_IDENTIFIER}\.)?(?:{any_case('|'.join(OWN_TABLES))})$"
    rf"|^{any_case('broken')}(?:__|\.)"
)

ENCODINGS = {
    "utf-8": "utf[-_]?8",
    "utf-16": "utf[-_]?16",
    "utf-16-le": "utf[-_]?16[-_]?le",
    "utf-16-be": "utf[-_]?16[-_]?be",
    "latin-1": "latin[-_]?1|iso[-_]?8859[-_]1",
    "windows-1252": "windows[-_]?1252|cp[-_]?1252",
    "iso-8859-15": "iso[-_]?8859[-_]15|latin[-_]?9",
}
"""Encodings that are read, each with its accepted spellings in lower case."""

PRESETS = ("continuous", "hourly", "daily", "weekly", "monthly", "once")


def _cron_field(value: str, extra: str = "") -> str:
    item = rf"(?:(?:\*|{value}(?:-{value})?)(?:/[1-9][0-9]?)?{extra})"
    return f"{item}(?:,{item})*"


_MONTH = "(?:0?[1-9]|1[0-2]|" + any_case("jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec") + ")"
_WEEKDAY = "(?:[0-7]|" + any_case("sun|mon|tue|wed|thu|fri|sat") + ")"
CRON_PATTERN = (
    "^"
    + " +".join(
        (
            _cron_field("(?:[0-5]?[0-9])"),
            _cron_field("(?:[01]?[0-9]|2[0-3])"),
            _cron_field("(?:0?[1-9]|[12][0-9]|3[01])", "|[lL]"),
            _cron_field(_MONTH),
            _cron_field(_WEEKDAY),
        )
    )
    + "$"
)
_DAYS_IN_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

ARCHIVE_PLACEHOLDERS = ("table", "yyyy", "mm", "dd")
_SEGMENT = r"(?!\.)(?:[^/\\{}\u0000-\u001f]|\{(?:" + "|".join(ARCHIVE_PLACEHOLDERS) + r")\})+"
ARCHIVE_LAYOUT_PATTERN = f"^(?:{_SEGMENT}(?:/{_SEGMENT})*)?$"

DELIMITER_PATTERN = r"^(?:(?!\\t$)[\u0001-\u0009\u000b\u000c\u000e-\u007f]{1,4}|[\u0080-\uffff])$"
"""DuckDB takes at most four bytes; one character beyond ASCII is at most three here."""
QUOTE_PATTERN = r"^[!-~]?$"
ESCAPE_PATTERN = r"^[!-~]$"
COLUMN_NAME_PATTERN = r"^\s*[^\s_]"


def _schema(pattern: str, message: str, **more: Any) -> dict[str, Any]:
    """Text of a form; editors show ``message`` instead of the expression."""
    return {"pattern": pattern, "patternErrorMessage": message, **more}


FILE_PATTERN_SCHEMA = _schema(
    r"^(?!\.)(?![^/]*\.(?:tmp|part|filepart|gstmp)$)[^/\u0000]+$",
    "A file name with * for the text that changes; no folder, no leading dot, no temporary name.",
    maxLength=MAX_PATTERN_LENGTH,
)
EXCLUDE_SCHEMA = _schema(
    r"^(?!\.\.$)[^/\u0000]+$",
    "A file name with * for the text that changes; no folder.",
    maxLength=MAX_PATTERN_LENGTH,
)
TABLE_SCHEMA: dict[str, Any] = {
    **_schema(
        TABLE_PATTERN,
        "Letters, digits and _, no digit first, with one schema before a dot if need be.",
        maxLength=MAX_TABLE_LENGTH,
    ),
    "not": {"pattern": CLOSED_TABLE_PATTERN},
}
ENCODING_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"enum": list(ENCODINGS)},
        _schema(
            f"^(?:{any_case('|'.join(ENCODINGS.values()))})$",
            f"One of {', '.join(ENCODINGS)}.",
        ),
    ]
}
SCHEDULE_SCHEMA: dict[str, Any] = {
    "type": "string",
    "anyOf": [
        {"enum": [*PRESETS, *(f"@{name}" for name in PRESETS)]},
        _schema(CRON_PATTERN, "A preset, or five cron fields."),
    ],
}
ARCHIVE_LAYOUT_SCHEMA = _schema(
    ARCHIVE_LAYOUT_PATTERN,
    "Relative folders, no dot first, with the placeholders {table}, {yyyy}, {mm}, {dd}.",
)
DELIMITER_SCHEMA = _schema(
    DELIMITER_PATTERN, 'One character, or two to four ASCII characters; a tab is "\\t".'
)
QUOTE_SCHEMA = _schema(QUOTE_PATTERN, "One printable ASCII character, or '' for none.")
ESCAPE_SCHEMA = _schema(ESCAPE_PATTERN, "One printable ASCII character.")
COLUMN_NAME_SCHEMA = _schema(COLUMN_NAME_PATTERN, "A name that is not empty or begins with _.")


def refusal(
    code: ErrorCode, message: str, *, hint: str | None = None, at: tuple[str, ...] = ()
) -> PydanticCustomError:
    """The error with which a pydantic validator refuses a value.

    :param code: the stable code; becomes the pydantic error's type.
    :param message: what is wrong and what is allowed.
    :param hint: what to do next.
    :param at: path of the key at fault, from the model that holds the validated key, where it is
        another one.
    """
    context = {"message": message, "hint": hint, "at": list(at)}
    return PydanticCustomError(code.value, "{message}", context)


def did_you_mean(written: str, allowed: Iterable[str]) -> str | None:
    """``Did you mean 'x'?`` for the allowed text that is closest, ``None`` if none is close."""
    by_form = {_form(text): text for text in allowed}
    close = difflib.get_close_matches(_form(written), by_form, n=1)
    return f"Did you mean {by_form[close[0]]!r}?" if close else None


def _form(text: str) -> str:
    return text.casefold().replace("-", "_").replace(" ", "_")


def whole_number(value: object) -> object:
    """``2.0`` is the whole number 2, as in JSON Schema; everything else is left as it is."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


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


def check_table(text: str) -> str:
    """``table`` or ``schema.table``, neither the warehouse's nor ours.

    :raises PydanticCustomError: ``mapping.bad_table``.
    """
    code = ErrorCode.MAPPING_BAD_TABLE
    if len(text) > MAX_TABLE_LENGTH:
        raise refusal(
            code, f"The table name has {len(text)} characters, {MAX_TABLE_LENGTH} are allowed."
        )
    if not _matches(TABLE_PATTERN, text):
        guess = re.sub("[^A-Za-z0-9_.]+", "_", text).strip("_.")
        hint = f"Did you mean {guess!r}?" if _matches(TABLE_PATTERN, guess) else None
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
    if name in OWN_TABLES:
        raise refusal(
            code,
            f"{text!r} is one of the loader's own tables ({', '.join(OWN_TABLES)}).",
            hint="Choose another table name.",
        )
    if schema == "broken" or (schema or name).startswith("broken__"):
        raise refusal(
            code,
            f"The DAG of {text!r} would have the name of one that shows a broken mapping file.",
            hint="Choose a name that begins neither with broken__ nor with the schema broken.",
        )
    return text


def check_encoding(text: str) -> str:
    """The canonical name of an encoding.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    for name, spellings in ENCODINGS.items():
        if re.fullmatch(spellings, text.lower()):
            return name
    raise refusal(
        ErrorCode.MAPPING_BAD_VALUE,
        f"{text!r} is not an encoding that is read. Allowed: {', '.join(ENCODINGS)}.",
        hint=did_you_mean(text, ENCODINGS),
    )


def check_schedule(text: str) -> str | None:
    """A schedule as Airflow takes it: ``None`` for continuous, ``@preset`` or a cron expression.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    name = text.removeprefix("@")
    if name == "continuous":
        return None
    if name in PRESETS:
        return f"@{name}"
    if not _matches(CRON_PATTERN, text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not a schedule. Allowed: {', '.join(PRESETS)}, or five cron fields "
            "(minute, hour, day of month, month, day of week).",
            hint='For example "*/15 6-20 * * MON-FRI".',
        )
    if _never(text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"The schedule {text!r} names only days that no month has.",
            hint="Correct the day of month or the month.",
        )
    return text


def _never(cron: str) -> bool:
    """Whether plain days and months are named, and none of the months has any of the days."""
    _, _, days, months, weekdays = cron.split()
    named_days, named_months = days.split(","), months.split(",")
    if weekdays != "*" or not all(part.isdecimal() for part in named_days + named_months):
        return False
    longest = max(_DAYS_IN_MONTH[int(month) - 1] for month in named_months)
    return min(int(day) for day in named_days) > longest


def check_archive_layout(text: str) -> str:
    """Relative folders below the archive, with placeholders.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    if not _matches(ARCHIVE_LAYOUT_PATTERN, text):
        placeholders = ", ".join(f"{{{name}}}" for name in ARCHIVE_PLACEHOLDERS)
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not an archive layout. Allowed: folders below the archive, separated by "
            f"single slashes, none beginning with a dot, with the placeholders {placeholders}.",
            hint="For example {table}/{yyyy}/{mm}/{dd}; leave the key out for a flat archive.",
        )
    return text


def check_delimiter(text: str) -> str:
    """What separates two fields.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    if not _matches(DELIMITER_PATTERN, text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not a delimiter. Allowed: one character, or two to four ASCII "
            "characters, no line end and no NUL.",
            hint='A tab is written "\\t", in double quotes.' if text == "\\t" else None,
        )
    return text


def check_quote(text: str) -> str:
    """The character around fields; empty where the sender quotes nothing.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    if not _matches(QUOTE_PATTERN, text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not a quote. Allowed: one printable ASCII character, or '' for none.",
        )
    return text


def check_escape(text: str) -> str:
    """The character before a quote inside quotes.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    if not _matches(ESCAPE_PATTERN, text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not an escape. Allowed: one printable ASCII character.",
            hint="Leave the key out where a quote inside quotes is doubled.",
        )
    return text


def check_column_name(text: str) -> str:
    """A column name for a file without a header.

    :raises PydanticCustomError: ``mapping.bad_value``.
    """
    if not _matches(COLUMN_NAME_PATTERN, text):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{text!r} is not a column name: it is empty or begins with _, which is reserved.",
            hint="Rename the column.",
        )
    return text


def check_different(names: tuple[str, ...]) -> tuple[str, ...]:
    """Column names that stay different in a warehouse that ignores case.

    :raises PydanticCustomError: ``mapping.contradiction``.
    """
    seen: dict[str, str] = {}
    for name in names:
        folded = unicodedata.normalize("NFC", name.strip()).casefold()
        if folded in seen:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"The columns {seen[folded]!r} and {name!r} are one name to a warehouse.",
                hint="Rename one of them.",
            )
        seen[folded] = name
    return names


@lru_cache
def _compiled(pattern: str) -> re.Pattern[str]:
    # ECMA's $ is the end of the text only; Python's also stands before a last line feed.
    return re.compile(pattern.replace("$", r"\Z"))


def _matches(pattern: str, text: str) -> bool:
    return _compiled(pattern).search(text) is not None
