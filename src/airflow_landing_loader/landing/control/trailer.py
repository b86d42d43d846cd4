"""The trailer: the last record of a data file, which says how many records the file should have.

It is recognised by its place, and must be told from what a cut file ends with: a data record, or
the beginning of one. The ``tag`` of the mapping does that, or a shape that no data record has. So
the tag is no first field of data, either.
"""

from __future__ import annotations

from dataclasses import dataclass

from airflow_landing_loader.config.mapping.model import Trailer
from airflow_landing_loader.config.mapping.totals import NAMES, TotalPlace, places_of
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.control.counts import read_count
from airflow_landing_loader.landing.control.numbers import NumberForm
from airflow_landing_loader.landing.control.totals import bad_total, read_total
from airflow_landing_loader.landing.model import Total, TrailerContent
from airflow_landing_loader.safe_text import counted

_MISSING_HINT = (
    "Ask the sender to deliver the file again, whole; or remove trailer from the mapping if its "
    "files have none."
)


@dataclass(frozen=True, kw_only=True)
class LastRecord:
    """The last record of a file.

    :param fields: its fields, quotes resolved.
    :param ended: whether a line end stands behind it.
    :param file: file name.
    :param line: physical line where it begins.
    """

    fields: tuple[str, ...]
    ended: bool
    file: str
    line: int

    def may_be_data(self, columns: int, *, ragged: bool) -> bool:
        """Whether its shape is that of a data record, or of the beginning of one that was cut.

        :param columns: fields of a data record.
        :param ragged: data records may have another number of fields.
        """
        fields = len(self.fields)
        return ragged or fields == columns or (fields < columns and not self.ended)


def read_trailer(
    last: LastRecord, trailer: Trailer, columns: int, form: NumberForm, *, ragged: bool
) -> TrailerContent:
    """Read the trailer.

    :param last: the last record of the file.
    :param trailer: what the mapping says of it; ``row_count_column`` counts from 1 behind the tag.
    :param columns: number of columns of the file.
    :param form: of the numbers that totals are.
    :param ragged: whether the mapping allows data records with another number of fields.
    :returns: its tag and its count as written, ``count_includes`` not yet applied.
    :raises TerminalError: ``TRAILER_MISSING`` (the last record is data, or nothing tells it from
        data), ``TRAILER_WRONG_TAG``, ``TRAILER_CUT`` (too few fields), ``TRAILER_BAD_COUNT`` (not a
        number from 0 to 2**63-1 in ASCII digits), ``TRAILER_BAD_TOTAL``.
    """
    tag = _checked_tag(last, trailer, columns)
    if (tag is None or tag != trailer.expected_tag) and last.may_be_data(columns, ragged=ragged):
        raise _untold(last, trailer)
    text = _field(last, trailer, trailer.column, "count", "row_count_column")
    count = read_count(text)
    if not text and not last.ended and _place(trailer, trailer.column) == len(last.fields) - 1:
        raise _cut(last, len(last.fields), "count", "row_count_column")
    if count is None:
        raise _bad_count(last, text.strip())
    totals = tuple(_total(last, trailer, place, form) for place in places_of(trailer.totals))
    return TrailerContent(expected_records=count, tag=tag, line=last.line, totals=totals)


def _place(trailer: Trailer, column: int) -> int:
    return column - (1 if trailer.tag is False else 0)


def _field(last: LastRecord, trailer: Trailer, column: int, what: str, key: str) -> str:
    """What stands in a column of the trailer, from 1 behind its tag."""
    at = _place(trailer, column)
    if at >= len(last.fields):
        raise _cut(last, at + 1, what, key)
    return last.fields[at]


def _total(last: LastRecord, trailer: Trailer, place: TotalPlace, form: NumberForm) -> Total:
    text = _field(last, trailer, int(place.place), NAMES[place.kind], place.key)
    total = read_total(place, text, form)
    if total is None:
        message, hint = bad_total(place, text)
        raise TerminalError(
            ErrorCode.TRAILER_BAD_TOTAL,
            message,
            hint=hint,
            file=last.file,
            line=last.line,
            value=text.strip(),
        )
    return total


def has_tag(fields: tuple[str, ...], trailer: Trailer) -> bool:
    """Whether a record begins with the tag that the mapping names."""
    return isinstance(trailer.tag, str) and fields[0] == trailer.tag


def not_last(file: str, line: int, record: int) -> TerminalError:
    """The error for a record with the trailer's tag that is not the last one."""
    return TerminalError(
        ErrorCode.TRAILER_NOT_LAST,
        "A record that is not the last one begins with the trailer's tag: a file that is cut here "
        "could pass for a whole one.",
        hint="If several files were put into one, ask the sender for single ones; if the first "
        "column may hold the tag, ask for another tag, or for a go file in place of the trailer.",
        file=file,
        line=line,
        record=record,
    )


def no_record(file: str, line: int | None) -> TerminalError:
    """The error for a file without any record behind its header.

    :param line: physical line of the header; ``None`` without one.
    """
    none = "The file has no record" if line is None else "No record follows the header"
    return TerminalError(
        ErrorCode.TRAILER_MISSING,
        f"{none}, so the trailer is missing.",
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


def _untold(last: LastRecord, trailer: Trailer) -> TerminalError:
    count = f"row_count_column: {trailer.row_count_column}"
    cure = f"write its first field into the mapping, as in trailer: {{{count}, tag: TRAILER}}"
    if trailer.tag is False:
        cure = "ask the sender for one with a tag, or for a go file"
    return TerminalError(
        ErrorCode.TRAILER_MISSING,
        "The last record may be a data record, whole or cut: nothing tells it from a trailer.",
        hint=f"Ask the sender to deliver the file again, whole; if this is its trailer, {cure}.",
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
        raise _cut(last, trailer.column + 1, "count", "row_count_column")
    raise TerminalError(
        ErrorCode.TRAILER_WRONG_TAG,
        f"The last record does not begin with the trailer's tag {trailer.tag!r}.",
        hint="Correct trailer.tag in the mapping, or ask the sender for the whole file.",
        file=last.file,
        line=last.line,
        value=first,
    )


def _cut(last: LastRecord, needed: int, what: str, key: str) -> TerminalError:
    ends = (
        f"has {counted(len(last.fields), 'field')}" if needed > len(last.fields) else "is cut there"
    )
    return TerminalError(
        ErrorCode.TRAILER_CUT,
        f"The {what} of the trailer is expected in its field {needed}, and it {ends}.",
        hint=f"Ask the sender to deliver the file again, whole; or correct {key}.",
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
