"""How good what was loaded is, in figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from airflow_landing_loader.loading.ledger.history import History


@dataclass(frozen=True, kw_only=True)
class QualityFigures:
    """How many records are as the mappings ask, over some time.

    :param total_records: 0 or more.
    :param valid_records: those without any issue.
    :param missing_fields: values that are required and are not there.
    :param invalid_types: values that are not of the type asked for.
    :param duplicates: records whose key another record has.
    """

    total_records: int = 0
    valid_records: int = 0
    missing_fields: int = 0
    invalid_types: int = 0
    duplicates: int = 0

    @property
    def score(self) -> float | None:
        """The share of valid records in percent, with two places and never better than it is;
        ``None`` if there are no records."""
        if not self.total_records:
            return None
        return 10_000 * self.valid_records // self.total_records / 100

    @property
    def issues(self) -> int:
        """All issues; one record may have several."""
        return self.missing_fields + self.invalid_types + self.duplicates

    def __add__(self, other: QualityFigures) -> QualityFigures:
        return QualityFigures(
            total_records=self.total_records + other.total_records,
            valid_records=self.valid_records + other.valid_records,
            missing_fields=self.missing_fields + other.missing_fields,
            invalid_types=self.invalid_types + other.invalid_types,
            duplicates=self.duplicates + other.duplicates,
        )


@dataclass(frozen=True)
class KeptQuality:
    """:class:`QualityBooks` of one warehouse."""

    history: History

    def quality(self, since: datetime) -> Mapping[str, QualityFigures]:
        """See :class:`QualityBooks`.

        :raises TransientError: ``WAREHOUSE_LOCKED``, a writer works.
        """
        return {
            found.table: QualityFigures(
                total_records=found.records,
                valid_records=found.good,
                missing_fields=found.missing_fields,
                invalid_types=found.invalid_types,
                duplicates=found.duplicates,
            )
            for found in self.history.quality(since)
        }


class QualityBooks(Protocol):
    """The books' page on quality. It may take as long as the warehouse does.

    Raises :class:`~airflow_landing_loader.exceptions.LandingError`.
    """

    def quality(self, since: datetime) -> Mapping[str, QualityFigures]:
        """The figures of all loads that were completed since then, by raw table, as the mapping
        names it; tables without any load are left out.

        :param since: UTC, without a zone.
        """
        ...
