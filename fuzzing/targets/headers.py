"""Header names: a header becomes legal, different column names, or its fault is the one told."""

from __future__ import annotations

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.header import column_names as names_of_record
from airflow_landing_loader.landing.marks import Dialect
from airflow_landing_loader.loading.names import column_names
from airflow_landing_loader.loading.reader import sql_name
from airflow_landing_loader.mapping.model import CsvDialect, TableMapping
from fuzzing.choices import Choices
from fuzzing.engine import connection
from fuzzing.model.csv_text import SlowReader
from fuzzing.model.data_file import clean
from fuzzing.promises import check_refusal

TOKENS = (
    b"a", b"A", b"b", b"_", b" ", b",", b'"', b'""', b'","', b"\n", b"\t", b"-", b".", b"1", b"%",
    b"_load_id", b"_extra", b"load_id", b"$row_number", b"select", b"x" * 150, b"\\", b"'",
    "é".encode(), "e\u0301".encode(), "ß".encode(), b"ss", "\u0130".encode(), b"i",
    "\u212a".encode(), b"k", "\u2028".encode(), "\xa0".encode(), "\ufeff".encode(),
    "\U0001f600".encode(), b"\x1f", b"\x85", b"\xff", "\u0660".encode(), "ﬁ".encode(), b";",
)  # fmt: skip

_DIALECTS = (CsvDialect(), CsvDialect(delimiter=";"), CsvDialect(quote=""), CsvDialect(escape="\\"))
_FILE, _LINE = "a_1.csv", 7
_MAX_LENGTH = 300
_OWN_COLUMNS = ("_load_id", "_extra", "_row_number")


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
    try:
        names = column_names(sent, file=_FILE, line=_LINE)
    except TerminalError as error:
        assert (error.detail.file, error.detail.line) == (_FILE, _LINE)
        check_refusal(error.detail, lines=_LINE, areas=("header",))
        assert error.detail.hint
        assert _is_true(error.code, sent), f"{error.code} of {sent}"
        return
    _check_names(names, sent)


def _is_true(code: ErrorCode, sent: tuple[str, ...]) -> bool:
    """Whether the header has what it is refused for."""
    made = [_made_of(name) for name in sent]
    folded = [name.casefold() for name in sent]
    taken = [name.lower() for name in made]
    if code is ErrorCode.HEADER_EMPTY_NAME:
        return "" in sent
    if code is ErrorCode.HEADER_RESERVED_NAME:
        own = any(name in _OWN_COLUMNS for name in taken)
        return own or any(name.startswith("_") for name in sent)
    if code is ErrorCode.HEADER_NAME_TOO_LONG:
        return max(len(name) for name in made) > _MAX_LENGTH
    if code is ErrorCode.HEADER_DUPLICATE_NAME:
        return len(set(folded)) < len(folded)
    return code is ErrorCode.HEADER_NAME_COLLISION and len(set(taken)) < len(taken)


def _made_of(name: str) -> str:
    legal = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in name)
    return f"_{legal}" if legal[:1].isdigit() else legal


def _check_names(names: tuple[str, ...], sent: tuple[str, ...]) -> None:
    assert names == tuple(_made_of(name) for name in sent)
    assert all(name.isascii() and name.isidentifier() for name in names)
    assert all(len(name) <= _MAX_LENGTH for name in names)
    assert not {name.lower() for name in names} & set(_OWN_COLUMNS)
    assert not any(name.startswith("_") or not name for name in sent)
    assert len({name.casefold() for name in sent}) == len(sent)
    # To the warehouse they are different.
    columns = ", ".join(f"{sql_name(name)} VARCHAR" for name in (*names, *_OWN_COLUMNS))
    con = connection()
    con.execute(f"CREATE OR REPLACE TEMP TABLE header ({columns})")
    described = con.execute("SELECT * FROM header").description
    assert [column[0] for column in described] == [*names, *_OWN_COLUMNS]
