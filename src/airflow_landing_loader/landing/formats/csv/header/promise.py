"""Whether a header is the one that the mapping speaks of: ``csv.rename``, ``csv.columns``."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.column_names import (
    clean_name,
    named_by,
    position_of,
    same,
    spelling_of,
)
from airflow_landing_loader.config.mapping.model import CsvDialect
from airflow_landing_loader.exceptions import ErrorCode, TerminalError

_NAMED = 10
_DELIMITERS = {*",;\t|"}
_TAKE_OUT = (
    "correct csv.columns in the mapping, or take it out: then columns that are new go to _extra, "
    "and missing ones are NULL."
)
_BY_POSITION = (
    "Name such columns by their positions (csv.rename: {'#3': a_name}) beside csv.columns with all "
    "names in file order, see docs/csv.md."
)


_READ_IT = (
    "Let the header be read: csv.header: true, beside csv.columns, which is then what it has to "
    "hold, in any order; csv.rename names a column that has no name there, or another one."
)


@dataclass(frozen=True)
class _Header:
    """A header record.

    :param names: clean, as sent.
    :param file: file name, for errors.
    :param line: its physical line, for errors.
    """

    names: tuple[str, ...]
    file: str
    line: int

    def refusal(self, code: ErrorCode, message: str, hint: str) -> TerminalError:
        return TerminalError(code, message, hint=hint, file=self.file, line=self.line)

    def other(self, message: str, hint: str) -> TerminalError:
        return self.refusal(ErrorCode.HEADER_NOT_AS_PROMISED, message, hint)


def check_header(names: tuple[str, ...], csv: CsvDialect, *, file: str, line: int) -> None:
    """Hold a header against the mapping.

    :param names: clean names, as the header has them.
    :param file: file name, for the error.
    :param line: physical line of the header, for the error.
    :raises TerminalError: ``HEADER_NOT_AS_PROMISED``: neither a name that is to be renamed nor its
        new name is there, or the names are not those of ``csv.columns``.
        ``HEADER_DUPLICATE_NAME``: one that is to be renamed stands twice.
    """
    header = _Header(names, file, line)
    if csv.rename:
        _check_renamed(header, csv.rename)
    if csv.columns is not None:
        in_order = any(position_of(key) for key in csv.rename)
        _check_promised(header, csv.columns, effective_names(names, csv), in_order=in_order)


def check_places(
    names: Sequence[str], csv: CsvDialect, *, skipped: bool, file: str, line: int
) -> None:
    """Hold what may be a header against names that are given by position.

    :param names: clean, as they stand there.
    :param csv: with ``columns``, and without a header that is read.
    :param skipped: they stand in a skipped line, where some of them make a header; else in the
        first record, where all of them have to be there.
    :param file: file name, for the error.
    :param line: physical line, for the error.
    :raises TerminalError: ``HEADER_NOT_AS_PROMISED``: the columns stand in another order.
    """
    given = list(map(clean_name, csv.columns or ()))
    spelled = spelling_of(given, as_sent=False)
    promised, there = list(map(spelled, given)), list(map(spelled, names))
    at = [(promised.index(name), place) for place, name in enumerate(there) if name in promised]
    if not (len(at) > 1 if skipped else sorted(there) == sorted(promised)):
        return
    # A header may lack a name, as that of an index, and then says nothing of places by itself.
    alike = len(there) == len(promised)
    if at != (sorted(at) if not alike else [(place, place) for _, place in at]):
        raise _Header(tuple(names), file, line).other(
            "the columns stand in another order than csv.columns, which names them by their places",
            _order_cure(csv, line) if skipped else _READ_IT,
        )


def _order_cure(csv: CsvDialect, line: int) -> str:
    if line == csv.skip_rows:  # the last line that is skipped
        return f"Set csv.skip_rows: {line - 1}. {_READ_IT}"
    return f"Write csv.columns in the order of line {line}."


def effective_names(names: Sequence[str], csv: CsvDialect) -> tuple[str, ...]:
    """The names that a header's columns go by: the mapping's, where it has another.

    :param names: clean names, as the header has them.
    """
    given = named_by(names, csv.rename)
    return tuple(sent if other is None else other for sent, other in zip(names, given, strict=True))


def _check_renamed(header: _Header, rename: Mapping[str, str]) -> None:
    found = Counter(map(same, header.names))
    placed = {position_of(key) for key in rename}
    for key, name in rename.items():
        position = position_of(key)
        if position is not None:
            _check_position(header, position, found)
            continue
        sent = same(clean_name(key))
        at = [i for i, n in enumerate(header.names, start=1) if same(n) == sent and i not in placed]
        if len(at) > 1:
            what = f"has the name {key!r}" if key else "has no name"
            raise header.refusal(
                ErrorCode.HEADER_DUPLICATE_NAME,
                f"more than one column {what} (columns {', '.join(map(str, at[:_NAMED]))}), and "
                f"csv.rename calls only one of them {name!r}",
                _BY_POSITION,
            )
        if not at and not found[same(clean_name(name))]:
            raise _lacks(header, key, name)


def _check_position(header: _Header, position: int, found: Counter[str]) -> None:
    """A position names only what cannot be named otherwise: else another column stands there."""
    there = header.names[position - 1] if position <= len(header.names) else None
    if there is None or (there and found[same(there)] == 1 and there != f"#{position}"):
        what = "does not exist" if there is None else f"has a name of its own, {there!r}"
        raise header.other(
            f"csv.rename names column {position}, which {what}",
            "Correct the mapping to the columns that the file has now; a column that has a name of "
            "its own is renamed by it.",
        )


def _lacks(header: _Header, key: str, name: str) -> TerminalError:
    close = difflib.get_close_matches(key.casefold(), [n.casefold() for n in header.names], n=1)
    guess = f"Did you mean {close[0]!r}? " if close else ""
    if len(header.names) == 1 and len(_DELIMITERS & {*header.names[0]}) == 1:
        guess = f"The header is one name, {header.names[0]!r}: csv.delimiter may be wrong. "
    what = f"column {key!r}" if key else "column without a name"
    return header.other(
        f"the header has no {what}, which csv.rename calls {name!r}, and no column of that name",
        f"{guess}Correct csv.rename in the mapping to what the sender writes now, or take it out.",
    )


def _check_promised(
    header: _Header, promised: Sequence[str], names: Sequence[str], *, in_order: bool
) -> None:
    wanted, there = Counter(same(clean_name(n)) for n in promised), Counter(map(same, names))
    lacks = [n for n in promised if same(clean_name(n)) in wanted - there]
    more = [n for n in names if same(n) in there - wanted]
    differences = [
        f"{verb} {', '.join(repr(n) for n in found[:_NAMED])}"
        f"{' and others' if len(found) > _NAMED else ''}"
        for verb, found in (("lacks", lacks), ("has besides", more))
        if found
    ]
    cure = _TAKE_OUT
    if in_order:
        cure = "correct csv.columns and the positions in csv.rename."
        if not differences and list(wanted) != list(map(same, names)):
            differences = ["has them in another order, and some are named by their positions"]
    if differences:
        raise header.other(
            f"the header is not the one that csv.columns promises: it {'; it '.join(differences)}",
            f"Ask the sender what has changed, and {cure}",
        )
