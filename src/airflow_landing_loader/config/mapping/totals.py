"""Control totals: what a sender says that the cells of a column come to, and where it says so."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, NamedTuple, Self

from pydantic import BeforeValidator, Field, model_validator

from airflow_landing_loader.config.mapping.column_names import (
    check_different,
    clean_name,
    same,
)
from airflow_landing_loader.config.mapping.dialect import ColumnName, CsvDialect
from airflow_landing_loader.config.mapping.fields import ColumnRef, MappingModel
from airflow_landing_loader.config.yaml.values import did_you_mean, refusal, whole_number
from airflow_landing_loader.exceptions import ErrorCode

TotalKind = Literal["sum", "min", "max", "distinct", "hash_total"]
KINDS: tuple[TotalKind, ...] = ("sum", "min", "max", "distinct", "hash_total")
NAMES: dict[TotalKind, str] = {
    "sum": "sum",
    "min": "least number",
    "max": "greatest number",
    "distinct": "number of different texts",
    "hash_total": "hash total",
}
"""What the kinds are called in sentences."""

_MOST_COLUMNS = 100
_MOST_DIGITS = 100


_Digits = Annotated[int, Field(strict=True, ge=1, le=_MOST_DIGITS), BeforeValidator(whole_number)]


class TotalPlace(NamedTuple):
    """Where one total of one column stands.

    :param column: as the mapping names it.
    :param place: a key, a column, a path, a field or a named group, as the other keys beside
        ``totals`` have them.
    :param width: digits that a hash total is cut to, counted from its end; ``None``: all.
    """

    column: str
    kind: TotalKind
    place: str | int
    width: int | None

    @property
    def key_path(self) -> tuple[str, ...]:
        """The key that says it, from the one that ``totals`` stands under."""
        return "totals", self.column, f"{self.kind}_at"

    @property
    def key(self) -> str:
        """The same in words."""
        return ".".join(self.key_path)


class ColumnTotals(MappingModel):
    """Where the totals of one column stand."""

    sum_at: ColumnRef | None = Field(default=None, description="Where the sum of its cells stands.")
    min_at: ColumnRef | None = Field(default=None, description="Where the least number stands.")
    max_at: ColumnRef | None = Field(default=None, description="Where the greatest number stands.")
    distinct_at: ColumnRef | None = Field(
        default=None, description="Where the number of different texts stands."
    )
    hash_total_at: ColumnRef | None = Field(
        default=None,
        description="Where the sum stands of the digits of each cell, read as one whole number.",
    )
    width: _Digits | None = Field(
        default=None, description="Last digits of the hash total that the sender gives."
    )

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(self.places("")):
            raise refusal(
                ErrorCode.MAPPING_MISSING_KEY,
                "Nothing says which total of the column the sender gives, and where.",
                hint="Add sum_at, min_at, max_at, distinct_at or hash_total_at.",
            )
        if self.width is not None and self.hash_total_at is None:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                "width is the number of digits of a hash total, but there is none.",
                hint="Add hash_total_at, or remove width.",
            )
        return self

    def places(self, column: str) -> Iterator[TotalPlace]:
        """The totals that are asked for.

        :param column: the name it stands under.
        """
        for kind in KINDS:
            place = getattr(self, f"{kind}_at")
            if place is not None:
                width = self.width if kind == "hash_total" else None
                yield TotalPlace(column, kind, place, width)


def _short_form(value: object) -> object:
    return value if isinstance(value, dict | ColumnTotals) else {"sum_at": value}


def _different(value: object) -> object:
    if isinstance(value, dict):
        check_different(name for name in value if isinstance(name, str))
    return value


Totals = Annotated[
    dict[ColumnName, Annotated[ColumnTotals, BeforeValidator(_short_form)]],
    Field(min_length=1, max_length=_MOST_COLUMNS),
    BeforeValidator(_different),
]
"""By column; a place alone is that of the sum."""

TOTALS_DESCRIPTION = "Totals of columns that the sender gives, by column: a place, of the sum; or "
"""How the descriptions of all three keys begin."""


def places_of(totals: Mapping[str, ColumnTotals] | None) -> tuple[TotalPlace, ...]:
    """All totals of a go file, a trailer or a header record, in the order they are written."""
    return tuple(
        place for column, entry in (totals or {}).items() for place in entry.places(column)
    )


def check_columns(
    proof: str,
    totals: Mapping[str, ColumnTotals] | None,
    csv: CsvDialect,
    added: Mapping[str, Any],
) -> None:
    """See that the files may have the columns of which totals are given.

    :param proof: the key that ``totals`` stands under.
    :param added: names of columns that the files have not.
    :raises PydanticCustomError: ``mapping.contradiction``.
    """
    renamed = {same(clean_name(sent)): name for sent, name in csv.rename.items()}
    kept = {same(clean_name(name)) for name in csv.rename.values()}
    named = {same(clean_name(name)) for name in csv.columns or ()}
    for column in totals or {}:
        key, at = same(clean_name(column)), (proof, "totals", column)
        if key in renamed and key not in kept:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"{proof}.totals speaks of the column {column!r}, which csv.rename calls "
                f"{renamed[key]!r}.",
                hint=f"Write {renamed[key]!r} here too.",
                at=at,
            )
        if csv.columns is not None and key not in named:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"{proof}.totals speaks of the column {column!r}, which csv.columns does not name.",
                hint=did_you_mean(column, csv.columns) or "Correct one of the two.",
                at=at,
            )
        if key in {same(clean_name(name)) for name in added}:
            raise refusal(
                ErrorCode.MAPPING_CONTRADICTION,
                f"{proof}.totals speaks of the column {column!r}, which add_columns fills: the "
                "sender does not know it.",
                hint="Correct one of the two.",
                at=at,
            )
