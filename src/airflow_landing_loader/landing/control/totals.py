"""Control totals: read where the sender gives them, and held against what was added up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from airflow_landing_loader.config.mapping.model import PROOFS, TableMapping
from airflow_landing_loader.config.mapping.totals import NAMES, TotalKind, TotalPlace, places_of
from airflow_landing_loader.exceptions import ErrorCode, TerminalError, shown
from airflow_landing_loader.landing.control.numbers import NumberForm
from airflow_landing_loader.landing.model import Delivery, GoFileContent, Inspection, Total
from airflow_landing_loader.once import once
from airflow_landing_loader.safe_text import shortened

_MOST_SHOWN = 60

PromisedBy = Literal["go_file", "trailer", "header_record"]


@dataclass(frozen=True, kw_only=True)
class ProvedTotal:
    """A total that the sender promised, and what was added up."""

    column: str
    kind: TotalKind
    promised: str | None
    computed: str | None
    promised_by: PromisedBy
    width: int | None


@once
def wanted_totals(mapping: TableMapping) -> tuple[tuple[str, TotalKind], ...]:
    """Columns and kinds of all totals that a mapping speaks of, each once."""
    places = (place for _, place in _places(mapping))
    return tuple(dict.fromkeys((place.column, place.kind) for place in places))


def read_total(place: TotalPlace, text: str, form: NumberForm) -> Total | None:
    """A total as the sender writes it; ``None`` if it is none.

    :param place: where it stood, and so of what it is.
    :param text: as it stands there. For the least and the greatest number it may be empty: no cell
        holds a number.
    :param form: of the sender's numbers.
    """
    value: str | None = None
    if text.strip() or place.kind not in ("min", "max"):
        amount = form.read(text)
        if amount is None:
            return None
        if place.kind in ("distinct", "hash_total") and (
            amount.unscaled < 0 or not amount.is_whole
        ):
            return None
        value = str(amount)
    return Total(column=place.column, kind=place.kind, value=value, width=place.width)


def bad_total(place: TotalPlace, text: str) -> tuple[str, str]:
    """Message and hint for a total that is none."""
    whole = place.kind in ("distinct", "hash_total")
    reason = "is empty" if not text.strip() else "is no number of the form that numbers gives"
    if text.strip() and whole:
        reason = "is no whole number that is not negative"
    return (
        f"The {NAMES[place.kind]} of the column {place.column!r} {reason}.",
        f"Ask the sender to correct it, or correct {place.key} or numbers in the mapping.",
    )


def proved_totals(inspection: Inspection, go: GoFileContent | None) -> Iterator[ProvedTotal]:
    """All totals that were promised, with what was added up: equal, once a delivery is validated.

    :param go: what the go file says, where there is one.
    """
    computed = {(total.column, total.kind): total.value for total in inspection.totals}
    said: tuple[tuple[PromisedBy, Iterable[Total]], ...] = (
        ("go_file", go.totals if go else ()),
        ("trailer", inspection.trailer.totals if inspection.trailer else ()),
        ("header_record", inspection.header_record.totals if inspection.header_record else ()),
    )
    for by, totals in said:
        for total in totals:
            yield ProvedTotal(
                column=total.column,
                kind=total.kind,
                promised=total.value,
                computed=cut(computed[total.column, total.kind], total.width),
                promised_by=by,
                width=total.width,
            )


def require_totals(delivery: Delivery, inspection: Inspection, go: GoFileContent | None) -> None:
    """Hold what was added up against what the sender promised.

    :raises TerminalError: ``TOTALS_DIFFER``.
    """
    for total in proved_totals(inspection, go):
        if total.promised == total.computed:
            continue
        raise TerminalError(
            ErrorCode.TOTALS_DIFFER,
            f"the {NAMES[total.kind]} of the column {total.column!r} is {_told(total.computed)}, "
            f"{_by(total, delivery, inspection)} promises {_told(total.promised)}",
            hint="Records are missing, doubled or changed: ask the sender to deliver the file "
            "again, or which of the two is right.",
            file=delivery.data.name,
            column=total.column,
        )


def cut(value: str | None, width: int | None) -> str | None:
    """A hash total's last digits, as a number in its shortest form."""
    return value if value is None or width is None else value[-width:].lstrip("0") or "0"


def _told(value: str | None) -> str:
    return "that of no number" if value is None else shortened(value, _MOST_SHOWN)


def _by(total: ProvedTotal, delivery: Delivery, inspection: Inspection) -> str:
    if total.promised_by == "go_file":
        return f"the go file {shown(delivery.go.name)}" if delivery.go else "the go file"
    line = inspection.trailer if total.promised_by == "trailer" else inspection.header_record
    what = total.promised_by.replace("_", " ")
    return f"the {what} on line {line.line}" if line else f"the {what}"


def _places(mapping: TableMapping) -> Iterator[tuple[str, TotalPlace]]:
    for proof in PROOFS:
        rules = getattr(mapping, proof)
        for place in places_of(rules.totals if rules is not None else None):
            yield proof, place
