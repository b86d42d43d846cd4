"""What the books say of one load."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_landing_loader.loading.ledger.queries import Books
from airflow_landing_loader.loading.model import DeliveryOutcome, Load, LoadColumn, LoadTotal
from airflow_landing_loader.loading.reading.quality import QualityLine


@dataclass(frozen=True, kw_only=True)
class Booked:
    """The part of a :class:`~airflow_landing_loader.loading.warehouses.base.CommittedLoad` that is
    asked of the books, and so in every warehouse alike."""

    books: Books
    load: Load

    @property
    def outcome(self) -> DeliveryOutcome:
        return self.books.outcome_of(self.load.load_id)

    @property
    def columns(self) -> tuple[LoadColumn, ...]:
        return self.books.columns_of_load(self.load.load_id)

    @property
    def totals(self) -> tuple[LoadTotal, ...]:
        return self.books.totals_of_load(self.load.load_id)

    @property
    def quality(self) -> tuple[QualityLine, ...]:
        return self.books.quality_of_load(self.load.load_id)

    @property
    def sharing(self) -> tuple[int, ...]:
        return self.books.sharing(self.load)

    @property
    def set_mates(self) -> tuple[Load, ...]:
        return self.books.set_mates(self.load)

    def rejects(self) -> Iterator[tuple[int, str]]:
        return self.books.rejects_of(self.load.load_id)
