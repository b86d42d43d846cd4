"""What the totals of a file's columns are, by Python's decimal module and one cell at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal

from airflow_landing_loader.config.mapping.numbers import Numbers

_EXACT = Context(prec=5000)
_BLANKS = " \t"
_ASCII_DIGITS = "0123456789"

Cell = str | None


def number(text: str, numbers: Numbers) -> Decimal | None:
    """A number; ``None`` if the text is none of this form."""
    sign, text = _sign(text.strip(_BLANKS), numbers.negative)
    whole, _, fraction = text.partition(numbers.decimal)
    if numbers.group is not None and numbers.group in whole:
        first, *groups = whole.split(numbers.group)
        if not 1 <= len(first) <= 3 or any(len(group) != 3 for group in groups):
            return None
        whole = first + "".join(groups)
    digits = whole + fraction
    if not 1 <= len(digits) <= 1000 or digits.strip(_ASCII_DIGITS):
        return None
    return _EXACT.create_decimal(f"{sign}{digits}e-{len(fraction)}")


def total(kind: str, cells: Iterable[Cell], numbers: Numbers) -> str | None:
    """What cells come to, in the shortest form of a number.

    :raises ValueError: a cell is no number, at this index.
    """
    texts = [cell or "" for cell in cells]
    filled = [(index, text) for index, text in enumerate(texts) if text.strip(_BLANKS)]
    if kind == "distinct":
        return str(len({text for _, text in filled}))
    if kind == "hash_total":
        return str(sum(_digits(text, index) for index, text in filled))
    found = []
    for index, text in filled:
        value = number(text, numbers)
        if value is None:
            raise ValueError(index)
        found.append(value)
    if kind == "sum":
        value = Decimal(0)
        for each in found:
            value = _EXACT.add(value, each)
        return _shortest(value)
    return _shortest((min if kind == "min" else max)(found)) if found else None


def wrong_cells(columns: Sequence[tuple[str, Sequence[Cell]]], numbers: Numbers) -> tuple[int, ...]:
    """Records, from 0, with a cell that is no number.

    :param columns: of each a kind of total and its cells.
    """
    wrong = set()
    for kind, cells in columns:
        for index, cell in enumerate(cells):
            try:
                total(kind, [cell], numbers)
            except ValueError:
                wrong.add(index)
    return tuple(sorted(wrong))


def _sign(text: str, negative: str) -> tuple[str, str]:
    if negative == "parentheses":
        inside = re.fullmatch(r"\(([^()]*)\)", text)
        return ("-", inside[1]) if inside else ("", text)
    mark = text[-1:] if negative == "trailing_minus" else text[:1]
    if mark and mark in "+-":
        return mark, text[:-1] if negative == "trailing_minus" else text[1:]
    return "", text


def _digits(text: str, index: int) -> int:
    digits = [c for c in text if c.isdigit()]
    if not digits or any(c not in _ASCII_DIGITS for c in digits) or len(digits) > 1000:
        raise ValueError(index)
    return int("".join(digits))


def _shortest(value: Decimal) -> str:
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text
