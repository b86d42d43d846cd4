"""Dates and times in names: which forms all names of a kind have at one place, and whether one of
them is right."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache

from airflow_landing_loader.config.mapping.patterns.parts import Wildcard
from airflow_landing_loader.onboarding.names.tokens import DIGITS, MONTH, Token

_DATES = (
    *(f"%Y{s}%m{s}%d" for s in ("-", "_", ".", "")),
    *(f"%d{s}%m{s}%Y" for s in ("-", "_", ".", "")),
    *(f"%m{s}%d{s}%Y" for s in ("-", "_", ".", "")),
    *(f"%d{s}%b{s}%Y" for s in ("-", "_", "")),
    *(f"%Y{s}%b{s}%d" for s in ("-", "_", "")),
)
_TIMES = ("%H%M%S", "%H-%M-%S", "%H_%M_%S", "%H.%M.%S", "%H-%M")
FORMS = (
    *(f"{day}{joint}{time}" for day in _DATES for joint in ("T", "_", "-") for time in _TIMES),
    *(f"{day}T%H%M" for day in _DATES),
    "%Y%m%d%H%M%S",
    "%Y%m%d%H%M",
    "%Y%m%d%H",
    *_DATES,
    *(f"%d{s}%b{s}%y" for s in ("-", "_", "")),
    "%b%Y",
    "%b-%Y",
    "%b_%Y",
    "%Y%b",
    "%Y-%m",
    "%Y_%m",
    "%Y%j",
    "%Y%m",
    "%y%m%d",
    "%d%m%y",
    "%m%d%y",
)
_DIRECTIVE = re.compile("%.")
_WIDTHS = {"%Y": 4, "%b": 3, "%j": 3}
_FIRST_YEAR, _LAST_YEAR = 1970, 2099
_ENOUGH = 3
_NARROWER = 8
# Forms that a number has by chance more often than once in a few hundred: several names have to say
# it.
_WEAK = frozenset({"%Y%m", "%y%m%d", "%d%m%y", "%m%d%y"})
_MOST = 0.9


@dataclass(frozen=True, slots=True)
class Found:
    """A date at one place of the names of a kind.

    :param form: as a part of a pattern has it; empty: it may be a date, but nothing tells which.
    :param tokens: how many tokens it takes.
    :param fits: for each name whether it has one.
    :param doubt: what is not known, for a person; empty: nothing.
    """

    form: str
    tokens: int
    fits: tuple[bool, ...]
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class _Candidate:
    form: str
    values: tuple[str | None, ...]

    @property
    def fits(self) -> tuple[bool, ...]:
        return tuple([value is not None for value in self.values])

    @property
    def days(self) -> int:
        """From the first to the last."""
        said = [_day(value) for value in self.values if value is not None]
        return (max(said) - min(said)).days


def find_date(rows: Sequence[Sequence[Token]], at: int) -> Found | None:
    """The date that begins at one place of all names of a kind.

    :param rows: the tokens of each name, as many in each.
    :param at: index of the token with which it begins.
    :returns: the longest one; ``None`` if no form fits there. A form that fits too few names is
        none.
    """
    by_width: dict[int, list[_Candidate]] = {}
    for form in FORMS:
        shape = _shape(form)
        if at + len(shape) <= len(rows[0]) and (found := _candidate(form, shape, rows, at)):
            by_width.setdefault(len(shape), []).append(found)
    doubt: Found | None = None
    for width in sorted(by_width, reverse=True):
        found_here = _chosen(by_width[width], width)
        if found_here.form:
            return replace(found_here, doubt=doubt.doubt) if doubt else found_here
        doubt = doubt or found_here
    return doubt


def _candidate(
    form: str, shape: Sequence[tuple[str, int, str]], rows: Sequence[Sequence[Token]], at: int
) -> _Candidate | None:
    part = Wildcard("date", form)
    values = tuple(
        [
            _plausible(part.value("".join([token.text for token in row[at : at + len(shape)]])))
            if _has_shape(shape, row, at)
            else None
            for row in rows
        ]
    )
    good = sum(value is not None for value in values)
    return _Candidate(form, values) if good and good >= _MOST * len(rows) else None


def _has_shape(shape: Sequence[tuple[str, int, str]], row: Sequence[Token], at: int) -> bool:
    return all(
        token.kind == kind and (len(token.text) == size if kind else token.text == text)
        for (kind, size, text), token in zip(shape, row[at:], strict=False)
    )


@cache
def _shape(form: str) -> tuple[tuple[str, int, str], ...]:
    """The tokens of a form: kind, width, and the text of fixed ones."""
    found: list[tuple[str, int, str]] = []
    at = 0
    for directive in _DIRECTIVE.finditer(form):
        found += [("", 1, sign) for sign in form[at : directive.start()]]
        kind = MONTH if directive[0] == "%b" else DIGITS
        size = _WIDTHS.get(directive[0], 2)
        if found and found[-1][0] == kind == DIGITS:
            found[-1] = (kind, found[-1][1] + size, "")
        else:
            found.append((kind, size, ""))
        at = directive.end()
    return tuple(found)


def _plausible(value: str | None) -> str | None:
    return value if value is not None and _FIRST_YEAR <= int(value[:4]) <= _LAST_YEAR else None


def _day(value: str) -> date:
    return date.fromisoformat(f"{value}-01"[:10])


def _chosen(candidates: Sequence[_Candidate], width: int) -> Found:
    first = candidates[0]
    if len(candidates) == 1:
        return _sure_enough(first, width)
    # Readings that lie close together are of days in a row; those of another form leap.
    by_days = sorted(candidates, key=lambda one: one.days)
    nearest, second = by_days[0], by_days[1]
    distinct = len({value for value in nearest.values if value is not None})
    if distinct >= _ENOUGH and second.days >= _NARROWER * max(nearest.days, 1):
        return _sure_enough(nearest, width)
    forms = " or ".join(one.form for one in candidates)
    return Found("", width, first.fits, f"a date as {forms}: these names do not tell which")


def _sure_enough(found: _Candidate, width: int) -> Found:
    values = {value for value in found.values if value is not None}
    few = len(values) < _ENOUGH
    if found.form in _WEAK and few:
        return Found("", width, found.fits, f"a number, or a date as {found.form}")
    if found.form.endswith(("_%H%M%S", "-%H%M%S")) and (few or _counts_up(values)):
        return Found("", width, found.fits, f"a number, or a time as in {found.form}")
    return Found(found.form, width, found.fits)


def _counts_up(values: Iterable[str]) -> bool:
    """Whether times may be numbers that have begun at 0."""
    return all(value[11:13] == "00" for value in values)
