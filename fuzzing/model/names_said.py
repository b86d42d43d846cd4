"""What a mapping says of column names: a promise, other names, which records are a header again."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.formats.csv.dialect import Dialect
from airflow_landing_loader.landing.formats.csv.header.record import column_names
from fuzzing.model.csv_text import Row, Verdict

_UNSEEN = re.compile(
    "[\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]"
)
_POSITION = re.compile("#([1-9][0-9]{0,4})")


def clean(name: str) -> str:
    """A column name as it is meant."""
    seen = [i for i, c in enumerate(name) if not c.isspace() and not _UNSEEN.match(c)]
    return unicodedata.normalize("NFC", name[seen[0] : seen[-1] + 1]) if seen else ""


def folded(name: str) -> str:
    """What names have in common that are one name."""
    return unicodedata.normalize("NFC", name.casefold())


def lettered(name: str) -> str:
    """What names have in common that are told apart by signs only."""
    letters = [c for c in name if unicodedata.category(c)[0] in "LMN"]
    return folded("".join(letters) or name)


def spelled(names: Sequence[str], *, header: bool) -> Callable[[str], str]:
    """How names are compared: a table's own names may lack the sender's signs."""
    different = {lettered(clean(name)) for name in names}
    return lettered if not header and 1 < len(names) == len(different) else folded


@dataclass(frozen=True)
class Names:
    """The names of a file's columns, folded.

    :param sent: as they stand there.
    """

    sent: tuple[str, ...]
    csv: CsvDialect
    by: Callable[[str], str] = folded

    @classmethod
    def of(cls, names: Sequence[str], csv: CsvDialect) -> Names:
        """Those of a header, or of ``columns`` where there is none."""
        by = spelled(names, header=csv.header)
        return cls(tuple(by(clean(name)) for name in names), csv, by)

    @property
    def meant(self) -> tuple[str, ...]:
        """As the mapping calls them."""
        to = {folded(clean(key)): folded(clean(name)) for key, name in self.csv.rename.items()}
        return tuple(
            to.get(f"#{position}", to.get(name, name))
            for position, name in enumerate(self.sent, start=1)
        )

    def against_promise(self) -> ErrorCode | None:
        """What the header is refused for, if it is not the one that the mapping speaks of."""
        count = Counter(self.sent)
        matches = {key: _POSITION.fullmatch(key) for key in self.csv.rename}
        places = {int(match[1]) for match in matches.values() if match}
        for key, name in self.csv.rename.items():
            match = matches[key]
            wrong = (
                self._against_place(int(match[1]), count)
                if match
                else self._against_name(folded(clean(key)), folded(clean(name)), places)
            )
            if wrong is not None:
                return wrong
        promised = [folded(clean(name)) for name in self.csv.columns or ()]
        as_promised = (
            promised == list(self.meant) if places else sorted(promised) == sorted(self.meant)
        )
        return ErrorCode.HEADER_NOT_AS_PROMISED if promised and not as_promised else None

    def _against_place(self, place: int, count: Counter[str]) -> ErrorCode | None:
        there = self.sent[place - 1] if place <= len(self.sent) else None
        own = there and count[there] == 1 and there != f"#{place}"
        return ErrorCode.HEADER_NOT_AS_PROMISED if there is None or own else None

    def _against_name(self, key: str, name: str, places: set[int]) -> ErrorCode | None:
        at = [i for i, n in enumerate(self.sent, start=1) if n == key and i not in places]
        if len(at) > 1:
            return ErrorCode.HEADER_DUPLICATE_NAME
        there = at or name in self.sent
        return None if there else ErrorCode.HEADER_NOT_AS_PROMISED

    @property
    def _headers(self) -> list[tuple[str, ...]]:
        known = [] if self.csv.repeated_header == "load" else [self.sent, self.meant]
        return [names for names in known if any(names)]

    def is_header(self, row: Row) -> bool:
        """Whether a record holds the names, in their order."""
        return self._in(row) in self._headers

    def is_in_other_order(self, row: Row, *, first: bool) -> bool:
        """Whether a record holds them in another one, where that says that columns are swapped.

        :param first: it is the first record of a file without a header.
        """
        asked = first or self.csv.repeated_header == "skip"
        alike = sorted(self._in(row)) in map(sorted, self._headers)
        return asked and alike and not self.is_header(row)

    def _in(self, row: Row) -> tuple[str, ...]:
        return tuple(self.by(clean(cell.text)) for cell in row.cells)


NOTHING = Names((), CsvDialect())


def of_skipped(text: bytes, line: int, csv: CsvDialect) -> Verdict | None:
    """What a skipped line says against names that are given by their places."""
    if csv.header:
        return None
    by = spelled(csv.columns or (), header=False)
    promised = [by(clean(name)) for name in csv.columns or ()]
    try:
        there = column_names(text.removesuffix(b"\n").removesuffix(b"\r").decode(), Dialect.of(csv))
    except ValueError:
        return None
    names = [by(name) for name in there]
    known = [name for name in names if name in promised]
    if len(known) < 2:
        return None
    if len(names) == len(promised):
        right = all(a == b for a, b in zip(names, promised, strict=True) if a in promised)
    else:
        right = known == sorted(known, key=promised.index)
    return None if right else Verdict(ErrorCode.HEADER_NOT_AS_PROMISED, line)
