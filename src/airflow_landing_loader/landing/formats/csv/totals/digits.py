"""Numbers in the bytes of a chunk, many at a time.

Eight digits are one machine word: a subtraction shows whether all of them are digits, and three
multiplications make a number of them. What has not the usual form, or has more digits than two
words, is left to the plain definition (:mod:`airflow_landing_loader.landing.control.numbers`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from airflow_landing_loader.landing.control.numbers import NumberForm
from airflow_landing_loader.landing.formats.csv.bitmasks import Bytes, Mask, Offsets

_WORD = 8
_PAD = 4 * _WORD
_WHOLE_DIGITS = 2 * _WORD
_FRACTION_DIGITS = 15
FINEST = _FRACTION_DIGITS + _WHOLE_DIGITS
"""The scale of the last part of a number."""
_ZERO = ord("0")
_GROUP = 3
_MOST_GROUPS = 5
_MOST_TRIMMED = 64
_BLANKS = np.frombuffer(b" \t", np.uint8)
_ONES = np.uint64(0x0101010101010101)
_HIGHS = np.uint64(0x8080808080808080)
_ZEROS = np.uint64(0x3030303030303030)
_TO_HIGH = np.uint64(0x7676767676767676)  # makes the highest bit of what is more than nine
_POWERS = np.array([10**power for power in range(_WHOLE_DIGITS + 1)], np.int64)
_ALL = 2**64 - 1
_EIGHT_DIGITS = np.int64(10**_WORD)

_Words = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of one column in a chunk, quotes taken off.

    :param data: the chunk, with :data:`_PAD` bytes before and behind it.
    :param starts: where each cell begins in ``data``.
    :param ends: where it ends.
    """

    data: Bytes
    starts: Offsets
    ends: Offsets

    def __len__(self) -> int:
        return len(self.starts)

    def trimmed(self, unwanted: npt.NDArray[np.bool_]) -> Cells:
        """The cells without some bytes at their edges; of very many, some may be left there.

        :param unwanted: for each byte, whether it is one of them.
        """
        edges_to_cut = unwanted[self.data[self.starts]] | unwanted[self.data[self.ends - 1]]
        if not edges_to_cut.any():
            return self
        starts, ends = self.starts.copy(), self.ends.copy()
        for edges, at, step in ((starts, 0, 1), (ends, -1, -1)):
            todo = np.flatnonzero(unwanted[self.data[edges + at]] & (starts < ends))
            for _ in range(_MOST_TRIMMED):
                if not len(todo):
                    break
                edges[todo] += step
                left = (starts[todo] < ends[todo]) & unwanted[self.data[edges[todo] + at]]
                todo = todo[left]
        return Cells(self.data, starts, ends)


class Part(NamedTuple):
    """A part of each of some numbers, in units of ten to the minus ``scale``, which is not more
    than :data:`FINEST`."""

    units: Offsets
    scale: int


@dataclass(frozen=True, slots=True)
class Parsed:
    """The numbers in some cells; where ``good`` is false the others say nothing.

    :param parts: what they are the sums of, without their signs; where parts are equal the next
        ones tell which number is greater.
    :param negative: whether it is less than zero, or zero with a sign; ``None``: none is.
    """

    good: Mask
    parts: tuple[Part, ...]
    negative: Mask | None = None

    def of_good(self) -> Parsed:
        """Those that are good."""
        if self.good.all():
            return self
        good = self.good
        return Parsed(
            good[good],
            tuple(Part(part.units[good], part.scale) for part in self.parts),
            None if self.negative is None else self.negative[good],
        )


def padded(chunk: bytes) -> Bytes:
    """The bytes of a chunk with room around them, so that a word may reach over its edges."""
    return np.frombuffer(b"".join((bytes(_PAD), chunk, bytes(_PAD))), np.uint8)


def in_padded(offsets: Offsets) -> Offsets:
    """Offsets of a chunk as they are in :func:`padded`."""
    return offsets + _PAD


