"""The parts of the names of one kind: dates, numbers, words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from airflow_landing_loader.config.mapping.patterns.parts import Wildcard
from airflow_landing_loader.onboarding.names.dates import find_date
from airflow_landing_loader.onboarding.names.tokens import DIGITS, MARK, MONTH, REST, WORD, Token

_MOST_ZEROS = 9


@dataclass(frozen=True, slots=True)
class Parts:
    """What a kind of names is made of.

    :param text: as a pattern has it, without the ending.
    :param fits: for each name whether it has the dates that nearly all have.
    :param doubts: what the names do not tell.
    """

    text: str
    fits: tuple[bool, ...]
    doubts: tuple[str, ...]


@dataclass
class _Making:
    """A pattern in the making."""

    rows: Sequence[Sequence[Token]]
    text: str = ""
    used: set[str] = field(default_factory=set)
    doubts: list[str] = field(default_factory=list)
    fits: list[bool] = field(default_factory=list)

    def part(self, name: str, form: str = "") -> None:
        self.text += Wildcard(self._free(name), form).written

    def fixed(self, text: str) -> None:
        self.text += text.replace("{", "{{").replace("}", "}}")

    def _free(self, name: str) -> str:
        number, free = 1, name
        while free in self.used:
            number += 1
            free = f"{name}_{number}"
        self.used.add(free)
        return free

    def column(self, at: int) -> list[str]:
        return [row[at].text for row in self.rows]


def parts_of(rows: Sequence[Sequence[Token]]) -> Parts:
    """Find the parts.

    :param rows: tokens of the names of one kind, at least of one.
    """
    making = _Making(rows, fits=[True] * len(rows))
    at = 0
    while at < len(rows[0]):
        at = _add(making, at)
    return Parts(making.text, tuple(making.fits), tuple(making.doubts))


def _add(making: _Making, at: int) -> int:
    """Add what begins at a token; returns the index behind it."""
    token = making.rows[0][at]
    if token.kind in (DIGITS, MONTH):
        date = find_date(making.rows, at)
        if date is not None and date.doubt:
            texts = [row[at].text for row in making.rows[:1]]
            making.doubts.append(
                f"{texts[0]}...: {date.doubt}" if date.tokens > 1 else f"{texts[0]}: {date.doubt}"
            )
        if date is not None and date.form:
            making.part("sent_at" if "%H" in date.form else "business_date", date.form)
            making.fits = [a and b for a, b in zip(making.fits, date.fits, strict=True)]
            return at + date.tokens
    if token.kind == DIGITS:
        _add_number(making, at)
    elif token.kind == REST:
        making.text += "*"
    elif token.kind in (WORD, MONTH, MARK):
        making.part("mark" if token.kind == MARK else "word")
    else:
        making.fixed(token.text)
    return at + 1


def _add_number(making: _Making, at: int) -> None:
    texts = set(making.column(at))
    only = next(iter(texts)) if len(texts) == 1 else None
    if only is not None and (len(making.rows) > 1 or _touches_word(making.rows[0], at)):
        making.fixed(only)
        return
    if only is not None:
        making.doubts.append(f"{only}: one name does not tell whether it changes")
    widths = {len(text) for text in texts}
    padded = any(text.startswith("0") for text in texts) and len(widths) == 1
    width = min(widths)
    form = f"0{width}d" if padded and 1 < width <= _MOST_ZEROS else "0d"
    making.part("number", form)


def _touches_word(row: Sequence[Token], at: int) -> bool:
    """Whether a number is part of a word such as v2."""
    before = row[at - 1].text if at else ""
    behind = row[at + 1].text if at + 1 < len(row) else ""
    return before[-1:].isalpha() or behind[:1].isalpha()
