"""How a file proves that it is complete by its go file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, field_validator
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.config.mapping import encodings, rules
from airflow_landing_loader.config.mapping.fields import (
    COUNT_INCLUDES,
    ColumnRef,
    Counted,
    FilePattern,
    Flag,
    MappingModel,
    Text,
)
from airflow_landing_loader.config.mapping.json_path import is_json_path
from airflow_landing_loader.config.mapping.listing import ListsFiles
from airflow_landing_loader.config.mapping.totals import (
    TOTALS_DESCRIPTION,
    Totals,
    places_of,
)
from airflow_landing_loader.config.yaml.values import refusal
from airflow_landing_loader.exceptions import ErrorCode

_WHERE = "Where it stands: a key of properties, a column of csv, a path of json."

GoFormat = Literal["presence", "properties", "csv", "json", "checksum"]

PLACES = ("status", "checksum", "size", "business_date", "sequence_number", "row_count")
"""What may stand in a go file, each the key of a mapping that says where."""

_TEXT_KEYS = ("encoding", *PLACES, "totals")
KEYS_OF_FORMAT: dict[GoFormat, tuple[str, ...]] = {
    "presence": (),
    "properties": (*_TEXT_KEYS, "status_key", "row_count_key"),
    "csv": (
        *_TEXT_KEYS,
        "delimiter",
        "header",
        "lists_files",
        "status_column",
        "row_count_column",
    ),
    "json": (*_TEXT_KEYS, "lists_files"),
    "checksum": ("encoding", "lists_files"),
}
"""The keys of each format, besides those of all."""

FORMAT_KEYS = tuple(dict.fromkeys(key for keys in KEYS_OF_FORMAT.values() for key in keys))
STATUS_KEYS = ("status", "status_key", "status_column")
COLUMN_KEYS = ("lists_files", *PLACES, "status_column", "row_count_column")
COUNT_KEYS = ("row_count", "row_count_key", "row_count_column")
PROVING = ("lists_files", *STATUS_KEYS, "checksum", "size", "totals", *COUNT_KEYS)
"""Of these one at least is written where the format alone proves nothing; as the model has them."""

COUNT_KEY: dict[GoFormat, str] = {
    "properties": "row_count_key",
    "csv": "row_count_column",
    "json": "row_count",
}
"""The one to write where nothing is said, by format."""

_COUNT_EXAMPLE = {"row_count_key": "record_count", "row_count_column": "2", "row_count": "$.rows"}


_Encoding = Annotated[
    str,
    AfterValidator(encodings.check_encoding),
    Field(json_schema_extra=encodings.ENCODING_SCHEMA),
]
_Delimiter = Annotated[
    str, AfterValidator(rules.check_delimiter), Field(json_schema_extra=rules.DELIMITER_SCHEMA)
]


class GoFile(MappingModel):
    """A control file that says its data file is complete, and by what that is proved."""

    pattern: FilePattern = Field(
        description="Name of the go file; each * stands for the same text as in the data file, "
        "unless lists_files says that it names its data files."
    )
    format: GoFormat = Field(
        description="presence: any content, also none. properties: lines key=value. csv: one line "
        "of fields, or one per data file. json: a document. checksum: as sha256sum writes it."
    )
    encoding: _Encoding | None = Field(
        default=None, description="Character set of the go file. Default: utf-8."
    )
    delimiter: _Delimiter | None = Field(
        default=None, description='csv: between two fields, as csv.delimiter. Default: ",".'
    )
    header: Flag | None = Field(
        default=None,
        description="csv: whether the first line is a header. Default: where a column is given by "
        "its name.",
    )
    lists_files: ListsFiles = Field(
        default=None,
        description="One go file for several data files: where their names stand in it, a column "
        "of csv, a path of json, true for checksum. All of them are taken together, or none is.",
    )
    status: ColumnRef | None = Field(default=None, description=f"The sender's status. {_WHERE}")
    status_key: Text | None = Field(
        default=None, description="properties: another word for status."
    )
    status_column: ColumnRef | None = Field(
        default=None, description="csv: another word for status."
    )
    checksum: ColumnRef | None = Field(
        default=None,
        description="MD5, SHA-1, SHA-256 or SHA-512 of the data file as delivered, in hexadecimal "
        f"digits. {_WHERE}",
    )
    size: ColumnRef | None = Field(
        default=None, description=f"Bytes of the data file as delivered. {_WHERE}"
    )
    business_date: ColumnRef | None = Field(
        default=None, description=f"The day that the data are of, as 2024-01-15. {_WHERE}"
    )
    sequence_number: ColumnRef | None = Field(
        default=None,
        description=f"The number that sequence counts the files by. {_WHERE}",
    )
    totals: Totals | None = Field(
        default=None,
        description=f"{TOTALS_DESCRIPTION}sum_at, min_at, max_at, distinct_at, hash_total_at. "
        f"{_WHERE}",
    )
    row_count: ColumnRef | None = Field(
        default=None, validate_default=True, description=f"Number of records. {_WHERE}"
    )
    row_count_key: Text | None = Field(
        default=None, validate_default=True, description="properties: another word for row_count."
    )
    row_count_column: ColumnRef | None = Field(
        default=None, validate_default=True, description="csv: another word for row_count."
    )
    status_ok: tuple[Text, ...] = Field(
        default=("SUCCESS",),
        min_length=1,
        description="Values of the status that let the file load; any other one fails it.",
    )
    count_includes: Counted = Field(default=(), description=COUNT_INCLUDES)

    @field_validator(*FORMAT_KEYS)
    @classmethod
    def _of_its_format(cls, value: Any, info: ValidationInfo) -> Any:
        form, name = info.data.get("format"), info.field_name or ""
        if form is not None and value is not None:
            _require_of_format(name, form)
            if name in PLACES:
                _require_place(name, form, value)
            if name == "totals":
                for found in places_of(value):
                    _require_place(found.key, form, found.place, found.key_path)
        return value

    @field_validator("sequence_number")
    @classmethod
    def _of_one_data_file(cls, value: Any, info: ValidationInfo) -> Any:
        if value is not None and info.data.get("lists_files") is not None:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "The go file is of several data files, and its number would be that of them all.",
                hint="Count them by a part of their names: sequence: {part: seq}.",
            )
        return value

    @field_validator("delimiter")
    @classmethod
    def _delimiter_is_no_quote(cls, value: str | None) -> str | None:
        if value is not None and '"' in value:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "The delimiter contains the quote '\"'.",
                hint="Go files are quoted by it, if at all.",
            )
        return value

    @field_validator("status_key", "status_column", "row_count_key", "row_count_column")
    @classmethod
    def _said_once(cls, value: Any, info: ValidationInfo) -> Any:
        plain = (info.field_name or "").rpartition("_")[0]
        if value is not None and info.data.get(plain) is not None:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"{plain} and {info.field_name} are two words for the same.",
                hint="Remove one of them.",
            )
        return value

    @field_validator(*COLUMN_KEYS)
    @classmethod
    def _name_in_a_header(cls, value: Any, info: ValidationInfo) -> Any:
        in_csv = info.data.get("format") == "csv" and isinstance(value, str)
        if in_csv and info.data.get("header") is False:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"{info.field_name} names a column, but by header: false there is no header.",
                hint="Give its position, from 1; or remove header.",
            )
        return value

    @field_validator("totals")
    @classmethod
    def _totals_named_in_a_header(cls, value: Totals | None, info: ValidationInfo) -> Totals | None:
        named = [found for found in places_of(value) if isinstance(found.place, str)]
        if named and info.data.get("format") == "csv" and info.data.get("header") is False:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"totals names a column {named[0].place!r} of the go file, but by header: false "
                "there is no header.",
                hint="Give its position, from 1; or remove header.",
                at=named[0].key_path,
            )
        return value

    @field_validator("row_count", "row_count_key", "row_count_column")
    @classmethod
    def _something_is_proved(cls, value: Any, info: ValidationInfo) -> Any:
        form, name = info.data.get("format"), info.field_name or ""
        silent = value is None and _unsaid(info, PROVING[: PROVING.index(name)])
        if form is not None and COUNT_KEY.get(form) == name and silent:
            raise refusal(
                ErrorCode.MAPPING_MISSING_KEY,
                f"A {form} go file needs {name}, or checksum, size, totals or status: nothing says "
                "where its proof stands.",
                hint=f"Add {name}: {_COUNT_EXAMPLE[name]}. Where the file alone is the proof, "
                "write format: presence.",
            )
        return value

    @field_validator("status_ok")
    @classmethod
    def _status_is_read(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if value != ("SUCCESS",) and _unsaid(info, STATUS_KEYS):
            raise refusal(
                ErrorCode.MAPPING_MISSING_KEY,
                "status_ok says which status is good, but nothing says where the status stands.",
                hint="Add status_key (properties), status_column (csv) or status (json).",
            )
        return value

    @field_validator("count_includes")
    @classmethod
    def _count_is_read(cls, value: Counted, info: ValidationInfo) -> Counted:
        if value and _unsaid(info, COUNT_KEYS):
            raise refusal(
                ErrorCode.MAPPING_MISSING_KEY,
                "count_includes says what is counted, but nothing says where the count stands.",
                hint="Remove it, or add row_count.",
            )
        return value

    @property
    def lists(self) -> bool:
        """Whether it names its data files, which are taken together."""
        return self.lists_files is not None

    @property
    def way_of_listing(self) -> tuple[object, ...]:
        """By what the names of its data files are found in it."""
        encoding, delimiter = self.encoding or "utf-8", self.delimiter or ","
        return self.format, encoding, delimiter, self.has_header, self.lists_files

    @property
    def count_place(self) -> str | int | None:
        """Where the number of records stands, by whichever word it is written."""
        return self.row_count or self.row_count_key or self.row_count_column

    @property
    def status_place(self) -> str | int | None:
        """Where the status stands, by whichever word it is written."""
        return self.status or self.status_key or self.status_column

    @property
    def has_header(self) -> bool:
        """csv: whether the first line is a header."""
        if self.header is not None:
            return self.header
        totals = [found.place for found in places_of(self.totals)]
        values = (self.count_place, self.status_place, *totals)
        places = (self.lists_files, *values, *(getattr(self, place) for place in PLACES))
        return any(isinstance(place, str) for place in places)


def _unsaid(info: ValidationInfo, keys: Sequence[str]) -> bool:
    # What was refused is not among the data; it was written, though.
    return all(info.data.get(key, key) is None for key in keys)


def _require_of_format(name: str, form: GoFormat) -> None:
    if name in KEYS_OF_FORMAT[form]:
        return
    plain = name.removesuffix("_key").removesuffix("_column")
    words = (f"{plain}_key", f"{plain}_column", plain)
    known = next((word for word in words if word in KEYS_OF_FORMAT[form]), None)
    hint = f"Use {known}, or change format." if known else "Remove it, or change format."
    if name == "lists_files":
        hint = "What names several files is of the format csv, json or checksum."
    raise refusal(ErrorCode.MAPPING_UNKNOWN_KEY, f"{name} is not for a {form} go file.", hint=hint)


def _require_place(name: str, form: GoFormat, value: str | int, at: tuple[str, ...] = ()) -> None:
    if form == "properties" and not isinstance(value, str):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{name} is the key of a property, but is the number {value}.",
            hint=f'Put it in quotes: "{value}".',
            at=at,
        )
    if form == "json" and not (isinstance(value, str) and is_json_path(value)):
        raise refusal(
            ErrorCode.MAPPING_BAD_VALUE,
            f"{name} is not a path into a JSON document. Allowed: $ for the document, .name or "
            "['name'] for a member, [0] for an element, [*] for every one.",
            hint="For example $.rows, or $.files[*].rows: of several files, the one that is named.",
            at=at,
        )
