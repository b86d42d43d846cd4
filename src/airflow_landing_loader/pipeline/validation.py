"""Whether a delivery keeps its word: one pass over the file, the counts, the header."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from airflow_landing_loader.exceptions import ErrorCode, TerminalError, TransientError, shown
from airflow_landing_loader.landing.control.checksums import (
    promises_no_byte,
    require_checksum,
    require_size,
)
from airflow_landing_loader.landing.control.counts import count_in_name, expected_data_records
from airflow_landing_loader.landing.control.go_file.reading import read_go_file
from airflow_landing_loader.landing.control.totals import require_totals
from airflow_landing_loader.landing.discovery.discover import still_same
from airflow_landing_loader.landing.discovery.rest import in_grace
from airflow_landing_loader.landing.formats.csv.detection.detect import with_dialect
from airflow_landing_loader.landing.formats.csv.dialect_text import in_words
from airflow_landing_loader.landing.formats.csv.inspection import inspect, ragged_records
from airflow_landing_loader.landing.model import (
    Delivery,
    GoFileContent,
    Inspection,
    Validated,
    files_of,
)
from airflow_landing_loader.loading.columns.names import columns_of
from airflow_landing_loader.safe_text import counted
from airflow_landing_loader.storage.content import OnBlock, nothing
from airflow_landing_loader.storage.zone import Zone

# What a file shows that is still being written: not yet a verdict while it is young.
HALF_WRITTEN = frozenset(
    {
        ErrorCode.COUNT_TOO_FEW,
        ErrorCode.TRAILER_MISSING,
        ErrorCode.TRAILER_CUT,
        ErrorCode.HEADER_RECORD_MISSING,
        ErrorCode.CSV_DATA_START_MISSING,
        ErrorCode.CSV_DATA_END_MISSING,
        ErrorCode.CSV_FOOTER_MISSING,
        ErrorCode.COMPRESSION_CUT,
        ErrorCode.CSV_UNCLOSED_QUOTE,
        ErrorCode.CSV_NO_DIALECT,
        ErrorCode.CSV_AMBIGUOUS_DIALECT,
        ErrorCode.FILE_EMPTY,
        ErrorCode.SIZE_WRONG,
        ErrorCode.CHECKSUM_WRONG,
        ErrorCode.GO_FILE_UNREADABLE,
        ErrorCode.GO_FILE_NO_KEY,
        ErrorCode.GO_FILE_NO_LINE,
        ErrorCode.GO_FILE_NO_FILES,
        ErrorCode.GO_FILE_BAD_COUNT,
        ErrorCode.GO_FILE_BAD_CHECKSUM,
        ErrorCode.GO_FILE_BAD_SIZE,
        ErrorCode.GO_FILE_BAD_DATE,
        ErrorCode.GO_FILE_BAD_NUMBER,
        ErrorCode.GO_FILE_BAD_TOTAL,
        ErrorCode.TRAILER_BAD_TOTAL,
        ErrorCode.TOTALS_DIFFER,
        ErrorCode.TOTALS_NOT_A_NUMBER,
    }
)

# Where nothing is seen half-written; but its sender may be about to send it again.
_MENDED_SOON = frozenset(
    {
        ErrorCode.COUNT_TOO_FEW,
        ErrorCode.SIZE_WRONG,
        ErrorCode.CHECKSUM_WRONG,
        ErrorCode.TOTALS_DIFFER,
    }
)


def validate(
    landing: Zone, delivery: Delivery, *, now: float, on_block: OnBlock = nothing
) -> Validated:
    """Inspect a delivery and hold it against its go file, its trailer and its mapping.

    :param landing: the zone it lies in.
    :param now: seconds since the epoch; decides whether a file is too young for a verdict.
    :param on_block: called for each block of text, as an inspection may take long.
    :raises TerminalError: the delivery does not keep its word; retrying cannot help.
    :raises TransientError: a file changed meanwhile, is gone, has not come to rest, or looks
        half-written and is younger than the mapping's ``grace_seconds``.
    """
    if landing.settles:
        require_rest(delivery, now)
    try:
        validated = _validate(landing, delivery, on_block)
    except TerminalError as error:
        # A file that changes under the pass may look like anything.
        still_same(landing, delivery)
        if error.code in (HALF_WRITTEN if landing.settles else _MENDED_SOON):
            _grant_grace(delivery, error, now)
        raise
    still_same(landing, delivery)
    return validated


def _validate(landing: Zone, delivery: Delivery, on_block: OnBlock) -> Validated:
    mapping = with_dialect(landing.source(delivery.data), delivery.mapping)
    if mapping is delivery.mapping:
        return _validate_plain(landing, delivery, on_block)
    words = in_words(mapping.csv)
    try:
        validated = _validate_plain(landing, replace(delivery, mapping=mapping), on_block)
    except TerminalError as error:
        detail = error.detail
        explained = TerminalError(
            error.code,
            f"{detail.message} (Read with the dialect that was detected: {words}.)",
            hint=detail.hint,
            **detail.place(),
        )
        explained.sha256 = error.sha256
        raise explained from error
    return replace(validated, detected=words)


def _validate_plain(landing: Zone, delivery: Delivery, on_block: OnBlock) -> Validated:
    go = read_go_file(landing, delivery) if delivery.go is not None else None
    if go is not None:
        require_size(delivery, go)
        delivery = replace(delivery, number=go.sequence_number)
    named = count_in_name(delivery)
    nothing = go is not None and (go.expected_records == 0 or promises_no_byte(go))
    inspection = inspect(
        landing.source(delivery.data),
        delivery.mapping,
        on_block,
        may_be_empty=nothing or named == 0,
        algorithm=go.checksum.algorithm if go is not None and go.checksum is not None else None,
    )
    try:
        return _held_against(landing, delivery, inspection, go, named)
    except TerminalError as error:
        error.sha256 = inspection.sha256
        raise


def _held_against(
    landing: Zone,
    delivery: Delivery,
    inspection: Inspection,
    go: GoFileContent | None,
    named: int | None,
) -> Validated:
    """What was found, held against the rules for names and what was promised."""
    if go is not None:
        require_checksum(delivery, go, inspection)
    columns_of(delivery, inspection)
    expected = [
        _require_count(delivery, inspection, promise)
        for promise in _promises(delivery, inspection, go, named)
    ]
    require_totals(delivery, inspection, go)
    _check_ragged(landing, delivery, inspection)
    return Validated(
        delivery=delivery,
        inspection=inspection,
        expected_records=expected[0] if expected else None,
        go=go,
    )


@dataclass(frozen=True, slots=True)
class _Promise:
    """A sender's count, and where it stands.

    :param includes: what is counted although it is no data, as ``count_includes`` has it.
    :param by: what says it, in words.
    :param code: of the error for a count that is smaller than what it includes.
    """

    count: int
    includes: Iterable[str]
    by: str
    code: ErrorCode
    file: str
    line: int | None = None


def _promises(
    delivery: Delivery, inspection: Inspection, go: GoFileContent | None, named: int | None
) -> Iterator[_Promise]:
    """All counts that the sender has told, that of the go file first.

    :param named: what the data file's name says.
    """
    mapping, name = delivery.mapping, delivery.data.name
    told = go.expected_records if go is not None else None
    if told is not None and delivery.go is not None and mapping.go_file is not None:
        includes, by = mapping.go_file.count_includes, f"go file {shown(delivery.go.name)}"
        yield _Promise(told, includes, by, ErrorCode.GO_FILE_BAD_COUNT, delivery.go.name)
    for what, rules, found, code in (
        ("trailer", mapping.trailer, inspection.trailer, ErrorCode.TRAILER_BAD_COUNT),
        (
            "header record",
            mapping.header_record,
            inspection.header_record,
            ErrorCode.HEADER_RECORD_BAD_COUNT,
        ),
    ):
        if rules is not None and found is not None:
            includes, by = rules.count_includes, f"{what} on line {found.line}"
            yield _Promise(found.expected_records, includes, by, code, name, found.line)
    if named is not None and mapping.name_count is not None:
        includes = mapping.name_count.count_includes
        yield _Promise(named, includes, "file's name", ErrorCode.NAME_BAD_COUNT, name)


def _require_count(delivery: Delivery, inspection: Inspection, promise: _Promise) -> int:
    """How many data records a count stands for, which are those that the file has."""
    promised = expected_data_records(
        promise.count,
        promise.includes,
        headers=(inspection.header_line is not None) + inspection.skipped_headers,
        has_trailer=delivery.mapping.trailer is not None,
        code=promise.code,
        file=promise.file,
        line=promise.line,
    )
    if inspection.records == promised:
        return promised
    too_few = inspection.records < promised
    code = ErrorCode.COUNT_TOO_FEW if too_few else ErrorCode.COUNT_TOO_MANY
    hint = (
        "The file is not complete; ask the sender to deliver it again."
        if too_few
        else "Ask the sender which of the two is right; see count_includes if headers are counted."
    )
    raise TerminalError(
        code,
        f"{counted(inspection.records, 'record')} counted, the {promise.by} promises {promised:,}",
        hint=hint,
        file=delivery.data.name,
    )


def _check_ragged(landing: Zone, delivery: Delivery, inspection: Inspection) -> None:
    """Refuse early what loading would refuse later: too large a share of ragged records."""
    ragged, records = inspection.ragged, inspection.records
    if ragged and (ragged > delivery.mapping.max_rejected * records or ragged == records):
        raise TerminalError(
            ErrorCode.CSV_TOO_MANY_REJECTED,
            f"{ragged:,} of {counted(records, 'record')} have a wrong number of fields, or are the "
            "header again; "
            f"max_rejected allows {delivery.mapping.max_rejected:.2%}, never all",
            hint="Ask the sender for a better file, or raise max_rejected and replay.",
            file=delivery.data.name,
            line=next(
                ragged_records(landing.source(delivery.data), delivery.mapping, inspection)
            ).line,
        )


def _age(delivery: Delivery, now: float) -> float:
    """Seconds since data or go file was written; negative if a clock is ahead."""
    return now - max(file.mtime_ns for file in files_of(delivery)) / 1e9


def require_rest(delivery: Delivery, now: float) -> None:
    """Listing waits for rest; a file that was written since has to come to rest again.

    :param now: seconds since the epoch.
    :raises TransientError: ``LANDING_UNSETTLED``.
    """
    age, settle = _age(delivery, now), delivery.mapping.settle_seconds
    if 0 <= age < settle:
        raise TransientError(
            ErrorCode.LANDING_UNSETTLED,
            f"the file was written {age:.1f} s ago and may still be (settle_seconds: {settle:g})",
            hint="It is looked at again.",
            file=delivery.data.name,
        )


def _grant_grace(delivery: Delivery, error: TerminalError, now: float) -> None:
    grace = delivery.mapping.grace_seconds
    detail = in_grace(error.detail, age=_age(delivery, now), seconds=grace)
    if detail is not None:
        raise TransientError(
            error.code, detail.message, hint=detail.hint, **detail.place()
        ) from error
