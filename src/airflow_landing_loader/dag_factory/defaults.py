"""What all generated DAGs have in common."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow_landing_loader.runs.retries import RetryWaits
from airflow_landing_loader.settings import Settings

START_DATE = datetime(2024, 1, 1, tzinfo=UTC)


TAG = "landing-loader"

# A DAG that loads nothing and only tells: paused it would be told to nobody.
ONLY_TELLS: dict[str, Any] = {
    "start_date": START_DATE,
    "catchup": False,
    "max_active_runs": 1,
    "is_paused_upon_creation": False,
}

# For what is no error of ours, such as a worker that was killed, whatever the settings say of ours.
_LEAST = 8
_FIRST_WAIT = 10.0


def patient(settings: Settings) -> dict[str, Any]:
    """Retries of every task, as arguments of it.

    Airflow's own waits are by default 10 s, doubled up to 5 min: 20 minutes at least.
    """
    waits = RetryWaits.of(settings)
    return {
        "retries": max(waits.most, _LEAST),
        "retry_delay": timedelta(seconds=min(waits.other, default=_FIRST_WAIT)),
        "retry_exponential_backoff": True,
        "max_retry_delay": timedelta(seconds=max(waits.other, default=_FIRST_WAIT)),
        "retry_by_trouble": True,
    }
