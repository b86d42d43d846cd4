"""How the errors of a mapping are told."""

from __future__ import annotations

from pydantic import BaseModel

from airflow_landing_loader.config.mapping.counted_name import NameCount
from airflow_landing_loader.config.mapping.expectation import Expectation, RowsExpected
from airflow_landing_loader.config.mapping.identity import Identity
from airflow_landing_loader.config.mapping.lines import LINE_KEYS, LineMark
from airflow_landing_loader.config.mapping.model import (
    PROOFS,
    RESERVED_KEYS,
    BigQueryTable,
    CsvDialect,
    DagOptions,
    GoFile,
    HeaderRecord,
    TableMapping,
    Trailer,
)
from airflow_landing_loader.config.mapping.notify import Notify
from airflow_landing_loader.config.mapping.numbers import Numbers
from airflow_landing_loader.config.mapping.quality import Quality
from airflow_landing_loader.config.mapping.sequence import Sequence
from airflow_landing_loader.config.mapping.totals import ColumnTotals
from airflow_landing_loader.config.yaml.explaining import Vocabulary
from airflow_landing_loader.config.yaml.findings import KeyPath
from airflow_landing_loader.exceptions import ErrorCode

NOT_WRITTEN = ("pattern", "origin")
"""Fields of the model that are no keys: the pattern is the key above, the origin is ours."""

_ANY = "*"
"""Stands for a name that a person chooses."""

_SECTIONS: dict[KeyPath, type[BaseModel]] = {
    (): TableMapping,
    ("go_file",): GoFile,
    ("trailer",): Trailer,
    ("header_record",): HeaderRecord,
    **{(key, "totals", _ANY): ColumnTotals for key in PROOFS},
    ("name_count",): NameCount,
    ("numbers",): Numbers,
    ("csv",): CsvDialect,
    **{("csv", key): LineMark for key in LINE_KEYS},
    ("dag",): DagOptions,
    ("bigquery",): BigQueryTable,
    ("identity",): Identity,
    ("quality",): Quality,
    ("sequence",): Sequence,
    ("expect",): Expectation,
    ("expect", "rows"): RowsExpected,
    ("notify",): Notify,
}


def _home(section: KeyPath) -> KeyPath:
    return (*section[:2], _ANY) if section[1:2] == ("totals",) else section


VOCABULARY = Vocabulary(
    what="a mapping",
    sections=_SECTIONS,
    unknown_key=ErrorCode.MAPPING_UNKNOWN_KEY,
    missing_key=ErrorCode.MAPPING_MISSING_KEY,
    bad_value=ErrorCode.MAPPING_BAD_VALUE,
    hidden=NOT_WRITTEN,
    home=_home,
    reserved=dict.fromkeys(RESERVED_KEYS, ErrorCode.MAPPING_RESERVED_KEY),
    beside="beside table",
    examples={
        "table": "raw_trades",
        "pattern": "trades_*.go",
        "format": "properties, or presence, csv, json, checksum",
        "row_count_column": "1",
        "by": '"07:00"',
        "part": "seq",
        "to": "[email]",
    },
    never={"pattern": "The pattern is the key that this mapping stands under."},
)
