"""What became of one file in one run, for tables, reports and XCom."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from airflow_landing_loader.exceptions import ErrorDetail

Status = Literal["loaded", "duplicate", "failed", "left"]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of one file.

    :param status: ``loaded`` and ``duplicate`` lie in the archive, ``failed`` in the failed zone,
        ``left`` is still in landing because of a transient error.
    :param rows: rows committed by this delivery (0 for a duplicate).
    :param uri: where the data file lies now.
    :param notes: what a person should know though nothing failed: drift, restatement, rejects.
    """

    name: str
    table: str
    status: Status
    rows: int
    rejected: int
    uri: str
    load_id: str | None = None
    error: ErrorDetail | None = None
    notes: tuple[str, ...] = ()
