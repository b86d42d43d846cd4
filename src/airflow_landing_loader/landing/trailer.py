"""The trailer: the last record of a data file, which says how many records the file should have.

It is recognised by its place. A ``tag`` in the mapping must match; without one, a last record that
looks like data is taken for a file that lost its trailer.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.model import TrailerContent
from airflow_landing_loader.mapping.model import Trailer

MAX_COUNT = 2**63 - 1
_MAX_DIGITS = 19
_BLANKS = " \t"
_MISSING_HINT = (
    "Ask the sender to deliver the file again, whole; or remove trailer from the mapping if its "
    "files have none."
)


@dataclass(frozen=True, kw_only=True)
class LastRecord:
    """The last record of a file.

    :param fields: its fields, quotes resolved.
    :param file: file name.
    :param line: physical line where it begins.
    """

    fields: tuple[str, ...]
    file: str
    line: int


def read_trailer(last: LastRecord, trailer: Trailer, columns: int) -> TrailerContent:
    """Read the trailer.

    :param last: the last record of the file.
    :param trailer: what the mapping says of it; ``row_count_column`` counts from 1 behind the tag.
    :param columns: number of columns of the file: a record with as many fields may be data.
    :returns: its tag and its count as written, ``count_includes`` not yet applied.
    :raises TerminalError: ``TRAILER_MISSING`` (the last record looks like data),
        ``TRAILER_WRONG_TAG``, ``TRAILER_CUT`` (too few fields), ``TRAILER_BAD_COUNT`` (not a number
        from 0 to 2**63-1 in ASCII digits).
    """
    tag = _checked_tag(last, trailer, columns)
    # Without a tag that matches, nothing but its shape tells a trailer from data.
    may_be_data = not isinstance(trailer.tag, str) and len(last.fields) == columns
    at = trailer.row_count_column - (1 if trailer.tag is False else 0)
    if at >= len(last.fields):
        raise _missing(last) if may_be_data else _cut(last, at + 1)
    text = last.fields[at].strip(_BLANKS)
    if not (text.isascii() and text.isdigit()):
        raise _missing(last) if may_be_data else _bad_count(last, text)
    digits = text.lstrip("0") or "0"
    if len(digits) > _MAX_DIGITS or int(digits) > MAX_COUNT:
        raise _bad_count(last, text)
    return TrailerContent(expected_records=int(digits), tag=tag, line=last.line)


def has_tag(fields: tuple[str, ...], trailer: Trailer) -> bool:
    """Whether a record begins with the tag that the mapping names."""
    return isinstance(trailer.tag, str) and fields[0] == trailer.tag


def no_record(file: str, line: int | None) -> TerminalError:
    """The error for a file without any record behind its header.

    :param line: physical line of the header.
    """
    return TerminalError(
        ErrorCode.TRAILER_MISSING,
        "No record follows the header, so the trailer is missing.",
        hint=_MISSING_HINT,
        file=file,
        line=line,
    )


def _missing(last: LastRecord) -> TerminalError:
    return TerminalError(
        ErrorCode.TRAILER_MISSING,
        "The last record looks like data, not like a trailer: the end of the file is missing.",
        hint=_MISSING_HINT,
        file=last.file,
        line=last.line,
    )


def _checked_tag(last: LastRecord, trailer: Trailer, columns: int) -> str | None:
    if trailer.tag is False:
        return None
    first = last.fields[0]
    if trailer.tag is None or first == trailer.tag:
        return first
    if len(last.fields) == columns:
        raise _missing(last)
    if len(last.fields) == 1 and trailer.tag.startswith(first):
        raise _cut(last, trailer.row_count_column + 1)
    raise TerminalError(
        ErrorCode.TRAILER_WRONG_TAG,
        f"The last record does not begin with the trailer's tag {trailer.tag!r}.",
        hint="Correct trailer.tag in the mapping, or ask the sender for the whole file.",
        file=last.file,
        line=last.line,
        value=first,
    )


def _cut(last: LastRecord, needed: int) -> TerminalError:
    return TerminalError(
        ErrorCode.TRAILER_CUT,
        f"The trailer has {len(last.fields)} field(s), its count is expected in field {needed}.",
        hint="Ask the sender to deliver the file again, whole; or correct row_count_column.",
        file=last.file,
        line=last.line,
    )


def _bad_count(last: LastRecord, text: str) -> TerminalError:
    reason = "is empty" if not text else "is not a whole number from 0 to 2**63-1 in plain digits"
    return TerminalError(
        ErrorCode.TRAILER_BAD_COUNT,
        f"The trailer's count {reason}.",
        hint="Ask the sender to correct the count, or correct trailer.row_count_column.",
        file=last.file,
        line=last.line,
        value=text,
    )
