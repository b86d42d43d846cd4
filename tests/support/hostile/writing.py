"""Files that are written cell by cell, each with the verdict that is right by how it was made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from airflow_landing_loader.exceptions import ErrorCode as Code

Cell = str | None
Row = tuple[Cell, ...]
HEADER: Row = ("id", "a", "b")
# Everything that some reader is known to trip over, and that is plain text by our grammar.
WORDS = (
    "x", "Müller", "", " ", " a ", "NULL", "null", "\\N", "nan", "NaN", "1e5", "007", "-0", "true",
    "2024-02-30", "=1+1", "\u2028", "\u2029", "\x0b", "\x0c", "\x1c", "\x85", "\x1a", "\ufeff",
    "\\", "\\\\", "\\n", "'", "''", "#", "# no", "--", "/*", "%s", "{}", "$1", "a\tb", "𝄞", "é",
    "e\u0301", "\u202e", "\x7f", "\xa0",
)  # fmt: skip
TAME = ("x", "Müller", "", " ", "\\", "'", "\u2028")
"""Without control characters: a broken file with those is taken for binary."""
QUOTED_WORDS = ('"', '""', '"a"', 'a"', ",", "a,b", "\n", "\r\n", "\r", "a\nb", '",\n"', "\n\n")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One file.

    :param rows: what must be in the table; ``None``: the file must be refused.
    :param code: with which code.
    :param line: and at which physical line.
    :param rejected: records that must be in ``load_rejects``.
    :param mapping: keys of its mapping.
    """

    content: bytes
    rows: Sequence[Row] | None = None
    code: Code | None = None
    line: int | None = None
    rejected: int = 0
    mapping: dict[str, Any] = field(default_factory=dict)


def quoted(text: str, quote: str, escape: str | None) -> str:
    """A cell within quotes; those in it, and escapes, behind an escape, or doubled."""
    escape = escape or quote
    inner = text.replace(escape, escape * 2)
    if escape != quote:
        inner = inner.replace(quote, escape + quote)
    return f"{quote}{inner}{quote}"


@dataclass(frozen=True)
class Writer:
    """Writes rows as a careful sender does."""

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None
    end: str = "\n"

    def cell(self, cell: Cell, *, always: bool = False) -> str:
        if cell is None:
            return ""
        special = (self.delimiter, self.quote, "\n", "\r")
        if cell and not always and not any(s in cell for s in special):
            return cell
        return quoted(cell, self.quote, self.escape)

    def line(self, row: Row) -> str:
        return self.delimiter.join(self.cell(cell) for cell in row) + self.end

    def text(self, rows: Sequence[Row]) -> str:
        return "".join(self.line(row) for row in (HEADER, *rows))


PLAIN = Writer()


def some_rows(chance: Random, *, lines: bool = True, words: Sequence[str] = WORDS) -> list[Row]:
    """Rows of hostile cells; without ``lines`` each is one physical line and needs no quotes."""
    pool: list[Cell] = [None, *words, *(QUOTED_WORDS if lines else ())]
    number = chance.randint(3, 30)
    return [(str(i), chance.choice(pool), chance.choice(pool)) for i in range(number)]


def one_bad(chance: Random, bad: Callable[[Row], str], code: Code, **keys: Any) -> Case:
    """A file with one bad line in place of a good one; any line but the header."""
    rows = some_rows(chance, lines=False, words=TAME)
    index = chance.randrange(len(rows))
    lines = [PLAIN.line(row) for row in (HEADER, *rows)]
    lines[index + 1] = bad(rows[index]) + "\n"
    return Case(content="".join(lines).encode(), code=code, line=index + 2, **keys)
