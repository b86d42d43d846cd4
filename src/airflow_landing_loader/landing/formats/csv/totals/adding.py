"""What cells come to, kind by kind; exact, whatever their number and their digits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from typing import Protocol

import numpy as np

from airflow_landing_loader.landing.control.numbers import Amount
from airflow_landing_loader.landing.formats.csv.bitmasks import Mask, Offsets
from airflow_landing_loader.landing.formats.csv.totals.digits import FINEST, Parsed

MAX_DISTINCT = 1_000_000
"""Different texts of one column that are told apart: they are kept until the file ends."""

_LONGEST_KEPT = 32
_HALF = 32
_FIT = 2**63
_LOW = np.int64((1 << _HALF) - 1)


class Adder(Protocol):
    """Adds numbers of one column."""

    def add(self, parsed: Parsed) -> None:
        """Add those that are good."""
        ...

    def add_odd(self, amounts: Iterable[Amount]) -> None:
        """Add numbers that were read one by one."""
        ...

    def value(self) -> str | None:
        """What they come to."""
        ...


class Sum:
    """A sum."""

    def __init__(self) -> None:
        self._units = 0  # of ten to the minus FINEST
        self._odd: Counter[int] = Counter()  # units by their scale

    def add(self, parsed: Parsed) -> None:
        good = parsed.of_good()
        for units, scale in good.parts:
            total = _exact(units)
            if good.negative is not None:
                total -= 2 * _exact(units[good.negative])
            self._units += total * 10 ** (FINEST - scale)

    def add_odd(self, amounts: Iterable[Amount]) -> None:
        for amount in amounts:
            self._odd[amount.scale] += amount.unscaled

    def value(self) -> str | None:
        odd = (Amount(units, scale) for scale, units in self._odd.items())
        return str(sum(odd, start=Amount(self._units, FINEST)))


class Extreme:
    """The least or the greatest number.

    :param least: which of the two.
    """

    def __init__(self, *, least: bool) -> None:
        self._least = least
        self._found: Amount | None = None

    def add(self, parsed: Parsed) -> None:
        if parsed.negative is None:
            self.add_odd(self._edge(parsed, parsed.good, negative=False))
            return
        for negative in (False, True):
            chosen = parsed.good & (parsed.negative == negative)
            self.add_odd(self._edge(parsed, chosen, negative=negative))

    def add_odd(self, amounts: Iterable[Amount]) -> None:
        for amount in amounts:
            if self._found is None or (
                amount < self._found if self._least else self._found < amount
            ):
                self._found = amount

    def value(self) -> str | None:
        return None if self._found is None else str(self._found)

    def _edge(self, parsed: Parsed, chosen: Mask, *, negative: bool) -> Iterator[Amount]:
        """The one of some numbers, if there are any, that are all negative, or all not."""
        left = np.flatnonzero(chosen)
        if not len(left):
            return
        edge = np.min if self._least != negative else np.max  # of the numbers without their signs
        found = Amount(0)
        for units, scale in parsed.parts:
            best = int(edge(units[left]))
            left = left[units[left] == best]
            signed = -best if negative else best
            found += Amount(signed, scale) if scale >= 0 else Amount(signed * 10**-scale)
        yield found


class Distinct:
    """The number of different texts, up to :data:`MAX_DISTINCT`."""

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def add(self, texts: Iterable[bytes]) -> bool:
        """Add texts; whether there is still room for them.

        A long text stands in memory as its digest, behind a byte that no text holds.
        """
        self._seen.update(
            text
            if len(text) <= _LONGEST_KEPT
            else b"\0" + blake2b(text, digest_size=_LONGEST_KEPT).digest()
            for text in texts
        )
        return len(self._seen) <= MAX_DISTINCT

    def value(self) -> str:
        """Their number."""
        return str(len(self._seen))


def _exact(numbers: Offsets) -> int:
    """The sum of numbers, none below zero, of which few may be too many for a machine word."""
    if len(numbers) and int(numbers.max()) < _FIT // len(numbers):
        return int(numbers.sum())
    return (int((numbers >> _HALF).sum()) << _HALF) + int((numbers & _LOW).sum())
