"""Header names: a header becomes legal, different column names, or its fault is the one told."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

from airflow_landing_loader.config.mapping.model import CsvDialect, TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.header.record import column_names as names_of_record
from airflow_landing_loader.loading.columns.drift import TableColumn, plan_columns
from airflow_landing_loader.loading.columns.names import FileColumn, file_columns
from airflow_landing_loader.loading.sql import sql_name
from fuzzing.choices import Choices
from fuzzing.engine import connection
from fuzzing.model.csv_text import SlowReader
from fuzzing.model.names_said import clean
from fuzzing.promises import check_refusal

TOKENS = (
    b"a", b"A", b"b", b"_", b" ", b",", b'"', b'""', b'","', b"\n", b"\t", b"-", b".", b"1", b"%",
    b"_load_id", b"_extra", b"load_id", b"$row_number", b"select", b"x" * 150, b"\\", b"'",
    "é".encode(), "e\u0301".encode(), "ß".encode(), b"ss", "\u0130".encode(), b"i",
    "\u212a".encode(), b"k", "\u2028".encode(), "\xa0".encode(), "\ufeff".encode(),
    "\u200b".encode(), "Ж".encode(), "取".encode(), "\u05b0".encode(), b"_PARTITION", b"_id",
    "\U0001f600".encode(), b"\x1f", b"\x85", b"\xff", "\u0660".encode(), "ﬁ".encode(), b";",
)  # fmt: skip

_DIALECTS = (CsvDialect(), CsvDialect(delimiter=";"), CsvDialect(quote=""), CsvDialect(escape="\\"))
_FILE, _LINE = "a_1.csv", 7
_MAX_LENGTH = 300
_OWN_COLUMNS = ("_load_id", "_extra", "_row_number")
_OF_BIGQUERY = (
    "_TABLE_", "_FILE_", "_PARTITION", "_ROW_TIMESTAMP", "__ROOT__", "_COLIDENTIFIER",
)  # fmt: skip


def run(data: bytes) -> None:
    """Make column names of a header record."""
    choices = Choices(data)
    csv = choices.pick(_DIALECTS)
    text = choices.text(TOKENS).decode(errors="ignore")
    read = SlowReader(text.encode(), TableMapping(pattern="*", table="t", csv=csv)).read()
    if read.verdict is not None or len(read.rows) != 1 or read.kind is not None:
        return
    sent = names_of_record(text, Dialect.of(csv))
    assert sent == tuple(clean(cell.text) for cell in read.rows[0].cells)
    rename = _rename(sent)
    named = _named(sent, rename)
    try:
        columns = file_columns(sent, rename, file=_FILE, line=_LINE)
    except TerminalError as error:
        assert (error.detail.file, error.detail.line) == (_FILE, _LINE)
        check_refusal(error.detail, lines=_LINE, areas=("header",))
        assert error.detail.hint
        assert _is_true(error.code, named), f"{error.code} of {named}"
        return
    assert tuple(column.sender for column in columns) == sent
    assert tuple(column.name for column in columns) == named
    names = tuple(column.column for column in columns)
    _check_names(names, named)
    _check_owners(columns)


def _rename(sent: tuple[str, ...]) -> dict[str, str]:
    """Another name for one of the columns, where the header begins with a sign for it."""
    return {sent[-1]: "b_1"} if sent[0] == "%" else {}


def _named(sent: tuple[str, ...], rename: dict[str, str]) -> tuple[str, ...]:
    folded = {_folded(name): other for name, other in rename.items()}
    return tuple(folded.get(_folded(name), name) for name in sent)


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def _is_true(code: ErrorCode, named: tuple[str, ...]) -> bool:
    """Whether the header has what it is refused for."""
    made = [_made_of(name) for name in named]
    folded = [_folded(name) for name in named]
    taken = [_folded(name) for name in made]
    if code is ErrorCode.HEADER_EMPTY_NAME:
        return "" in named
    if code is ErrorCode.HEADER_RESERVED_NAME:
        return any(name in _OWN_COLUMNS for name in taken)
    if code is ErrorCode.HEADER_NAME_TOO_LONG:
        return max(len(name) for name in made) > _MAX_LENGTH
    if code is ErrorCode.HEADER_DUPLICATE_NAME:
        return len(set(folded)) < len(folded)
    return code is ErrorCode.HEADER_NAME_COLLISION and len(set(taken)) < len(taken)


def _made_of(name: str) -> str:
    legal = "".join(c if _is_legal(c) else "_" for c in name)
    kept = any(legal.upper().startswith(prefix) for prefix in _OF_BIGQUERY)
    return f"_{legal}" if kept or not (legal[:1].isalpha() or legal[:1] == "_") else legal


def _is_legal(character: str) -> bool:
    return character == "_" or unicodedata.category(character)[0] in "LMN"


def _check_names(names: tuple[str, ...], named: tuple[str, ...]) -> None:
    assert names == tuple(_made_of(name) for name in named)
    assert all(len(name) <= _MAX_LENGTH for name in names)
    assert not {_folded(name) for name in names} & set(_OWN_COLUMNS)
    assert all(named)
    assert len({_folded(name) for name in named}) == len(named)
    # To the warehouse they are different.
    columns = ", ".join(f"{sql_name(name)} VARCHAR" for name in (*names, *_OWN_COLUMNS))
    con = connection()
    con.execute(f"CREATE OR REPLACE TEMP TABLE header ({columns})")
    described = con.execute("SELECT * FROM header").description
    assert [column[0] for column in described] == [*names, *_OWN_COLUMNS]


def _check_owners(columns: tuple[FileColumn, ...]) -> None:
    """Of names that become one column, only its owner fills it."""
    table = tuple(TableColumn(column.column, "VARCHAR") for column in columns)
    first = plan_columns(columns, table, {}, file=_FILE)
    assert [index for index, _ in first.known] == list(range(len(columns)))
    more = "?" * (1 + max(len(column.name) for column in columns))  # so that none of them is known
    others = tuple(replace(column, name=column.name + more, renamed=False) for column in columns)
    kept = (*others[:-1], columns[-1])
    again = plan_columns(kept, table, first.owners, file=_FILE)
    assert [index for index, _ in again.known] == [len(columns) - 1]
    assert again.extra == tuple((i, column.name) for i, column in enumerate(kept[:-1]))
