"""What the tasks of one run tell each other besides their return values."""

from __future__ import annotations

from typing import Any

ERROR_KEY = "landing_error"  # why a task failed: its errors, and the verdicts behind them
HELD_KEY = "landing_held"  # files that wait in landing for a later run
WAITING_KEY = "landing_waiting"  # ready files that this run has no lane for
NOTICES_KEY = "landing_notices"  # files that no run takes
NEWS_KEY = "landing_news"  # those of them that the run before did not know
DUE_KEY = "landing_dbt_due"  # what the dbt run behind the gate covers


def pull_all(ti: Any, task_id: str, key: str = "return_value") -> list[dict[str, Any]]:
    """The dicts that a task pushed, of all its mapped instances or of the only one.

    Airflow gives back nothing, the value itself or a list for none, one or several.

    :param ti: the running task instance.
    """
    value = ti.xcom_pull(task_ids=task_id, key=key)
    values = [value] if isinstance(value, dict) else list(value or ())
    return [entry for entry in values if isinstance(entry, dict)]


def previous_run_id(ti: Any) -> str | None:
    """The run before this one, by logical date; ``None`` for a run without such a date."""
    run = ti.get_previous_dagrun()
    return None if run is None else str(run.run_id)
