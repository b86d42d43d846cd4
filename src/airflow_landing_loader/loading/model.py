"""What loading says of a delivery: the verdicts and the rows of our own tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.model import Validated


@dataclass(frozen=True, kw_only=True)
class RunContext:
    """Who loads: shown in ``load_metadata`` and ``load_deliveries``. All empty on the command line."""

    dag_id: str | None = None
    run_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Load:
    """One committed load: one row of ``load_metadata``."""

    load_id: str
    filename: str
    table: str
    row_count: int
    started_at: datetime
    completed_at: datetime
    uri: str
    size: int
    sha256: str
    token: str
    expected_count: int | None
    rejected_count: int
    drift_columns: tuple[str, ...]
    missing_columns: tuple[str, ...]
    restates: str | None
    same_content_as: str | None


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Verdict: the rows are committed (now, or by an earlier try of the same delivery)."""

    validated: Validated
    load: Load
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Duplicate:
    """Verdict: the content is already in the table; the file goes to the archive, no row does."""

    validated: Validated
    of_load_id: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Refused:
    """Verdict: terminal (quarantine) or transient (leave in landing, try again)."""

    validated: Validated
    error: ErrorDetail


Verdict = Loaded | Duplicate | Refused
