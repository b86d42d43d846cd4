"""What a mapping may say, as frozen pydantic models: the one list of keys, types and defaults.

JSON Schema, reader, docs and DAG documentation all come from here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

RESERVED_KEYS = ("format", "source", "strategy", "expect", "bigquery", "environments")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class GoFile(_Model):
    """A control file that says its data file is complete and how many records it has."""

    pattern: str
    format: Literal["properties", "csv"]
    row_count_key: str | None = None
    row_count_column: int | str | None = None
    status_key: str | None = None
    status_column: int | str | None = None
    status_ok: tuple[str, ...] = ("SUCCESS",)
    count_includes: tuple[Literal["header", "trailer"], ...] = ()


class Trailer(_Model):
    """The last record of a data file, with the count; never loaded."""

    row_count_column: int
    tag: str | Literal[False] | None = None
    count_includes: tuple[Literal["header", "trailer"], ...] = ()


class CsvDialect(_Model):
    """How the text of a data file is written; RFC 4180 unless told otherwise."""

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None  # None: the quote doubled
    encoding: str = "utf-8"
    header: bool = True
    columns: tuple[str, ...] | None = None
    skip_rows: int = 0
    null_values: tuple[str, ...] = ()
    row_number: bool = False


class DagOptions(_Model):
    """What a table's DAG says of itself."""

    owner: str | None = None
    tags: tuple[str, ...] = ()
    retries: int | None = None
    description: str | None = None


class TableMapping(_Model):
    """One file pattern and the table it feeds, with its rules."""

    pattern: str
    table: str
    go_file: GoFile | None = None
    trailer: Trailer | None = None
    exclude: tuple[str, ...] = ()
    csv: CsvDialect = CsvDialect()
    on_bad_row: Literal["fail", "reject"] = "fail"
    max_rejected: Annotated[float, Field(ge=0, lt=1)] = 0.01
    on_duplicate: Literal["skip", "load", "fail"] = "skip"
    on_redelivery: Literal["append", "replace", "fail"] = "append"
    identity: Literal["name", "content"] = "name"
    settle_seconds: Annotated[float, Field(ge=0)] = 2.0
    grace_seconds: Annotated[float, Field(ge=0)] = 60.0
    max_record_bytes: int = 1024 * 1024
    max_record_lines: int = 1000
    archive_layout: str = ""
    schedule: str | None = None  # None: continuous polling
    workers: int | None = None
    on_failed_file: Literal["fail_run", "continue"] = "fail_run"
    dbt: bool = True
    dag: DagOptions = DagOptions()
    origin: str = ""  # "file:line" where it is written; set by the reader, not a YAML key
