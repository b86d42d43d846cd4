"""Numbers as senders write them, read exactly: whole numbers and a scale, never binary fractions.

This is the plain definition; what adds up whole batches of cells is held against it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.numbers import Numbers
from airflow_landing_loader.once import once

MAX_DIGITS = 1000
"""Of one number; a longer one is none."""

BLANKS = " \t"
"""What may stand around a number."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A decimal number: ``unscaled`` divided by ten to the power of ``scale``."""

    unscaled: int
    scale: int = 0

    def at_scale(self, scale: int) -> int:
        """The unscaled number at a scale that is not less."""
        return int(self.unscaled * 10 ** (scale - self.scale))

    def __lt__(self, other: Amount) -> bool:
        scale = max(self.scale, other.scale)
        return self.at_scale(scale) < other.at_scale(scale)

    def __add__(self, other: Amount) -> Amount:
        scale = max(self.scale, other.scale)
        return Amount(self.at_scale(scale) + other.at_scale(scale), scale)

    def __str__(self) -> str:
        """Its shortest form: no zeros that mean nothing, no exponent."""
        digits = str(abs(self.unscaled)).rjust(self.scale + 1, "0")
        whole, fraction = digits, ""
        if self.scale:
            whole, fraction = digits[: -self.scale], digits[-self.scale :].rstrip("0")
        sign = "-" if self.unscaled < 0 else ""
        return f"{sign}{whole}{'.' if fraction else ''}{fraction}"

    @property
    def is_whole(self) -> bool:
        """Whether it has no fraction."""
        return bool(self.unscaled % 10**self.scale == 0)


class NumberForm:
    """The form of the numbers of one feed.

    :param numbers: as the mapping says; ``None``: digits, with a point before the fraction and a
        minus before what is less than zero.
    """

    def __init__(self, numbers: Numbers | None = None) -> None:
        numbers = numbers or Numbers()
        self.decimal, self.group = numbers.decimal, numbers.group
        self.negative = numbers.negative
        plain = r"[0-9]*"
        if self.group is not None:
            plain = rf"(?:[0-9]{{1,3}}(?:{re.escape(self.group)}[0-9]{{3}})+|[0-9]*)"
        magnitude = rf"(?P<whole>{plain})(?:{re.escape(self.decimal)}(?P<fraction>[0-9]*))?"
        signed = {
            "minus": rf"(?P<sign>[+-]?){magnitude}",
            "trailing_minus": rf"{magnitude}(?P<sign>[+-]?)",
            "parentheses": rf"(?P<sign>\(?){magnitude}(?P<close>\)?)",
        }
        self._pattern = re.compile(signed[self.negative])

    def read(self, text: str) -> Amount | None:
        """A number; ``None`` if the text has not the form of one.

        :param text: blanks may stand around the number.
        """
        text = text.strip(BLANKS)
        found = None if len(text) > 2 * MAX_DIGITS else self._pattern.fullmatch(text)
        if found is None:
            return None
        sign, whole, fraction = found.group("sign", "whole", "fraction")
        if self.negative == "parentheses" and bool(sign) != bool(found["close"]):
            return None
        fraction = fraction or ""
        if self.group is not None:
            whole = whole.replace(self.group, "")
        if not 1 <= len(whole) + len(fraction) <= MAX_DIGITS:
            return None
        unscaled = int(whole + fraction)
        return Amount(-unscaled if sign in ("-", "(") else unscaled, len(fraction))


def digits_of(text: str) -> str | None:
    """The digits of a text, which a hash total adds as one whole number; ``None``: it has none, or
    ones that are not ASCII's, which one program takes for digits and another does not."""
    if not text.isascii() and any(c.isdigit() and not c.isascii() for c in text):
        return None
    digits = re.sub("[^0-9]+", "", text)
    return digits if 1 <= len(digits) <= MAX_DIGITS else None


@once
def form_of(mapping: TableMapping) -> NumberForm:
    """The form of the numbers of a mapping's files."""
    return NumberForm(mapping.numbers)
