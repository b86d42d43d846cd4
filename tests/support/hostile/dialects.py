"""Tables written in a dialect that nobody tells, as senders write them and as an adversary would.

What a file holds is known from the list of cells that it was made of. Bytes that are equal in two
dialects have no truth; the rules by which ``docs/csv.md`` takes such bytes are kept here: a double
quote at the edge of a field is a quote, a line before the table is poor in delimiters and the table
below it has three records, and the header of a single column is one word.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal

from tests.support.hostile.writing import quoted

Row = tuple[str, ...]
Quoting = Literal[0, 1, 2, 3]

DELIMITERS = (",", ";", "\t", "|", "||", ":", "^", "~", "\x1f", "\x01")
WORDS = ("rome", "Ann", "new york", "Müller", "O'Brien", "x", "N/A", "", "-", "true", "Ltd.")
NASTY = (
    *WORDS, ",", ";", "a,b", "a;b", "x|y", "p\tq", "2,5", "1.234,56", "1,2,3", "'", "'x'", "''",
    '"', 'say "hi"', '"x"', '5"', "\\", "\\\\", 'a\\"b', "C:\\dir", "a\nb", "a\r\nb", "\n", "12:30",
    "~^~", "||", "#", " ", " a ", "2024-01-15 10:00", "'a,b'", "'a;b", '",', "','", '","', "a:b,c",
    "\x1f",
)  # fmt: skip
NAMES = (
    "id",
    "name",
    "amount",
    "city",
    "trade_date",
    "Client Name",
    "price (EUR)",
    "note",
    "q1",
    "A-B",
)
NASTY_NAMES = (
    "a,b",
    "c;d",
    "p|q",
    "x:y",
    'say "hi"',
    "'n'",
    "it's",
    "m\nn",
    "\\",
    "1",
    "2024",
    "#id",
)
TEXT_LINES = (
    "Report", "Daily positions", "# made by hand", "", "Account: 123", "it's ours", 'the "best"',
    "a,b", "x;y", "2024-01-15", "Page 1 of 3", "Key;Value", "sep=;",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sent:
    """One file.

    :param name: its file name.
    :param header: column names as they were written.
    :param rows: the cells; an empty one is NULL or an empty text.
    :param keys: of its mapping.
    """

    name: str
    content: bytes
    header: Row
    rows: Sequence[Row]
    keys: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a sender writes."""

    delimiter: str = ","
    quote: str = '"'
    escape: str | None = None
    always: bool = False
    end: str = "\n"

    def text(self, rows: Sequence[Row]) -> str:
        """The rows as Python's ``csv`` writes them; by hand what it cannot write.

        With line ends of CR it would leave an LF in a cell without quotes, as another line end.
        """
        if len(self.delimiter) > 1 or self.escape or not self.quote or self.end == "\r":
            return "".join(self.delimiter.join(map(self._cell, row)) + self.end for row in rows)
        file = io.StringIO()
        csv.writer(
            file,
            delimiter=self.delimiter,
            quotechar=self.quote,
            quoting=csv.QUOTE_ALL if self.always else csv.QUOTE_MINIMAL,
            lineterminator=self.end,
        ).writerows(rows)
        return file.getvalue()

    def can_write(self, cell: str) -> bool:
        """Whether a cell has a place in the dialect, and bytes that do not belong to another."""
        bare = cell.strip()
        if not self.quote and any(s in cell for s in (self.delimiter, "\n", "\r")):
            return False
        edged = bare.startswith('"') or bare.endswith('"')
        return self.quote == '"' or self.always or not edged

    def _cell(self, cell: str) -> str:
        special = any(s and s in cell for s in (self.delimiter[0], self.quote, "\n", "\r"))
        if not self.quote or not (self.always or special):
            return cell
        return quoted(cell, self.quote, self.escape)


def some_dialect(chance: Random) -> Dialect:
    """A dialect of those that are detected."""
    quote = chance.choice(['"'] * 4 + ["'", ""])
    return Dialect(
        delimiter=chance.choice(DELIMITERS + DELIMITERS[:4] * 3),
        quote=quote,
        escape="\\" if quote and chance.random() < 0.25 else None,
        always=bool(quote) and chance.random() < 0.3,
        end=chance.choice(["\n", "\n", "\r\n", "\r"]),
    )


def _column(chance: Random, nasty: bool) -> Callable[[], str]:
    """A source of cells for one column."""
    kinds: list[Callable[[], str]] = [
        lambda: str(chance.randint(-99, 9999)),
        lambda: f"{chance.randint(0, 999)},{chance.randint(0, 99):02}",
        lambda: f"{chance.uniform(0, 99):.2f}",
        lambda: f"2024-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}",
        lambda: f"T-{chance.randint(1, 999)}",
        lambda: chance.choice(WORDS),
    ]
    if nasty:
        kinds += [
            lambda: chance.choice(NASTY),
            lambda: chance.choice(NASTY) + chance.choice(NASTY),
            lambda: chance.choice(["x,y", "5,6", "x;y", "'x'", '"x"', "\\\\"]),
        ]
    return chance.choice(kinds)