def table_of(texts: Bytes) -> Mask:
    """For each byte, whether it is one of some."""
    table = np.zeros(256, np.bool_)
    table[texts] = True
    return table


_IS_BLANK = table_of(_BLANKS)


def without_blanks(cells: Cells) -> Cells:
    """The cells without blanks at their edges."""
    return cells.trimmed(_IS_BLANK)


def whole_numbers(cells: Cells) -> Parsed:
    """The cells that are nothing but digits."""
    words = _words(cells.data)
    lengths = cells.ends - cells.starts
    whole, good = _up_to_two_words(words, cells.starts, cells.ends)
    good &= (lengths >= 1) & (lengths <= _WHOLE_DIGITS)
    return Parsed(good, (Part(whole, 0),))


def even_numbers(cells: Cells, form: NumberForm) -> Parsed | None:
    """The cells where all are numbers without groups and blanks, of as many decimals as the first
    one, as most columns have; ``None``: it is not so."""
    words = _words(cells.data)
    starts, ends, negative = _unsigned(cells, form)
    alike = _alike(cells.data, words, starts, ends, ord(form.decimal))
    return None if alike is None else Parsed(np.ones(len(starts), np.bool_), (alike,), negative)


def numbers(cells: Cells, form: NumberForm) -> Parsed:
    """The cells that are numbers of a form.

    :param cells: without blanks at their edges; none is empty.
    """
    group = 0 if form.group is None else ord(form.group)
    if form.group is not None and len(form.group.encode()) > 1:
        cells, group = _with_nuls(cells, form.group.encode()), 0
    words = _words(cells.data)
    starts, ends, negative = _unsigned(cells, form)
    points = _points(words, starts, ends, ord(form.decimal))
    behind = np.minimum(points + 1, ends)
    high, whole, good = _before_points(words, starts, points)
    if form.group is not None:
        taken = _take_groups(cells.data, words, starts, points, group, whole, good)
        if high is not None:
            high.units[taken] = 0
    fraction, finer, digits = _behind_points(words, behind, ends)
    good &= digits & (ends - behind + points - starts >= 1)
    parts = (high, Part(whole, 0), fraction, finer)
    return Parsed(good, tuple(part for part in parts if part is not None), negative)


def _with_nuls(cells: Cells, group: bytes) -> Cells:
    """The cells with a byte that no text holds in place of each sign of several bytes."""
    data, width = cells.data, len(group)
    found = data[: 1 - width] == group[0]
    for index, byte in enumerate(group[1:], start=1):
        found &= data[index : len(found) + index] == byte
    at = np.flatnonzero(found)
    if not len(at):
        return cells
    kept = np.ones(len(data), np.bool_)
    for index in range(width - 1):
        kept[at + index] = False
    data = data.copy()
    data[at + width - 1] = 0
    starts, ends = (
        offsets - np.searchsorted(at, offsets) * (width - 1)
        for offsets in (cells.starts, cells.ends)
    )
    return Cells(data[kept], starts, ends)


def _before_points(
    words: _Words, starts: Offsets, points: Offsets
) -> tuple[Part | None, Offsets, Mask]:
    """Whole numbers: what is above sixteen digits, if something is; the others; and which are
    digits."""
    whole, good = _up_to_two_words(words, starts, points)
    lengths = points - starts
    if not len(lengths) or int(lengths.max()) <= _WHOLE_DIGITS:
        return None, whole, good
    high, digits = _up_to_two_words(words, starts, np.maximum(points - _WHOLE_DIGITS, starts))
    good &= digits & (lengths <= 2 * _WHOLE_DIGITS)
    return Part(high, -_WHOLE_DIGITS), whole, good


