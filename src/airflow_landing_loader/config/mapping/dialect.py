"""How the text of a data file is written."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
)
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.config.mapping import encodings, rules
from airflow_landing_loader.config.mapping.column_names import (
    COLUMN_NAME_SCHEMA,
    check_column_name,
    check_different,
    check_rename,
)
from airflow_landing_loader.config.mapping.fields import (
    MAX_COLUMNS,
    Flag,
    MappingModel,
    Text,
    Whole,
)
from airflow_landing_loader.config.mapping.lines import LineKeys, LineMark
from airflow_landing_loader.config.yaml.values import refusal
from airflow_landing_loader.exceptions import ErrorCode

ColumnName = Annotated[
    str, AfterValidator(check_column_name), Field(json_schema_extra=COLUMN_NAME_SCHEMA)
]


class CsvDialect(MappingModel):
    """How the text of a data file is written; RFC 4180 unless told otherwise."""

    auto: Flag = Field(
        default=False,
        description="Whether delimiter, quote, escape, header and skip_rows are detected for each "
        "file, as far as they are not written here.",
    )
    delimiter: Annotated[str, AfterValidator(rules.check_delimiter)] = Field(
        default=",",
        description='Between two fields: one character, or up to four ASCII ones. Tab: "\\t".',
        json_schema_extra=rules.DELIMITER_SCHEMA,
    )
    quote: Annotated[str, AfterValidator(rules.check_quote)] = Field(
        default='"',
        validate_default=True,
        description="Around a field; '' if the sender quotes nothing.",
        json_schema_extra=rules.QUOTE_SCHEMA,
    )
    escape: Annotated[str, AfterValidator(rules.check_escape)] | None = Field(
        default=None,
        description="Before a quote inside quotes. Without it such a quote is doubled.",
        json_schema_extra=rules.ESCAPE_SCHEMA,
    )
    encoding: Annotated[str, AfterValidator(encodings.check_encoding)] = Field(
        default="utf-8",
        description="Character set of the file, by its usual name. utf-16 and utf-32 need a byte "
        "order mark.",
        json_schema_extra=encodings.ENCODING_SCHEMA,
    )
    header: Flag = Field(default=True, description="Whether the first record holds the names.")
    columns: tuple[ColumnName, ...] | None = Field(
        default=None,
        validate_default=True,
        min_length=1,
        max_length=MAX_COLUMNS,
        description="Column names: in file order for a file without a header; beside a header the "
        "names that it has, in any order.",
    )
    rename: Annotated[dict[str, ColumnName], Field(max_length=MAX_COLUMNS)] = Field(
        default={},
        description="Other names for columns of the header, by their names there; '' is a column "
        "without a name, '#3' the third one.",
    )
    repeated_header: Literal["refuse", "skip", "load"] = Field(
        default="refuse",
        description="A record that holds the column names again: it is refused as a bad row, left "
        "out, or loaded as data.",
    )
    skip_rows: Whole = Field(
        default=0, ge=0, le=10_000, description="Lines before the header that are no CSV."
    )
    skip_lines: LineKeys | None = Field(
        default=None,
        description="Lines right before the header or right behind it that are no records, such as "
        "a line of dashes.",
    )
    data_start: LineKeys | None = Field(
        default=None,
        description="The line behind which the header comes, or the first record where there is "
        "none. All lines up to it are no CSV.",
    )
    data_end: LineKeys | None = Field(
        default=None,
        description="The line behind the last record. It and all that follow are no CSV; a file "
        "without it is not complete.",
    )
    footer_rows: Whole = Field(
        default=0,
        ge=0,
        le=100,
        validate_default=True,
        description="Lines at the end of the file that are no CSV, blank ones counted.",
    )
    null_values: tuple[Text, ...] = Field(
        default=(), description="Texts that mean NULL, besides the empty field."
    )
    row_number: Flag = Field(
        default=False, description="Whether each row keeps its record number in its file."
    )
    trailing_delimiter: Literal["refuse", "ignore"] = Field(
        default="refuse",
        description="A delimiter behind the last field, in the header, the records or both: it is "
        "one field more, or it is ignored.",
    )
    blank_around_quotes: Flag = Field(
        default=False,
        description="Whether blanks and tabs between a delimiter and a quote are dropped.",
    )
    excel_formulas: Flag = Field(
        default=False, description='Whether ="00123" is the text 00123, as it is for Excel.'
    )
    comments: Annotated[str, AfterValidator(rules.check_comments)] | None = Field(
        default=None,
        description="How a line begins that is a comment, where a record could begin.",
        json_schema_extra=rules.COMMENTS_SCHEMA,
    )
    mixed_line_ends: Flag = Field(
        default=False, description="Whether LF, CRLF and CR all end a record in one file."
    )
    escape_sequences: Literal["mysql", "postgres", "spark"] | None = Field(
        default=None,
        description="Whose backslash sequences stand in the text: those of MySQL's LOAD DATA, of "
        "the text format of Postgres's COPY, or of Spark's CSV.",
    )

    @field_validator("data_start")
    @classmethod
    def _one_start(cls, value: LineMark | None, info: ValidationInfo) -> LineMark | None:
        if value is not None and info.data.get("skip_rows"):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "skip_rows and data_start both say where the lines above the data end.",
                hint="Leave skip_rows out; lines behind data_start may be left out by skip_lines.",
            )
        return value

    @field_validator("footer_rows")
    @classmethod
    def _one_end(cls, value: int, info: ValidationInfo) -> int:
        if value and info.data.get("data_end") is not None:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "data_end and footer_rows both say where the data end.",
                hint="Leave footer_rows out: all that follows data_end is footer.",
            )
        return value

    @field_validator("quote")
    @classmethod
    def _quote_is_no_delimiter(cls, value: str, info: ValidationInfo) -> str:
        if value and value in info.data.get("delimiter", ""):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"The delimiter contains the quote {value!r}.",
                hint="Change one of them; quote: '' if the sender quotes nothing.",
                at=("delimiter",),
            )
        return value

    @field_validator("escape")
    @classmethod
    def _escape_has_a_quote(cls, value: str | None, info: ValidationInfo) -> str | None:
        quote = info.data.get("quote")
        if value is None or quote is None:
            return value
        if quote == "":
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "An escape works inside quotes, but quote is empty.",
                hint="Leave escape out, or give a quote.",
            )
        if value in info.data.get("delimiter", ""):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"The delimiter contains the escape {value!r}.",
                hint="Change one of them.",
            )
        return None if value == quote else value  # the quote doubled: what None means

    @field_validator("blank_around_quotes")
    @classmethod
    def _quotes_to_stand_beside(cls, value: bool, info: ValidationInfo) -> bool:
        if value and info.data.get("quote") == "":
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "Blanks beside quotes are to be dropped, but quote is empty.",
                hint="Leave blank_around_quotes out, or give a quote.",
            )
        return value

    @field_validator("excel_formulas")
    @classmethod
    def _quoted_as_excel_does(cls, value: bool, info: ValidationInfo) -> bool:
        others = (info.data.get("quote", '"') != '"', info.data.get("escape") is not None)
        if value and (any(others) or "=" in info.data.get("delimiter", "")):
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                'Excel writes ="text" with double quotes, doubles quotes within, and delimits by '
                "no =; the mapping says otherwise.",
                hint="Leave quote and escape out, and take another delimiter; or leave "
                "excel_formulas out.",
            )
        return value

    @field_validator("comments")
    @classmethod
    def _comments_are_no_fields(cls, value: str | None, info: ValidationInfo) -> str | None:
        marks = [info.data.get(key) or "" for key in ("delimiter", "quote")]
        for mark in marks:
            if value and mark and (value.startswith(mark) or mark.startswith(value)):
                raise refusal(
                    ErrorCode.MAPPING_CONTRADICTION,
                    f"A line that begins with {value!r} may be a record: {mark!r} is the delimiter "
                    "or the quote.",
                    hint="Comments have to begin with something else.",
                )
        return value

    @field_validator("escape_sequences")
    @classmethod
    def _sequences_have_the_backslash(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None:
            return value
        wrong = _not_beside_sequences(value, info.data)
        if wrong is not None:
            what, hint = wrong
            raise refusal(ErrorCode.MAPPING_CONTRADICTION, what, hint=hint)
        return value

    @field_validator("columns")
    @classmethod
    def _columns_where_no_header_is(
        cls, value: tuple[str, ...] | None, info: ValidationInfo
    ) -> tuple[str, ...] | None:
        header = info.data.get("header")
        if header is False and value is None:
            raise refusal(
                ErrorCode.MAPPING_MISSING_KEY,
                "A file without a header needs csv.columns: nothing else names its columns.",
                hint="Add columns: [first, second, ...] in file order.",
            )
        check_different(value or ())
        return value

    @field_validator("rename")
    @classmethod
    def _names_in_a_header(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        if "columns" in info.data:
            check_rename(value, header=info.data.get("header"), columns=info.data["columns"])
        return value

    def __hash__(self) -> int:
        # The new names are a dict, which pydantic cannot hash.
        return hash(self.model_dump_json())

    def is_open(self, key: str) -> bool:
        """Whether a key is to be detected: ``auto`` is true and the key is not written."""
        return self.auto and key not in self.model_fields_set

    @model_serializer(mode="wrap")
    def _with_open_keys_left_out(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Read back, a default that was never written must not count as written."""
        fields: dict[str, Any] = handler(self)
        return {key: value for key, value in fields.items() if not self.is_open(key)}


