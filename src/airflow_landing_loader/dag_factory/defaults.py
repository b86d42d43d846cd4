"""What all generated DAGs have in common."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

START_DATE = datetime(2024, 1, 1, tzinfo=UTC)


TAG = "landing-loader"


# Waits of 10 s, doubled up to 5 min: 20 minutes at least before a transient error fails a task.
# It is for what stops every file alike: the database, a zone.
PATIENT: dict[str, Any] = {
    "retries": 8,
    "retry_delay": timedelta(seconds=10),
    "retry_exponential_backoff": True,
    "max_retry_delay": timedelta(minutes=5),
}
