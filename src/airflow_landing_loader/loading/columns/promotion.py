"""A drift column that becomes a column: its name there, its type, and what speaks against it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_landing_loader.config.mapping.column_names import OWN_COLUMNS, same
from airflow_landing_loader.config.mapping.column_types import MOST_DIGITS, TEXT
from airflow_landing_loader.config.yaml.values import did_you_mean
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.loading.columns.drift import Owners, TableColumn, place_of
from airflow_landing_loader.loading.columns.literals import TEXT_TYPES, literal_form
from airflow_landing_loader.loading.columns.names import EXTRA, MAX_LENGTH, FileColumn, column_name
from airflow_landing_loader.loading.model import short_id
from airflow_landing_loader.safe_text import counted, delivered

_DECIMAL = re.compile(r"DECIMAL\((\d+),\s*(\d+)\)")

PLAIN_NUMBER = r"\A[+-]?(?:\d+(?:\.\d*)?|\.\d+)\z"
DIGITS_BEFORE = r"\A[+-]?0*(\d*).*\z"
DIGITS_BEHIND = r"\A[^.]*\.?(.*)\z"
PADDED = r"\A(?:\+|-?0[0-9])"
r"""What ``\1`` of them is, of a number; ``PADDED`` is one with a sign or a zero that it could be
without, as identifiers have it: as a number it would lose them."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """One statement, in the warehouse's own words.

    :param values: what is bound, by name.
    """

    sql: str
    values: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Prospect:
    """What a promotion would do, or has done.

    :param name: the sender's, as it was asked for.
    :param column: the table's name for it.
    :param type: of the column, in the reader's words.
    :param there: whether the table has the column already.
    :param loads: that have it in ``_extra``.
    :param rows: of these loads in the table.
    :param values: of these rows that are not NULL.
    :param padded: of these values that have a sign or zeros which the type does not keep.
    :param proposed: the narrowest type that takes all values and loses nothing of them.
    :param steps: the statements that do it, in order.
    """

    table: str
    name: str
    column: str
    type: str
    there: bool
    loads: int
    rows: int = 0
    values: int = 0
    padded: int = 0
    proposed: str | None = None
    steps: tuple[Step, ...] = ()

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to be done."""
        return self.there and not self.loads

    def sentence(self) -> str:
        """What was done, as a note on a load."""
        history = f", with its values of {counted(self.loads, 'load')}" if self.loads else ""
        return f"{self.name!r} became the column {self.column} ({self.type}){history}"


@dataclass(frozen=True)
class Place:
    """Where a drift column's values shall be.

    :param column: what the table calls it, or will.
    :param there: the table's column, if it has it.
    """

    column: str
    there: TableColumn | None

    def type_for(self, wanted: str | None) -> str:
        """The type that the column has, or will have.

        :param wanted: one of :mod:`~airflow_landing_loader.config.mapping.column_types`; ``None``:
            text, or what it has.
        :raises TerminalError: ``PROMOTE_TAKEN``: it has another, or one that takes no text.
        """
        if self.there is None:
            return wanted or TEXT
        has = spelled(self.there.type)
        if wanted not in (None, has):
            raise _taken(
                self.column,
                f"the table has the column {self.column} already, as {self.there.type}",
                f"Leave the type out to fill it as it is, or alter the column to {wanted} yourself "
                "first.",
            )
        if has not in TEXT_TYPES and literal_form(has) is None:
            raise _taken(
                self.column,
                f"the table's column {self.column} has type {self.there.type}, which text is not "
                "loaded into",
                "Make it a text column, then promote again.",
            )
        return has


def spelled(type_: str) -> str:
    """A type in the reader's words as :mod:`~config.mapping.column_types` spells it."""
    return type_.upper().replace(", ", ",")