def _not_beside_sequences(value: str, keys: dict[str, Any]) -> tuple[str, str] | None:
    """What other keys say that contradicts ``escape_sequences``, and what to do, if so."""
    quote = keys.get("quote")
    if keys.get("escape") is not None:
        return (
            f"escape_sequences: {value} says what a backslash means, and escape says it too.",
            "Leave escape out.",
        )
    if any("\\" in (keys.get(key) or "") for key in ("delimiter", "quote", "comments")):
        return (
            "The backslash is the delimiter, the quote or the beginning of a comment, and begins "
            "escape sequences.",
            "Change one of them.",
        )
    if keys.get("excel_formulas"):
        return (
            "Excel writes no escape sequences.",
            "Leave excel_formulas or escape_sequences out.",
        )
    if value == "postgres" and quote:
        return (
            "The text format of Postgres has no quotes: a quote is text.",
            "Write quote: '' beside it; for COPY ... (FORMAT csv) leave escape_sequences out.",
        )
    if value == "spark" and quote == "":
        return (
            "Spark's escapes work inside quotes, but quote is empty.",
            "Leave escape_sequences out, or give a quote.",
        )
    return None


def _short_form(value: object) -> object:
    return {"auto": True} if value == "auto" else value


CsvKeys = Annotated[CsvDialect, BeforeValidator(_short_form)]
"""A dialect as a mapping writes it: keys, or ``auto`` for ``{auto: true}``."""
