"""Control totals: numbers beside the data that are the sum of one of its columns, in several files
and not always the same."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.numbers import Numbers
from airflow_landing_loader.config.mapping.totals import TotalKind
from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.control.numbers import NumberForm
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from airflow_landing_loader.onboarding.controls.places import Place
from airflow_landing_loader.onboarding.model import Doubt, Said
from airflow_landing_loader.safe_text import counted, shown
from airflow_landing_loader.storage.content import FileContent

_ENOUGH = 2
_MOST_FIELDS = 10
_GROUP = "total"
FORMS = (None, Numbers(decimal=","), Numbers(decimal=",", group="."))
"""How numbers may be written, the simplest first."""

_NO_SUM = (ErrorCode.TOTALS_NOT_A_NUMBER, ErrorCode.TOTALS_NO_COLUMN)


@dataclass(frozen=True, slots=True)
class Promised:
    """What stands at one place, file by file, as numbers in their shortest form."""

    place: Place
    numbers: tuple[str, ...]


def promised_at(place: Place, texts: Sequence[str], form: Numbers | None = None) -> Promised | None:
    """The numbers at a place; ``None``: what stands there is no number, or is always zero."""
    amounts = [NumberForm(form).read(text) for text in texts]
    numbers = tuple(str(amount) for amount in amounts if amount is not None)
    if len(numbers) != len(texts) or set(numbers) <= {"0"}:
        return None
    return Promised(place, numbers)


def lines_with_a_total(
    keys: Mapping[str, Any], form: Numbers | None
) -> Iterator[tuple[Place, str]]:
    """The places of a trailer or a header record where a total may stand.

    :param keys: of it, as they are known.
    :param form: of the total.
    :returns: each with the ``match`` that names it, where one describes the line.
    """
    match = keys.get("match")
    if match is None:
        count = keys.get("row_count_column")
        yield from ((at, "") for at in range(1, _MOST_FIELDS + 1) if at != count)
        return
    sign = re.escape(form.decimal if form else ".")
    for number in re.finditer(rf"\\d\+(?:{re.escape(sign)}\\d\+)?", match):
        before, behind = match[: number.start()], match[number.end() :]
        if not before.endswith("(?P<count>"):
            yield _GROUP, rf"{before}(?P<{_GROUP}>\d+(?:{sign}\d+)?){behind}"


def said_in_line(
    proof: str, place: Place, files: Sequence[FileContent], mapping: TableMapping
) -> Promised | None:
    """The numbers at a place of the trailers or header records of some files.

    :param proof: ``trailer`` or ``header_record``.
    :param mapping: with one total there, whatever its column.
    """
    texts = []
    for file in files:
        try:
            found = inspect(file, mapping, totals=())
        except LandingError:
            return None
        line = found.trailer if proof == "trailer" else found.header_record
        texts += [total.value or "" for total in line.totals] if line else []
    return promised_at(place, texts) if len(texts) == len(files) else None


def find_totals(
    proof: str,
    promised: Sequence[Promised],
    files: Sequence[FileContent],
    mapping: TableMapping,
    columns: Sequence[str],
) -> tuple[list[Said], list[Doubt]]:
    """Which of some numbers are sums of which columns, as the loader adds them up.

    :param proof: the key that ``totals`` is to stand under.
    :param promised: at each place, a number for each file.
    :param files: at least one.
    :param mapping: that reads them.
    :param columns: names, as the mapping has them.
    """
    pairs = [(one, column) for one in promised for column in columns if column.strip()]
    for at, file in enumerate(files):
        wanted = tuple(dict.fromkeys(column for _, column in pairs))
        sums = dict(_sums(file, mapping, wanted))
        pairs = [(one, column) for one, column in pairs if sums.get(column) == one.numbers[at]]
    said, doubts = _told(proof, pairs, len(files))
    if said and mapping.numbers is not None:
        form = mapping.numbers.model_dump(exclude_defaults=True)
        said.append(Said(("numbers",), form, "the form in which sums and cells are right"))
    return said, doubts


def _told(
    proof: str, pairs: Sequence[tuple[Promised, str]], files: int
) -> tuple[list[Said], list[Doubt]]:
    totals: dict[str, Place] = {}
    doubts = []
    places = [one.place for one, _ in pairs]
    columns = [column for _, column in pairs]
    for one, column in pairs:
        what = f"{one.place} is the sum of {shown(column)}"
        if places.count(one.place) > 1 or columns.count(column) > 1:
            why = "but not of it alone, or not there alone: nothing tells which is meant"
            doubts.append(Doubt(f"{proof}.totals", f"{what}, {why}"))
        elif len(set(one.numbers)) < _ENOUGH:
            why = "in the only file that was read" if files == 1 else "which is always the same"
            doubts.append(Doubt(f"{proof}.totals", f"{what}, {why}: that proves nothing"))
        else:
            totals[column] = one.place
    why = f"the sum of the column, in {counted(files, 'file')} that were read"
    return ([Said((proof, "totals"), totals, why)] if totals else []), doubts


def _sums(
    file: FileContent, mapping: TableMapping, columns: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """The sums of those of the columns that hold nothing but numbers."""
    left = list(columns)
    while left:
        wanted: list[tuple[str, TotalKind]] = [(column, "sum") for column in left]
        try:
            found = inspect(file, mapping, may_be_empty=True, totals=wanted)
        except LandingError as error:
            column = str(error.detail.column)
            if error.code not in _NO_SUM or column not in left:
                return
            left.remove(column)
            continue
        yield from ((one.column, one.value) for one in found.totals if one.value is not None)
        return
