"""Control totals of the rows of a delivery, as its sender tells them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product

from airflow_landing_loader.config.mapping.column_names import clean_name, same
from airflow_landing_loader.config.mapping.model import PROOFS, TableMapping
from airflow_landing_loader.config.mapping.numbers import Numbers
from airflow_landing_loader.config.mapping.totals import TotalKind, TotalPlace, places_of
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode
from airflow_landing_loader.generating.examples import example
from airflow_landing_loader.generating.figures import Figures
from airflow_landing_loader.generating.rows import Row, can_write, columns_of, encodes

_PROBES = (Decimal("2345.25"), Decimal("-45.50"))
_WHOLE: tuple[TotalKind, ...] = ("distinct", "hash_total")


@dataclass(frozen=True, slots=True)
class Told:
    """A total.

    :param text: in the form of the feed's numbers; empty: no cell holds a number.
    :param number: the same as JSON has it without quotes; ``None``: only the text will do.
    """

    text: str
    number: int | float | None = None


def places(mapping: TableMapping, proof: str) -> tuple[TotalPlace, ...]:
    """The totals that a proof of a mapping gives.

    :param proof: ``go_file``, ``trailer`` or ``header_record``.
    """
    rules = getattr(mapping, proof)
    return () if rules is None else places_of(rules.totals)


def proofs_with_totals(mapping: TableMapping) -> tuple[str, ...]:
    """Those proofs of a mapping that give any."""
    return tuple(proof for proof in PROOFS if places(mapping, proof))


def told(
    mapping: TableMapping, proof: str, rows: Sequence[Row], figures: Figures, *, wrong: bool
) -> dict[str | int, Told]:
    """What stands in each place.

    :param rows: all that are delivered.
    :param wrong: the first total is one too much.
    """
    at = {same(clean_name(name)): at for at, name in enumerate(columns_of(mapping))}
    found: dict[str | int, Told] = {}
    for place in places(mapping, proof):
        column = at[same(clean_name(place.column))]
        value = _value(place, [row[column] or "" for row in rows], figures)
        if wrong and not found and value is not None:
            value = _one_more(value, place)
        found[place.place] = _told(place, value, figures)
    return found


def _value(place: TotalPlace, cells: Sequence[str], figures: Figures) -> Decimal | None:
    """What the cells come to; ``None``: none of them holds a number."""
    texts = [cell for cell in cells if cell.strip()]
    if place.kind == "distinct":
        return Decimal(len({*texts}))
    if place.kind == "hash_total":
        total = sum(int("".join([c for c in text if c in "0123456789"])) for text in texts)
        return Decimal(total if place.width is None else total % 10**place.width)
    numbers = [figures.value(text) for text in texts]
    if place.kind == "sum":
        return sum(numbers, Decimal())
    return (min if place.kind == "min" else max)(numbers, default=None)


def _one_more(value: Decimal, place: TotalPlace) -> Decimal:
    return value + 1 if place.width is None else (value + 1) % 10**place.width


def _told(place: TotalPlace, value: Decimal | None, figures: Figures) -> Told:
    if value is None:
        return Told("")
    if place.kind in _WHOLE:
        return Told(figures.written(value), int(value))
    # The least and the greatest number are texts in JSON, too: that form has to be read as well.
    return Told(figures.total(value), _in_json(value) if place.kind == "sum" else None)


def _in_json(value: Decimal) -> int | float | None:
    if value == value.to_integral_value():
        return int(value)
    number = float(value)
    exact = "e" not in repr(number) and Decimal(repr(number)) == value
    return number if exact else None


def figures_of(mapping: TableMapping) -> Figures:
    """The richest numbers that a mapping takes in all places where they stand.

    :raises ConfigurationError: ``GENERATE_NO_EXAMPLE``: it takes none, not even whole ones without
        a sign.
    """
    numbers = mapping.numbers or Numbers()
    proofs = proofs_with_totals(mapping)
    if not proofs:
        return Figures(numbers)
    refused = ConfigurationError(
        ErrorCode.GENERATE_NO_EXAMPLE,
        f"No number could be made that files of {mapping.pattern!r} can hold.",
        hint="Only a delivery by hand can try this mapping.",
    )
    for flags in product((True, False), repeat=3):
        figures = Figures(numbers, *flags)
        try:
            if _fit(mapping, proofs, figures):
                return figures
        except ConfigurationError as error:
            refused = error
    raise refused


def _fit(mapping: TableMapping, proofs: Sequence[str], figures: Figures) -> bool:
    """Whether numbers can stand in the cells and in the places of the totals.

    :raises ConfigurationError: ``GENERATE_NO_EXAMPLE``: not in a line that an expression finds.
    """
    probes = [*_probes(figures)]
    if not all(can_write(text, mapping.csv) for text in probes):
        return False
    go_encoding = (mapping.go_file.encoding if mapping.go_file else None) or "utf-8"
    if "go_file" in proofs and not all(encodes(text, go_encoding) for text in probes):
        return False
    for proof in proofs:
        match = getattr(getattr(mapping, proof), "match", None)
        if match is not None:
            for text in probes:
                example(match, {"count": "12", **_groups(mapping, proof, text)})
    return True


def _groups(mapping: TableMapping, proof: str, text: str) -> dict[str, str]:
    return {
        str(place.place): "12" if place.kind in _WHOLE else text for place in places(mapping, proof)
    }


def _probes(figures: Figures) -> Iterator[str]:
    for value in _PROBES:
        if value > 0 or figures.negatives:
            yield figures.total(value if figures.fractions else Decimal(int(value)))