def _behind_points(words: _Words, behind: Offsets, ends: Offsets) -> tuple[Part, Part | None, Mask]:
    """Fractions: their first fifteen digits; what is finer, if something is; and which are
    digits."""
    middle = np.minimum(behind + _FRACTION_DIGITS, ends)
    fraction, good = _up_to_two_words(words, behind, middle)
    fraction *= _POWERS[_FRACTION_DIGITS - (middle - behind)]
    coarse, scales = Part(fraction, _FRACTION_DIGITS), ends - middle
    if not len(scales) or not int(scales.max()):
        return coarse, None, good
    finer, digits = _up_to_two_words(words, middle, ends)
    finer *= _POWERS[_WHOLE_DIGITS - np.minimum(scales, _WHOLE_DIGITS)]
    return coarse, Part(finer, FINEST), good & digits & (scales <= _WHOLE_DIGITS)


def _alike(data: Bytes, words: _Words, starts: Offsets, ends: Offsets, decimal: int) -> Part | None:
    """Numbers without groups that all have as many decimals as the first one, as most columns have;
    ``None``: they are not so, or some are no such numbers."""
    lengths = ends - starts
    if not len(lengths):
        return None
    least, most = int(lengths.min()), int(lengths.max())
    behind = data[starts[0] : ends[0]].tobytes()[::-1].find(decimal)
    if least < 1 or most > _WHOLE_DIGITS or behind >= _WORD - 1:
        return None
    zeros, to_high, digits = int(_ZEROS), int(_TO_HIGH), _WORD
    if behind >= 0:
        if least < 1 + max(behind, 1):
            return None
        # Where the sign stands, nothing else may stand: there it is the zero.
        at = 8 * (_WORD - 1 - behind)
        zeros, to_high = zeros ^ (_ZERO ^ decimal) << at, to_high | 0xFF << at & ~(0x80 << at)
        digits -= 1
    low = words[ends - _WORD] ^ np.uint64(zeros)
    if least < _WORD:
        unused = _unused(lengths)
        low = (low >> unused) << unused
    if not _are_digits(low, np.uint64(to_high)):
        return None
    if behind >= 0:
        # What stands before the sign takes its place.
        below = np.uint64((1 << at) - 1)
        low = (low & ~below) | ((low & below) << np.uint64(8))
    number = _value(low)
    if most > _WORD:
        high, good = _number(words[ends - 2 * _WORD], np.maximum(lengths - _WORD, 0))
        if not good.all():
            return None
        number += high * _POWERS[digits]
    return Part(number, max(behind, 0))


def _are_digits(digits: _Words, to_high: np.uint64) -> bool:
    """Whether all bytes are from nought to nine.

    :param to_high: what makes the highest bit of those that are more.
    """
    return not (((digits + to_high) | digits) & _HIGHS).any()


def _words(data: Bytes) -> _Words:
    """The eight bytes from each offset on, as a number whose lowest byte is the first one."""
    return np.ndarray((len(data) - _WORD + 1,), np.dtype("<u8"), data, strides=(1,))


def _unsigned(cells: Cells, form: NumberForm) -> tuple[Offsets, Offsets, Mask | None]:
    """Where the digits may begin and end, and which cells have the sign of a negative number."""
    data, starts, ends = cells.data, cells.starts, cells.ends
    if form.negative == "parentheses":
        negative = (data[starts] == ord("(")) & (data[ends - 1] == ord(")"))
        return starts + negative, ends - negative, negative
    sign = data[ends - 1 if form.negative == "trailing_minus" else starts]
    if len(sign) and int(sign.min()) >= _ZERO:
        return starts, ends, None
    signed = (sign == ord("-")) | (sign == ord("+"))
    if not signed.any():
        return starts, ends, None
    negative = sign == ord("-")
    if form.negative == "trailing_minus":
        return starts, ends - signed, negative
    return starts + signed, ends, negative