def place_for(name: str, table: Sequence[TableColumn], owners: Owners) -> Place:
    """Say which column of a table a sender's name gets.

    :param owners: whose the table's columns are.
    :raises TerminalError: ``PROMOTE_TAKEN``: the column belongs to another name, or the table makes
        its values itself, or it would be one of the loader's own or have too long a name.
    """
    column = column_name(name)
    of_table = {same(c.name): c for c in reversed(table) if same(c.name) not in OWN_COLUMNS}
    key = place_of(FileColumn(name, name, column), of_table, owners)
    if key is not None:
        there = of_table[key]
        if there.generated:
            raise _taken(
                name,
                f"the table generates its column {there.name} itself",
                "Drop that column from the table, or leave the values in _extra.",
            )
        return Place(there.name, there)
    if same(column) in of_table:
        raise _taken(
            name,
            f"the table's column {of_table[same(column)].name} belongs to the sender's "
            f"{owners[same(column)]!r}",
            "Its values stay in _extra under their own name; csv.rename can name the column "
            "otherwise in later files.",
        )
    if same(column) in OWN_COLUMNS or len(column) > MAX_LENGTH:
        raise _taken(
            name,
            f"it would be called {column[:60]}, which no column of a file may be",
            "Name it otherwise in later files with csv.rename.",
        )
    return Place(column, None)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What all values are that are in ``_extra`` under a name.

    :param filled: that are neither NULL nor empty.
    :param unfit: filled values that have not a type's form, by type.
    :param numbers: that are plain numbers without an exponent.
    :param padded: with a sign or a zero that a number would lose.
    :param before: the most digits before the point, zeros at the left not counted.
    :param behind: the most digits behind it.
    """

    filled: int
    unfit: Mapping[str, int]
    numbers: int
    padded: int
    before: int
    behind: int

    @property
    def proposed(self) -> str:
        """The narrowest type that takes every value and loses nothing of it."""
        if not self.filled:
            return TEXT
        for type_ in ("BOOLEAN", "DATE", "TIMESTAMP"):
            if not self.unfit[type_]:
                return type_
        if self.padded:
            return TEXT
        if not self.unfit["BIGINT"]:
            return "BIGINT"
        digits = max(1, self.before + self.behind)
        if self.numbers == self.filled and digits <= MOST_DIGITS:
            return f"DECIMAL({digits},{self.behind})"
        return TEXT if self.unfit["DOUBLE"] or self.numbers == self.filled else "DOUBLE"


PROPOSED = ("BOOLEAN", "DATE", "TIMESTAMP", "BIGINT", "DOUBLE")


def forms_of(type_: str) -> tuple[str, ...]:
    """The expressions that a whole value of a type matches; of decimals they say all.

    :param type_: one that :meth:`Place.type_for` gives, and not text.
    """
    form = literal_form(type_)
    assert form is not None
    whole = rf"\A(?:{form.pattern})\z"
    if found := _DECIMAL.fullmatch(type_):
        digits, places = int(found[1]), int(found[2])
        before = rf"\d{{0,{digits - places}}}" if digits > places else ""
        return whole, rf"\A[+-]?0*{before}(?:\.\d*)?\z"
    return (whole,)


def is_number(type_: str) -> bool:
    """Whether its values may begin with a sign."""
    return type_.startswith(("DECIMAL", "DOUBLE")) or type_.endswith("INT") or "INTEGER" in type_


def is_said_by_form(type_: str) -> bool:
    """Whether what matches :func:`forms_of` is a value of the type, without a cast being tried."""
    return _DECIMAL.fullmatch(type_) is not None


@dataclass(frozen=True, kw_only=True)
class Unfit:
    """The first load with values that a type does not take.

    :param record: the first record of it; ``None`` where rows have no numbers.
    """

    load_id: str
    filename: str
    record: int | None

    def error(self, name: str, type_: str, count: int) -> TerminalError:
        """Say so, and no value."""
        form = literal_form(type_)
        words = form.words if form else "of its form"
        return TerminalError(
            ErrorCode.PROMOTE_BAD_VALUE,
            f"{counted(count, 'value')} in _extra are not {words}, which {type_} takes; the first "
            f"in load {short_id(self.load_id)}",
            hint="Choose a type that takes all values: VARCHAR always does, and `landing-loader "
            "promote` proposes one.",
            file=delivered(self.filename),
            record=self.record,
            column=name,
        )


def unknown_table(table: str, tables: Iterable[str]) -> TerminalError:
    """The error for a table that nothing was loaded into, or that is gone."""
    return TerminalError(
        ErrorCode.PROMOTE_UNKNOWN,
        f"{table} is no table that files were loaded into, or it is not there any more",
        hint=did_you_mean(table, tables) or "`landing-loader list` names the tables.",
    )


def unknown_column(table: str, name: str, drift: Sequence[str]) -> TerminalError:
    """The error for a name that is in no load's ``_extra``."""
    named = f"It has {', '.join(sorted(drift)[:20])}." if drift else "It has no drift columns."
    return TerminalError(
        ErrorCode.PROMOTE_UNKNOWN,
        f"no load of {table} has a column of this name in _extra",
        hint=did_you_mean(name, drift) or named,
        column=name,
    )


def extra_altered(table: str, name: str, rows: int) -> TerminalError:
    """The error for rows whose ``_extra`` somebody has changed."""
    return TerminalError(
        ErrorCode.PROMOTE_ALTERED,
        f"{counted(rows, 'row')} of {table} have in _extra not what a loader wrote there, so that "
        "the column cannot be taken out",
        hint="`landing-loader verify` says which load; unload it and let its file load again, then "
        "promote.",
        column=name,
    )


def extra_lost(table: str, name: str) -> TerminalError:
    """The error for a table that has no ``_extra`` any more."""
    return TerminalError(
        ErrorCode.PROMOTE_ALTERED,
        f"{table} has no column {EXTRA} any more, where the column's values were",
        hint="Put the column back with its values, from a backup; or unload the loads that had it "
        "and let their files load again.",
        column=name,
    )


def _taken(name: str, why: str, hint: str) -> TerminalError:
    return TerminalError(ErrorCode.PROMOTE_TAKEN, why, hint=hint, column=name)
