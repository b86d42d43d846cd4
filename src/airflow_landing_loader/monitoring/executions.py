"""What became of executions, layer by layer, and how good their data is: what the books hold.

An execution is one run of a table's DAG. Bronze is the load of its files, silver and gold are the
dbt models behind it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

LayerName = Literal["bronze", "silver", "gold"]
LayerStatus = Literal["completed", "failed"]


class RunKey(NamedTuple):
    """What a run of Airflow is known by."""

    dag_id: str
    run_id: str


@dataclass(frozen=True, kw_only=True)
class LayerResult:
    """What one layer of one execution came to.

    :param table_name: the raw table.
    :param records_processed: records loaded, or rows of the models that were built.
    :param records_failed: records left out: refused, rejected, or filtered by a model.
    :param size_bytes: of the files, as they were delivered; ``None`` behind bronze.
    :param duration_ms: time of the work itself, without the wait for files.
    :param started_at: UTC, as the books have it, without a zone.
    :param completed_at: the same.
    :param error: code and message of what made it fail.
    :param models: bronze: the raw table; silver and gold: the models, by their names in dbt.
    """

    run: RunKey
    table_name: str
    layer: LayerName
    status: LayerStatus
    records_processed: int
    records_failed: int
    size_bytes: int | None
    duration_ms: int
    started_at: datetime
    completed_at: datetime
    error: str | None = None
    models: Sequence[str] = ()


class ExecutionBooks(Protocol):
    """The books' page on executions. All methods may take as long as the warehouse does.

    All raise :class:`~airflow_landing_loader.exceptions.LandingError`.
    """

    def layers(self, runs: Sequence[RunKey]) -> Mapping[RunKey, Sequence[LayerResult]]:
        """The layers of runs, bronze first; runs that the books do not have are left out.

        :param runs: at most 500.
        """
        ...


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


class EmptyBooks:
    """Books in which nothing stands: :class:`ExecutionBooks` and :class:`QualityBooks`."""

    def layers(self, runs: Sequence[RunKey]) -> Mapping[RunKey, Sequence[LayerResult]]:  # noqa: ARG002
        return {}

    def quality(self, since: datetime) -> Mapping[str, QualityFigures]:  # noqa: ARG002
        return {}
