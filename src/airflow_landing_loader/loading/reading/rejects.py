"""Records that are set aside: which, where they lie, and whether that is too many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.header.record import without_line_end
from airflow_landing_loader.landing.formats.csv.inspection import (
    locate,
    ragged_records,
    skipped_headers,
)
from airflow_landing_loader.landing.model import RaggedRecord, Validated
from airflow_landing_loader.landing.text.stream import open_text
from airflow_landing_loader.loading.columns.typed import TypedColumn
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.storage.content import FileContent


@dataclass(frozen=True)
class BadValue:
    """A value that has not its column's literal form.

    :param ordinal: its record's place among the records that were read, from 1.
    """

    ordinal: int
    typed: TypedColumn
    text: str


@dataclass(frozen=True, kw_only=True)
class Reject:
    """A record that was set aside: where it lies, why, and its text as delivered."""

    record: int
    line: int
    code: ErrorCode
    column: str | None
    message: str
    text: str


def ragged_of(source: FileContent, validated: Validated) -> Iterator[RaggedRecord]:
    """Return the records that cannot be loaded, in file order."""
    if validated.inspection.ragged:
        mapping = validated.delivery.mapping
        yield from ragged_records(source, mapping, validated.inspection)


def headers_of(source: FileContent, validated: Validated) -> Iterator[tuple[int, int]]:
    """Return where the headers lie that are left out between the records, in file order."""
    if validated.inspection.skipped_headers:
        mapping = validated.delivery.mapping
        yield from skipped_headers(source, mapping, validated.inspection)


def find_rejects(
    source: FileContent,
    validated: Validated,
    ragged: Sequence[RaggedRecord],
    bad: Sequence[BadValue],
) -> tuple[Reject, ...]:
    """Return what is set aside, in file order.

    :raises TerminalError: a value is bad and the mapping says ``on_bad_row: fail``, or more than
        ``max_rejected`` of the records would be rejected, or all of them.
    """
    if not ragged and not bad:
        return ()
    mapping, name = validated.delivery.mapping, validated.delivery.data.name
    if mapping.on_bad_row == "fail":
        raise _refusal(source, validated, bad[0])
    rejected, records = len(ragged) + len(bad), validated.inspection.records
    if rejected > mapping.max_rejected * records or rejected == records:
        first = ragged[0].line if ragged else None
        raise TerminalError(
            ErrorCode.CSV_TOO_MANY_REJECTED,
            f"{rejected:,} of {counted(records, 'record')} would be rejected; "
            f"max_rejected allows {mapping.max_rejected:.2%}, never all",
            hint="Ask the sender for a better file, or raise max_rejected and replay.",
            file=name,
            line=first,
        )
    return tuple(sorted(_rejects(source, validated, ragged, bad), key=lambda r: r.record))


def _refusal(source: FileContent, validated: Validated, bad: BadValue) -> TerminalError:
    delivery, column = validated.delivery, bad.typed.column
    record = bad.ordinal
    place = next(iter(locate(source, delivery.mapping, validated.inspection, [record])))
    return TerminalError(
        ErrorCode.LOAD_BAD_VALUE,
        f"the value is not {bad.typed.form.words}, which column {column.name} "
        f"({column.type}) takes",
        hint="Ask the sender to mend it, set on_bad_row: reject, or make the column text.",
        file=delivery.data.name,
        line=place.line,
        record=record,
        column=column.name,
        value=bad.text,
    )


def _rejects(
    source: FileContent,
    validated: Validated,
    ragged: Sequence[RaggedRecord],
    bad: Sequence[BadValue],
) -> Iterator[Reject]:
    delivery, inspection = validated.delivery, validated.inspection
    text = open_text(source, inspection.compression, delivery.mapping.csv.encoding)
    columns = len(inspection.columns)
    with text:
        for record in ragged:
            again = record.fields == columns
            yield Reject(
                record=record.record,
                line=record.line,
                code=ErrorCode.CSV_REPEATED_HEADER if again else ErrorCode.CSV_RAGGED,
                column=None,
                message="the header again"
                if again
                else f"{counted(record.fields, 'field')} instead of {columns}",
                text=_text_of(text, record),
            )
    if not bad:
        return
    numbers = _record_numbers([r.record for r in ragged], [b.ordinal for b in bad])
    places = locate(source, delivery.mapping, inspection, numbers)
    text = open_text(source, inspection.compression, delivery.mapping.csv.encoding)
    with text:
        for value, place in zip(bad, places, strict=True):
            yield Reject(
                record=place.record,
                line=place.line,
                code=ErrorCode.LOAD_BAD_VALUE,
                column=value.typed.column.name,
                message=f"not {value.typed.form.words}",
                text=_text_of(text, place),
            )


def _record_numbers(ragged: Sequence[int], ordinals: Iterable[int]) -> list[int]:
    """Turn places among the read records into record numbers of the file.

    :param ragged: numbers of the records that were not read, ascending.
    :param ordinals: places from 1, ascending.
    """
    numbers, passed = [], 0
    for ordinal in ordinals:
        while passed < len(ragged) and ragged[passed] - passed <= ordinal:
            passed += 1
        numbers.append(ordinal + passed)
    return numbers


def _text_of(text: object, record: RaggedRecord) -> str:
    text.seek(record.start)  # type: ignore[attr-defined]
    raw: bytes = text.read(record.end - record.start)  # type: ignore[attr-defined]
    return without_line_end(raw.decode())
