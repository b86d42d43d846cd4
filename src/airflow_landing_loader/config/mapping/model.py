"""What a mapping may say, as frozen pydantic models: the one list of keys, types and defaults.

JSON Schema, reader, docs and DAG documentation all come from here. Rules about single values are in
``rules.py``; the rules between keys are the validators here; what two mappings may not say together
is in ``checks.py``. Numbers, text and true/false are never converted into each other: the text
``"1"`` is no number, and the number ``1`` is no delimiter.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, field_validator, model_validator
from pydantic_core.core_schema import ValidationInfo

from airflow_landing_loader.config.mapping import proof_rules, rules
from airflow_landing_loader.config.mapping.column_names import check_different
from airflow_landing_loader.config.mapping.column_types import ColumnTypes
from airflow_landing_loader.config.mapping.counted_lines import HeaderRecord, Trailer
from airflow_landing_loader.config.mapping.counted_name import NameCount
from airflow_landing_loader.config.mapping.dag_ids import dag_id_of
from airflow_landing_loader.config.mapping.dialect import ColumnName, CsvDialect, CsvKeys
from airflow_landing_loader.config.mapping.expectation import Expectation
from airflow_landing_loader.config.mapping.fields import (
    CompressionKey,
    Exclude,
    FilePattern,
    Flag,
    MappingModel,
    Number,
    TableName,
    Whole,
)
from airflow_landing_loader.config.mapping.identity import (
    Identity,
    IdentityKeys,
    require_parts,
)
from airflow_landing_loader.config.mapping.notify import Notify
from airflow_landing_loader.config.mapping.numbers import Numbers
from airflow_landing_loader.config.mapping.patterns.parts import NamePart
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.mapping.patterns.reading import PLACEHOLDERS
from airflow_landing_loader.config.mapping.patterns.template import Template
from airflow_landing_loader.config.mapping.proof import GoFile
from airflow_landing_loader.config.mapping.quality import Quality
from airflow_landing_loader.config.mapping.sequence import GO_NUMBER, Sequence
from airflow_landing_loader.config.mapping.table_options import BigQueryTable, DagOptions
from airflow_landing_loader.config.mapping.totals import check_columns
from airflow_landing_loader.config.schedule import SCHEDULE_SCHEMA, check_schedule
from airflow_landing_loader.config.yaml.values import refusal, whole_number
from airflow_landing_loader.exceptions import ErrorCode

__all__ = [
    "RESERVED_KEYS",
    "TABLE_KEYS",
    "BigQueryTable",
    "CsvDialect",
    "DagOptions",
    "GoFile",
    "HeaderRecord",
    "TableMapping",
    "Trailer",
]

RESERVED_KEYS = ("format", "source", "strategy", "environments")

TABLE_KEYS = ("schedule", "workers", "on_failed_file", "dbt", "dag", "bigquery", "types", "notify")
"""Keys that speak of the table or its DAG: the reader makes them equal in all its mappings."""

PROOFS = ("go_file", "trailer", "header_record")
"""Keys that say where the sender tells what a file holds."""
COUNTS = (*PROOFS, "name_count")
"""Those, and the key that says where the file's name counts."""

SETTLE_SECONDS = 2.0
SETTLE_SECONDS_UNPROVED = 10.0
"""Longer where nothing proves that a file is complete: senders pause."""

_GIB = 1024**3
_DAY = 24 * 60 * 60

_Schedule = Annotated[str, Field(max_length=100), AfterValidator(check_schedule)]
_Workers = Annotated[int, Field(strict=True, ge=1, le=256), BeforeValidator(whole_number)]


AddedText = Annotated[
    str,
    Field(max_length=255, json_schema_extra=rules.TEMPLATE_SCHEMA),
    AfterValidator(rules.check_template),
]
AddedColumns = Annotated[dict[ColumnName, AddedText], Field(max_length=100)]