def _points(words: _Words, starts: Offsets, ends: Offsets, decimal: int) -> Offsets:
    """Where the decimal signs stand; the end of a cell that has none among its last bytes."""
    points, lengths = ends, ends - starts
    for passed in range(0, FINEST + 1, _WORD):
        todo = np.flatnonzero((points == ends) & (lengths > passed))
        if not len(todo):
            break
        at = ends[todo] - passed - _WORD
        lacking = _unused(lengths[todo] - passed)
        others = words[at] ^ (_ONES * np.uint64(decimal))
        others |= ~((~np.uint64(0) >> lacking) << lacking)
        found = (others - _ONES) & ~others & _HIGHS
        # The lowest bit that is set is that of the first one; what is below it counts the bytes.
        lowest = found & (~found + np.uint64(1))
        bytes_before = (((lowest - np.uint64(1)) & _ONES) * _ONES) >> np.uint64(56)
        there = found != 0
        points = points.copy()
        points[todo[there]] = at[there] + bytes_before[there].astype(np.int64) - 1
    return points


def _unused(lengths: Offsets) -> _Words:
    """Bits of a word that lie before its last bytes.

    :param lengths: how many bytes are wanted, from 0; 8 of more.
    """
    return ((_WORD - np.minimum(lengths, _WORD)) * 8).view(np.uint64)


def _take_groups(
    data: Bytes,
    words: _Words,
    starts: Offsets,
    points: Offsets,
    group: int,
    whole: Offsets,
    good: Mask,
) -> Offsets:
    """Put in what the whole numbers are that stand in groups; return which ones do."""
    first = points - _GROUP - 1
    todo = np.flatnonzero((first >= starts) & (data[np.maximum(first, 0)] == group))
    if not len(todo):
        return todo
    begins, ends = starts[todo], points[todo]
    number, right = np.zeros(len(todo), np.int64), np.ones(len(todo), np.bool_)
    open_ = np.ones(len(todo), np.bool_)
    for passed in range(_MOST_GROUPS):
        lefts = np.maximum(ends - _GROUP, begins)
        digits, are_digits = _up_to_a_word(words, lefts, ends)
        right &= ~open_ | (are_digits & (ends > begins))
        number += np.where(open_, digits * _POWERS[_GROUP * passed], 0)
        goes_on = open_ & (lefts > begins)
        right &= ~goes_on | (data[np.maximum(lefts - 1, 0)] == group)
        ends = np.where(goes_on, lefts - 1, ends)
        open_ = goes_on
    whole[todo] = number
    good[todo] = right & ~open_
    return todo


def _up_to_a_word(words: _Words, starts: Offsets, ends: Offsets) -> tuple[Offsets, Mask]:
    """The last digits before some places, up to eight, and whether they are digits."""
    return _number(words[ends - _WORD], ends - starts)


def _number(words: _Words, lengths: Offsets) -> tuple[Offsets, Mask]:
    """What the last bytes of words are as numbers, and whether they are digits.

    :param lengths: how many of their bytes are meant; all eight of more.
    """
    unused = _unused(lengths)
    digits = ((words ^ _ZEROS) >> unused) << unused
    good = ((digits | (digits + _TO_HIGH)) & _HIGHS) == 0
    return _value(digits), good


def _value(digits: _Words) -> Offsets:
    """The numbers that eight digits make, the first one in the lowest byte."""
    digits = ((digits * np.uint64(2561)) >> np.uint64(8)) & np.uint64(0x00FF00FF00FF00FF)
    digits = ((digits * np.uint64(6553601)) >> np.uint64(16)) & np.uint64(0x0000FFFF0000FFFF)
    digits = (digits * np.uint64(42949672960001)) >> np.uint64(32)
    return digits.view(np.int64)


def _up_to_two_words(words: _Words, starts: Offsets, ends: Offsets) -> tuple[Offsets, Mask]:
    """The last digits before some places, up to sixteen, and whether they are digits."""
    number, good = _up_to_a_word(words, starts, ends)
    more = np.flatnonzero(ends - starts > _WORD)
    if len(more):
        above, digits = _up_to_a_word(words, starts[more], ends[more] - _WORD)
        number[more] += above * _EIGHT_DIGITS
        good[more] &= digits
    return number, good
