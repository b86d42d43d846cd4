"""Numbers as the sender of a mapping writes them, and read back: by plain decimals, and by nothing
that the loader counts with."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from airflow_landing_loader.config.mapping.numbers import Numbers

_CENT = Decimal("0.01")
_MARKS = {"minus": ("-", ""), "trailing_minus": ("", "-"), "parentheses": ("(", ")")}


@dataclass(frozen=True, slots=True)
class Figures:
    """How numbers are written: in the form that ``numbers`` gives, and as rich as can be.

    :param fractions: whether some have a fraction, of two digits; else all are whole.
    :param negatives: whether some are less than zero.
    :param groups: whether digits are grouped, where the form has a sign for that.
    """

    numbers: Numbers
    fractions: bool = True
    negatives: bool = True
    groups: bool = True

    def total(self, value: Decimal) -> str:
        """A total, with as many digits behind the decimal sign as all have."""
        return self.written(value.quantize(_CENT) if self.fractions else value)

    def written(self, value: Decimal) -> str:
        """A number, with the digits of its fraction that it has."""
        group = (self.numbers.group or "") if self.groups else ""
        whole, point, fraction = f"{abs(value):,f}".partition(".")
        text = whole.replace(",", group) + (self.numbers.decimal if point else "") + fraction
        before, behind = _MARKS[self.numbers.negative] if value < 0 else ("", "")
        return before + text + behind

    def value(self, text: str) -> Decimal:
        """The number that a text of this form is."""
        digits = "".join(
            "." if char == self.numbers.decimal else char
            for char in text
            if char == self.numbers.decimal or char in "0123456789"
        )
        return -Decimal(digits) if "-" in text or "(" in text else Decimal(digits)
