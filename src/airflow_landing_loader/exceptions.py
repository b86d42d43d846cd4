"""The error tree: one stable code per problem, and whether trying again can help.

Every error that reaches a person carries a :class:`ErrorCode`, what went wrong, where (file, line,
record, column), and what to do next. The subclass says what the pipeline does with it:

* :class:`TerminalError`: a retry cannot help; the delivery is quarantined now.
* :class:`TransientError`: a retry may help; nothing is moved.
* :class:`ConfigurationError`: settings or mappings are at fault; no delivery is touched.

``message``, ``hint`` and the locations never hold a cell value, so that logs and XCom stay free of
data. A value that helps a person goes into ``value``, which only the sidecar file and
``load_rejects`` show.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeVar

from airflow_landing_loader.safe_text import ended, shortened
from airflow_landing_loader.safe_text import shown as shown  # for all who raise errors
from airflow_landing_loader.trouble import Trouble, trouble_of_connection

_T = TypeVar("_T")


class ErrorCode(StrEnum):
    """Stable codes, ``area.problem``. ``docs/errors.md`` lists each with cause and cure."""

    # What the user wrote.
    CONFIG_NOT_YAML = "config.not_yaml"
    CONFIG_UNREADABLE = "config.unreadable"
    CONFIG_DUPLICATE_KEY = "config.duplicate_key"
    CONFIG_BAD_VALUE = "config.bad_value"
    CONFIG_UNKNOWN_KEY = "config.unknown_key"
    CONFIG_MISSING_KEY = "config.missing_key"
    CONFIG_UNKNOWN_CHANNEL = "config.unknown_channel"

    MAPPING_UNKNOWN_KEY = "mapping.unknown_key"
    MAPPING_RESERVED_KEY = "mapping.reserved_key"
    MAPPING_MISSING_KEY = "mapping.missing_key"
    MAPPING_UNKNOWN_PART = "mapping.unknown_part"
    MAPPING_UNKNOWN_CALENDAR = "mapping.unknown_calendar"
    MAPPING_BAD_VALUE = "mapping.bad_value"
    MAPPING_BAD_PATTERN = "mapping.bad_pattern"
    MAPPING_BAD_TABLE = "mapping.bad_table"
    MAPPING_PATTERNS_OVERLAP = "mapping.patterns_overlap"
    MAPPING_GO_PATTERN_CLASH = "mapping.go_pattern_clash"
    MAPPING_CONTRADICTION = "mapping.contradiction"
    MAPPING_NONE_FOUND = "mapping.none_found"
    GENERATE_NO_EXAMPLE = "generate.no_example"
    MAPPING_CHANGED = "mapping.changed"

    SETTINGS_MISSING = "settings.missing"
    SETTINGS_BAD_VALUE = "settings.bad_value"
    SETTINGS_ZONES_OVERLAP = "settings.zones_overlap"

    # What lies in the landing zone.
    LANDING_TWO_PATTERNS = "landing.two_patterns"
    LANDING_BAD_NAME = "landing.bad_name"
    LANDING_FILES_ALIKE = "landing.files_alike"
    LANDING_NOT_A_FILE = "landing.not_a_file"
    LANDING_UNSETTLED = "landing.unsettled"
    SEQUENCE_GAP = "sequence.gap"
    LANDING_DISAPPEARED = "landing.disappeared"
    LANDING_CHANGED = "landing.changed"
    LANDING_UNREADABLE = "landing.unreadable"
    LANDING_UNKNOWN_FILE = "landing.unknown_file"

    GO_FILE_UNREADABLE = "go_file.unreadable"
    GO_FILE_NO_KEY = "go_file.no_key"
    GO_FILE_NO_LINE = "go_file.no_line"
    GO_FILE_OTHER_FILE = "go_file.other_file"
    GO_FILE_NO_FILES = "go_file.no_files"
    GO_FILE_UNKNOWN_MEMBER = "go_file.unknown_member"
    GO_FILE_LISTED_TWICE = "go_file.listed_twice"
    GO_FILE_BAD_COUNT = "go_file.bad_count"
    GO_FILE_BAD_STATUS = "go_file.bad_status"
    GO_FILE_BAD_CHECKSUM = "go_file.bad_checksum"
    GO_FILE_BAD_SIZE = "go_file.bad_size"
    GO_FILE_BAD_DATE = "go_file.bad_date"
    GO_FILE_BAD_NUMBER = "go_file.bad_number"
    GO_FILE_BAD_TOTAL = "go_file.bad_total"

    TRAILER_MISSING = "trailer.missing"
    TRAILER_CUT = "trailer.cut"
    TRAILER_WRONG_TAG = "trailer.wrong_tag"
    TRAILER_BAD_COUNT = "trailer.bad_count"
    TRAILER_BAD_TOTAL = "trailer.bad_total"
    TRAILER_NOT_LAST = "trailer.not_last"
    HEADER_RECORD_MISSING = "header_record.missing"
    HEADER_RECORD_BAD_COUNT = "header_record.bad_count"
    HEADER_RECORD_BAD_TOTAL = "header_record.bad_total"
    HEADER_RECORD_TWICE = "header_record.twice"
    NAME_BAD_COUNT = "name.bad_count"

    COUNT_TOO_FEW = "count.too_few"
    COUNT_TOO_MANY = "count.too_many"
    SIZE_WRONG = "size.wrong"
    CHECKSUM_WRONG = "checksum.wrong"
    TOTALS_DIFFER = "totals.differ"
    TOTALS_NO_COLUMN = "totals.no_column"
    TOTALS_NOT_A_NUMBER = "totals.not_a_number"
    TOTALS_TOO_MANY_DISTINCT = "totals.too_many_distinct"

    FILE_EMPTY = "file.empty"
    FILE_BINARY = "file.binary"
    ENCODING_INVALID = "encoding.invalid"
    ENCODING_NUL_BYTE = "encoding.nul_byte"
    ENCODING_CTRL_Z = "encoding.ctrl_z"

    COMPRESSION_CUT = "compression.cut"
    COMPRESSION_CORRUPT = "compression.corrupt"
    COMPRESSION_TRAILING_BYTES = "compression.trailing_bytes"
    COMPRESSION_WRONG_NAME = "compression.wrong_name"
    COMPRESSION_BOMB = "compression.bomb"
    COMPRESSION_NOT_ONE_FILE = "compression.not_one_file"
    COMPRESSION_UNSUPPORTED = "compression.unsupported"

    CSV_UNCLOSED_QUOTE = "csv.unclosed_quote"
    CSV_STRAY_QUOTE = "csv.stray_quote"
    CSV_BAD_ESCAPE = "csv.bad_escape"
    CSV_MIXED_LINE_ENDS = "csv.mixed_line_ends"
    CSV_RECORD_TOO_LONG = "csv.record_too_long"
    CSV_RECORD_TOO_MANY_LINES = "csv.record_too_many_lines"
    CSV_DOUBTFUL_FIRST_FILE = "csv.doubtful_first_file"
    CSV_NO_DIALECT = "csv.no_dialect"
    CSV_AMBIGUOUS_DIALECT = "csv.ambiguous_dialect"
    CSV_RAGGED = "csv.ragged"
    CSV_DATA_START_MISSING = "csv.data_start_missing"
    CSV_DATA_END_MISSING = "csv.data_end_missing"
    CSV_DATA_END_DOUBTFUL = "csv.data_end_doubtful"
    CSV_DATA_AFTER_END = "csv.data_after_end"
    CSV_FOOTER_MISSING = "csv.footer_missing"
    CSV_REPEATED_HEADER = "csv.repeated_header"
    CSV_TOO_MANY_REJECTED = "csv.too_many_rejected"

    HEADER_MISSING = "header.missing"
    HEADER_EMPTY_NAME = "header.empty_name"
    HEADER_DUPLICATE_NAME = "header.duplicate_name"
    HEADER_RESERVED_NAME = "header.reserved_name"
    HEADER_NAME_COLLISION = "header.name_collision"
    HEADER_NAME_TOO_LONG = "header.name_too_long"
    HEADER_TOO_MANY_COLUMNS = "header.too_many_columns"
    HEADER_NOT_AS_PROMISED = "header.not_as_promised"
    HEADER_NO_KNOWN_COLUMN = "header.no_known_column"

    SET_INCOMPLETE = "set.incomplete"
    SET_TOO_LARGE = "set.too_large"

    # What the table makes of it.
    DELIVERY_DUPLICATE = "delivery.duplicate"
    DELIVERY_REDELIVERED = "delivery.redelivered"
    LOAD_BAD_VALUE = "load.bad_value"
    LOAD_TABLE_UNFIT = "load.table_unfit"
    LOAD_READER_DISAGREES = "load.reader_disagrees"
    QUALITY_TOO_LOW = "quality.too_low"

    # What is asked of a load afterwards.
    LOAD_UNKNOWN = "load.unknown"
    LOAD_AMBIGUOUS = "load.ambiguous"
    LOAD_REMOVED = "load.removed"
    LOAD_UNLOADED = "load.unloaded"
    LOAD_ROWS_DIFFER = "load.rows_differ"
    LOAD_TOTALS_DIFFER = "load.totals_differ"
    ARCHIVE_MISSING = "archive.missing"
    ARCHIVE_CHANGED = "archive.changed"

    PROMOTE_UNKNOWN = "promote.unknown"
    PROMOTE_TAKEN = "promote.taken"
    PROMOTE_BAD_VALUE = "promote.bad_value"
    PROMOTE_ALTERED = "promote.altered"

    WAREHOUSE_LOCKED = "warehouse.locked"
    WAREHOUSE_ELSEWHERE = "warehouse.elsewhere"
    WAREHOUSE_UNAVAILABLE = "warehouse.unavailable"
    WAREHOUSE_DISK_FULL = "warehouse.disk_full"
    WAREHOUSE_BOOKS_ALTERED = "warehouse.books_altered"
    WAREHOUSE_DENIED = "warehouse.denied"
    WAREHOUSE_NOT_FOUND = "warehouse.not_found"

    ZONE_UNAVAILABLE = "zone.unavailable"
    ZONE_UNWRITABLE = "zone.unwritable"

    REPLAY_NO_SIDECAR = "replay.no_sidecar"
    REPLAY_NAME_TAKEN = "replay.name_taken"

    ACTION_NO_TICKET = "action.no_ticket"
    ACTION_OTHER_TABLE = "action.other_table"

    DBT_FAILED = "dbt.failed"
    DBT_NO_MANIFEST = "dbt.no_manifest"
    DBT_NOT_INSTALLED = "dbt.not_installed"

    INTERNAL_UNEXPECTED = "internal.unexpected"


_MAX_TEXT = 8000
_MAX_VALUE = 2000
_MAX_COLUMN = 300


@dataclass(frozen=True, kw_only=True)
class ErrorDetail:
    """An error as a small JSON-able value: what XCom, the sidecar and ``--json`` carry.

    Small whatever a sender puts into a header or a cell: long texts are cut.

    :param code: an :class:`ErrorCode` value.
    :param message: what went wrong and why, one sentence, no cell value.
    :param hint: what to do next, shown as it is written: sentences, of which the first may begin
        with a command or name in backticks.
    :param file: name of the file (or path of the mapping) at fault.
    :param line: physical line from 1 in the decompressed file.
    :param record: record number from 1, the header not counted.
    :param column: column name in a data file, or 1-based column position in a mapping.
    :param key_path: dotted path of the key in a mapping.
    :param value: offending text; only the sidecar and ``load_rejects`` may show it.
    :param transient: whether a retry may help.
    :param trouble: of a transient one, what sort it is, if that is known.
    """

    code: str
    message: str
    hint: str | None = None
    file: str | None = None
    line: int | None = None
    record: int | None = None
    column: str | int | None = None
    key_path: str | None = None
    value: str | None = None
    transient: bool = False
    trouble: Trouble | None = None

    def __post_init__(self) -> None:
        limits = (("message", _MAX_TEXT), ("hint", _MAX_TEXT), ("value", _MAX_VALUE))
        for name, limit in (*limits, ("column", _MAX_COLUMN)):
            text = getattr(self, name)
            if isinstance(text, str):
                object.__setattr__(self, name, shortened(text, limit))

    def place(self) -> dict[str, Any]:
        """What says where, and the value there, for another error of the same place."""
        names = ("file", "line", "record", "column", "key_path", "value")
        return {name: getattr(self, name) for name in names}

    def where(self) -> str:
        """``file:line:column`` as far as known, then record and key path; ``""`` if nothing is."""
        place = ":".join(shown(str(p)) for p in (self.file, self.line) if p is not None)
        if isinstance(self.column, int):
            place += f":{self.column}"
        extra = []
        if self.record is not None:
            extra.append(f"record {self.record}")
        if isinstance(self.column, str):
            extra.append(f"column {shown(self.column)}")
        if self.key_path:
            extra.append(f"key {shown(self.key_path)}")
        return " ".join(p for p in (place, f"({', '.join(extra)})" if extra else "") if p)

    def sentence(self) -> str:
        """One line without what to do next: ``[code] where: message``."""
        where = self.where()
        return shown(f"[{self.code}] {where + ': ' if where else ''}{self.message}")

    def text(self) -> str:
        """One line for a log or a table: ``[code] where: message. Hint: ...``."""
        return " ".join(self.lines())

    def lines(self) -> tuple[str, ...]:
        """:meth:`text` in two lines, the second with what to do next; one, if nobody knows that."""
        said = self.sentence()
        if not self.hint:
            return (said,)
        return ended(said), shown(f"Hint: {self.hint}")

    def to_dict(self, *, show_value: bool = False) -> dict[str, Any]:
        """All fields as JSON-able values, ``trouble`` as its kind; ``value`` is blanked unless
        ``show_value``."""
        fields = asdict(self)
        fields["trouble"] = None if self.trouble is None else self.trouble.kind
        if not show_value:
            fields["value"] = None
        return fields


class LandingError(Exception):
    """Base of every error this package raises on purpose.

    :param code: the stable code.
    :param message: one sentence, no cell value.
    :param hint: what to do next.
    :param where: ``file``, ``line``, ``record``, ``column``, ``key_path``, ``value``, ``trouble``
        as in :class:`ErrorDetail`.
    :ivar sha256: of the data file that it is about, if an inspection of it had come to its end.
    """

    transient = False
    sha256: str | None = None

    def __init__(
        self, code: ErrorCode, message: str, *, hint: str | None = None, **where: Any
    ) -> None:
        self.detail = ErrorDetail(
            code=code.value, message=message, hint=hint, transient=self.transient, **where
        )
        super().__init__(self.detail.text())

    @property
    def code(self) -> ErrorCode:
        """The stable code."""
        return ErrorCode(self.detail.code)


class TerminalError(LandingError):
    """A retry cannot help: the delivery is quarantined now."""


class TransientError(LandingError):
    """A retry may help: nothing is moved, the step is tried again."""

    transient = True


class ConfigurationError(LandingError):
    """Settings or mappings are at fault: nothing starts, no delivery is touched."""


def explained(error: Exception, *, file: str | None = None) -> LandingError:
    """``error`` as one of ours. What nobody foresaw is transient: it moves no file.

    :param file: the file at hand, if it is one that the error is about.
    """
    if isinstance(error, LandingError):
        return error
    if isinstance(error, OSError) and error.strerror:
        at_fault = file
        if file is None and error.filename is not None:
            at_fault = str(error.filename)
        return TransientError(
            ErrorCode.INTERNAL_UNEXPECTED if file is None else ErrorCode.LANDING_UNREADABLE,
            f"the system refused: {error.strerror}",
            hint="Check rights, space and mounts with `landing-loader doctor`.",
            file=at_fault,
            trouble=trouble_of_connection(error),
        )
    return TransientError(
        ErrorCode.INTERNAL_UNEXPECTED,
        f"an unexpected {type(error).__name__}; this is a defect of landing-loader",
        hint="No file is lost, and the work goes on; report it with what `landing-loader check"
        " --debug` says of the file.",
        file=file,
        value=str(error),
    )


def contained(
    work: Callable[[], _T], otherwise: Callable[[LandingError], _T], *, file: str | None = None
) -> _T:
    """What the work on one file gives, or what ``otherwise`` makes of the error that ends it: a
    file that breaks its own step, in whatever way, does not break that of the others.

    :param file: its name.
    """
    try:
        return work()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this file's
        return otherwise(explained(error, file=file))