class TableMapping(MappingModel):
    """One file pattern and the table it feeds, with its rules."""

    pattern: FilePattern = Field(description="File name pattern; * stands for any text.")
    table: TableName = Field(
        description="Table that the files feed: name, or schema.name. Created by the first load."
    )
    ignore_case: Flag = Field(
        default=False,
        description="Whether letters of the patterns' literal texts may be small or capital.",
    )
    go_file: GoFile | None = Field(
        default=None, description="Control file that must arrive before the data file is read."
    )
    trailer: Trailer | None = Field(
        default=None,
        validate_default=True,
        description="Last record of the file, with the count; never loaded.",
    )
    header_record: HeaderRecord | None = Field(
        default=None, description="Line above the data, with the count; never loaded."
    )
    name_count: NameCount | None = Field(
        default=None, description="The file's name holds the count, in a part of the pattern."
    )
    numbers: Numbers | None = Field(
        default=None, description="How the sender writes the numbers that totals are of."
    )
    exclude: tuple[Exclude, ...] = Field(
        default=(), description="Patterns of names that this mapping leaves to others."
    )
    csv: CsvKeys = Field(
        default=CsvDialect(),
        description="How the files are written; auto: that is detected for each file.",
    )
    add_columns: AddedColumns = Field(
        default={},
        description="Columns that the file has not, by name: a text, with the named parts of the "
        "pattern in braces.",
    )
    types: ColumnTypes = Field(
        default={},
        description="Types of columns, by name: the table is made with them, and drift columns "
        "that are named here become columns, with their history, at the next load.",
    )
    compression: CompressionKey = Field(
        default="auto",
        description="How the files are compressed. auto: as their names say, by .gz, .zst, .zstd, "
        ".bz2, .xz or .zip; zip: archives of one file.",
    )
    on_bad_row: Literal["fail", "reject"] = Field(
        default="fail",
        description="Wrong number of fields or unfit value: the file fails, or the row is put "
        "aside in load_rejects.",
    )
    max_rejected: Number = Field(
        default=0.01,
        ge=0,
        lt=1,
        description="Largest share of rows that may be rejected; above it the file fails.",
    )
    quality: Quality | None = Field(
        default=None,
        description="Rules for records, counted for each load and kept in load_quality.",
    )
    on_duplicate: Literal["skip", "load", "fail"] = Field(
        default="skip",
        description="The content equals the latest load of the same name: archive it unloaded, "
        "load it again, or fail it.",
    )
    on_redelivery: Literal["append", "replace", "fail"] = Field(
        default="append",
        description="A known name with new content: add its rows, replace the earlier load's rows "
        "in one transaction, or fail it.",
    )
    identity: IdentityKeys = Field(
        default=Identity(),
        description="What a delivery is of: its name; its content under any name; or a key of "
        "named parts, so that a restatement may have another name.",
    )
    sequence: Sequence | None = Field(
        default=None, description="Files are counted, and none may be left out."
    )
    expect: Expectation | None = Field(
        default=None,
        description="When files are expected, how many, and of how many rows; what did not come so "
        "is told.",
    )
    settle_seconds: Number = Field(
        default=SETTLE_SECONDS_UNPROVED,
        ge=0,
        le=_DAY,
        description="A file on a file system is read when it has not changed for this long. "
        f"Default where a go file, trailer, header_record or csv.data_end proves that it is "
        f"complete: {SETTLE_SECONDS:g}.",
    )
    grace_seconds: Number = Field(
        default=60.0,
        ge=0,
        le=7 * _DAY,
        description="For so long after its last change a file with too few records may still grow.",
    )
    max_record_bytes: Whole = Field(
        default=1024 * 1024, ge=1, le=_GIB, description="A longer record fails the file."
    )
    max_record_lines: Whole = Field(
        default=1000, ge=1, le=1_000_000, description="A record of more lines fails the file."
    )
    max_expansion: Number = Field(
        default=200.0,
        ge=1,
        le=1_000_000,
        description="A compressed file that becomes so many times larger than it was delivered "
        "fails, once it has passed free_expansion_bytes.",
    )
    free_expansion_bytes: Whole = Field(
        default=_GIB,
        ge=0,
        le=1024 * _GIB,
        description="A compressed file may expand to so much whatever its ratio.",
    )
    archive_layout: Annotated[
        str, Field(max_length=255), AfterValidator(rules.check_archive_layout)
    ] = Field(
        default="",
        description="Folders below the archive, with {table}, {yyyy}, {mm}, {dd}. Empty: flat.",
        json_schema_extra=rules.ARCHIVE_LAYOUT_SCHEMA,
    )
    schedule: _Schedule | None = Field(
        default=None,
        description="When the table's DAG looks for files: continuous (default), a preset, or a "
        "cron expression.",
        json_schema_extra=SCHEDULE_SCHEMA,
    )
    workers: _Workers | None = Field(
        default=None, description="Files of this table worked on at the same time."
    )
    on_failed_file: Literal["fail_run", "continue"] = Field(
        default="fail_run", description="Whether a quarantined file makes the DAG run fail."
    )
    dbt: Flag = Field(default=True, description="Whether dbt runs after files were loaded.")
    dag: DagOptions = Field(
        default=DagOptions(), description="What the table's DAG says of itself."
    )
    bigquery: BigQueryTable = Field(
        default=BigQueryTable(), description="How the table is made in BigQuery."
    )
    notify: Notify | None = Field(
        default=None,
        description="Who is told of what. Default: what channels/_all.yaml says, else nobody.",
    )
    origin: str = ""  # "file:line" where it is written; set by the reader, not a YAML key

    @field_validator("go_file")
    @classmethod
    def _pairs_with_data(cls, value: GoFile | None, info: ValidationInfo) -> GoFile | None:
        if value is not None and not value.lists and "pattern" in info.data:
            rules.check_pair(Pattern.parse(info.data["pattern"]), Pattern.parse(value.pattern))
        return value

    @field_validator("go_file")
    @classmethod
    def _has_one_number(cls, value: GoFile | None, info: ValidationInfo) -> GoFile | None:
        if value is not None and "pattern" in info.data:
            proof_rules.check_no_such_part(value, Pattern.parse(info.data["pattern"]))
        return value

    @field_validator("identity")
    @classmethod
    def _key_of_parts(cls, value: Identity, info: ValidationInfo) -> Identity:
        if value.key and "pattern" in info.data:
            there = Pattern.parse(info.data["pattern"]).names
            go_file = info.data.get("go_file")
            numbered = go_file is not None and go_file.sequence_number is not None
            there = (*there, GO_NUMBER) if numbered else there
            require_parts(value.key, there, ("identity", "key"))
        return value

    @field_validator("name_count", "sequence", "expect")
    @classmethod
    def _of_parts(
        cls, value: NameCount | Sequence | Expectation | None, info: ValidationInfo
    ) -> NameCount | Sequence | Expectation | None:
        if value is not None and "pattern" in info.data:
            value.require_of(Pattern.parse(info.data["pattern"]))
        return value

    @field_validator("add_columns")
    @classmethod
    def _filled_from_parts(cls, value: dict[str, str], info: ValidationInfo) -> dict[str, str]:
        check_different(value)
        if "pattern" in info.data:
            there = Pattern.parse(info.data["pattern"]).names
            for column, text in value.items():
                require_parts(Template.parse(text).names, there, ("add_columns", column))
        return value

    @field_validator("archive_layout")
    @classmethod
    def _folders_of_parts(cls, value: str, info: ValidationInfo) -> str:
        if "pattern" in info.data:
            there = (*PLACEHOLDERS, *Pattern.parse(info.data["pattern"]).names)
            require_parts(Template.parse(value).names, there, ("archive_layout",))
        return value

    @field_validator("trailer")
    @classmethod
    def _counted_trailer(cls, value: Trailer | None, info: ValidationInfo) -> Trailer | None:
        proof_rules.check_counted(value, info.data.get("go_file"))
        return value

    @field_validator("csv")
    @classmethod
    def _trailer_is_no_comment(cls, value: CsvDialect, info: ValidationInfo) -> CsvDialect:
        proof_rules.check_no_comment(value, info.data.get("trailer"))
        return value

    @field_validator("on_bad_row")
    @classmethod
    def _ends_are_told(cls, value: str, info: ValidationInfo) -> str:
        if value == "reject":
            proof_rules.check_trailer_told(info.data.get("trailer"))
            unproved = all(key in info.data and info.data[key] is None for key in COUNTS)
            proof_rules.check_footer_told(info.data.get("csv"), proved=not unproved)
        return value

    @field_validator("numbers")
    @classmethod
    def _numbers_are_read(cls, value: Numbers | None, info: ValidationInfo) -> Numbers | None:
        proofs = [info.data[key] for key in PROOFS if key in info.data]
        if value is not None and len(proofs) == len(PROOFS):
            proof_rules.check_numbers_read(proofs)
        return value

    @field_validator("exclude")
    @classmethod
    def _leaves_something(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        own = Pattern.parse(info.data["pattern"]) if "pattern" in info.data else None
        for text in value:
            if own and Pattern.parse(text).covers(own):
                raise refusal(
                    ErrorCode.MAPPING_BAD_PATTERN,
                    f"{text!r} excludes every name that {own.text!r} matches.",
                    hint="Narrow it, or remove the mapping.",
                )
        return value

    @model_validator(mode="after")
    def _columns_are_there(self) -> Self:
        for proof in PROOFS:
            rules_of = getattr(self, proof)
            if rules_of is not None:
                check_columns(proof, rules_of.totals, self.csv, self.add_columns)
        self.bigquery.require_typed(self.types)
        return self

    @model_validator(mode="after")
    def _is_of_its_number(self) -> Self:
        proof_rules.check_counted_once(self.sequence, self.go_file)
        if (counted := self.sequence) is not None:
            written = self.identity if "identity" in self.model_fields_set else None
            object.__setattr__(self, "identity", counted.identity(written))
        return self

    @model_validator(mode="after")
    def _settles_sooner_with_proof(self) -> Self:
        proved = any((*(getattr(self, key) for key in COUNTS), self.csv.data_end))
        if proved and "settle_seconds" not in self.model_fields_set:
            object.__setattr__(self, "settle_seconds", SETTLE_SECONDS)
        return self

    def __hash__(self) -> int:
        # Added columns are a dict, which pydantic cannot hash.
        return hash(self.model_dump_json())

    @property
    def data_pattern(self) -> Pattern:
        """``pattern``, ready to be compared with names."""
        return self._parsed(self.pattern)

    @property
    def go_pattern(self) -> Pattern | None:
        """``go_file.pattern``, ready to be compared with names; ``None`` without a go file."""
        return self._parsed(self.go_file.pattern) if self.go_file else None

    @property
    def dag_id(self) -> str:
        """``landing__<table>``, or ``landing__<schema>__<table>``."""
        return dag_id_of(self.table)

    def matches(self, name: str) -> bool:
        """Whether a file of this name belongs to this mapping.

        :param name: a file name, not a path.
        """
        return self.data_pattern.match(name) is not None and not self.excludes(name)

    def parts_of(self, name: str, number: int | None = None) -> tuple[NamePart, ...]:
        """What the named parts of ``pattern`` say in a file's name.

        :param number: what its go file says of it besides; ``None``: nothing.
        """
        parts = self.data_pattern.parts_of(name)
        return parts if number is None else (*parts, NamePart(GO_NUMBER, str(number), str(number)))

    def added_cells(self, name: str) -> tuple[str | None, ...]:
        """The values of ``add_columns`` in the rows of a file of this name; ``None`` is NULL."""
        if not self.add_columns:
            return ()
        values = {part.name: part.value for part in self.parts_of(name)}
        templates = map(Template.parse, self.add_columns.values())
        return tuple([template.filled(values) or None for template in templates])

    def excludes(self, name: str) -> bool:
        """Whether it leaves files of this name to others."""
        return any(self._parsed(text).match(name) is not None for text in self.exclude)

    def _parsed(self, text: str) -> Pattern:
        return Pattern.parse(text, ignore_case=self.ignore_case)