def some_table(chance: Random) -> Sent:
    """A hostile file."""
    dialect = some_dialect(chance)
    nasty = chance.random() < 0.8
    columns = chance.choice([1, 2, 2, 3, 3, 4, 5, 6])
    pool = NAMES + NASTY_NAMES if nasty and chance.random() < 0.3 else NAMES
    if columns == 1:
        pool = tuple(name for name in pool if name.isidentifier() or name[0] in "'\"")
    header = tuple(chance.sample([n for n in pool if dialect.can_write(n)], columns))
    sources = [_column(chance, nasty) for _ in header]
    rows = [tuple(_fitting(dialect, s) for s in sources) for _ in range(chance.randint(0, 12))]
    if columns == 1:
        rows = [row for row in rows if row[0]]  # a blank line, which not every writer quotes
    text = dialect.text([header, *rows])
    keys: dict[str, Any] = {"csv": {"auto": True}}
    if chance.random() < 0.3:
        keys["csv"]["header"] = True
    if columns > 1 and len(rows) >= 3 and chance.random() < 0.4:
        text = _lines(chance, dialect, columns) + text
    if chance.random() < 0.15:
        text += dialect.text([("TRAILER", str(len(rows)))])
        keys["trailer"] = {"row_count_column": 1, "tag": "TRAILER"}
    elif chance.random() < 0.2:
        text = text.removesuffix(dialect.end)
    content, name = _packed(chance, text, keys)
    return Sent(name=name, content=content, header=header, rows=rows, keys=keys)


def _fitting(dialect: Dialect, source: Callable[[], str]) -> str:
    for _ in range(9):
        if dialect.can_write(cell := source()):
            return cell
    return ""


def _lines(chance: Random, dialect: Dialect, columns: int) -> str:
    """Lines before the table, each with at most half as many fields."""
    poor = [
        line for line in TEXT_LINES if 2 * (line.count(dialect.delimiter) + 1) <= columns
    ]  # fmt: skip
    number = chance.choice([1, 1, 2, 3, 40])
    return "".join(chance.choice(poor) + dialect.end for _ in range(number))


def _packed(chance: Random, text: str, keys: dict[str, Any]) -> tuple[bytes, str]:
    """The text as bytes, perhaps compressed, and a name for it."""
    encoding = chance.choice(["utf-8"] * 4 + ["utf-8-sig", "utf-16", "windows-1252"])
    data = text.encode(encoding)
    if encoding in ("utf-16", "windows-1252"):
        keys["csv"]["encoding"] = encoding
    if chance.random() < 0.1:
        return gzip.compress(data), "a_1.csv.gz"
    return data, "a_1.csv"


TELLING = frozenset({"trade_id", "amount", "trade time", "quantity", "settled"})
"""Columns of an ordinary table whose cells are no words."""


def ordinary_table(chance: Random) -> Sent:
    """A clean table as they are met every day: identifiers, dates, amounts, some texts."""
    end = chance.choice(["\n", "\r\n"])
    delimiter = chance.choice([",", ";", "\t", "|"])
    dialect = Dialect(delimiter=delimiter, always=chance.random() < 0.2, end=end)
    decimal = "," if delimiter != "," and chance.random() < 0.5 else "."
    kinds: dict[str, Callable[[], str]] = {
        "trade_id": lambda: f"T{chance.randint(1, 99999)}",
        "Client Name": lambda: f"{chance.choice(_FIRST)} {chance.choice(_LAST)}",
        "city": lambda: chance.choice(["Rome", "New York", "Bern", "Tel Aviv", ""]),
        "amount": lambda: f"{chance.uniform(0, 9999):.2f}".replace(".", decimal),
        "trade time": lambda: f"2024-0{chance.randint(1, 9)}-1{chance.randint(0, 9)} 10:30:00",
        "currency": lambda: chance.choice(["EUR", "USD"]),
        "comment": lambda: chance.choice(
            ["", "late, see mail", 'called "urgent"', "ok; paid", "it's"]
        ),
        "quantity": lambda: str(chance.randint(1, 500)),
        "settled": lambda: chance.choice(["true", "false"]),
    }
    names = chance.sample(sorted(kinds), chance.randint(2, 8))
    rows = [tuple(kinds[name]() for name in names) for _ in range(chance.randint(5, 60))]
    text = dialect.text([tuple(names), *rows])
    return Sent(
        name="a_1.csv",
        content=text.encode(),
        header=tuple(names),
        rows=rows,
        keys={"csv": "auto"},
    )


_FIRST = ("John", "Maria", "Ann-Marie", "Li", "Zoë")
_LAST = ("Smith", "O'Brien", "Müller", "van den Berg", "Lee")
