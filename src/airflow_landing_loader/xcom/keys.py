"""What the tasks of one run tell each other besides their return values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

ERROR_KEY = "landing_error"  # why a task failed: its errors, and the verdicts behind them
HELD_KEY = "landing_held"  # files that wait in landing for a later run
WAITING_KEY = "landing_waiting"  # ready files that this run has no lane for
NOTICES_KEY = "landing_notices"  # files that no run takes
NEWS_KEY = "landing_news"  # those of them that the run before did not know
REFUSED_KEY = "landing_refused"  # refused names, and when they failed a run
ALARM_KEY = "landing_alarm"  # those of them that fail this run
TOLD_KEY = "landing_told"  # what was told of expected files
RESULTS_KEY = "landing_action_results"  # what became of each target of an action
DUE_KEY = "landing_dbt_due"  # what the dbt run behind the gate covers
DBT_KEY = "landing_dbt"  # what a task of dbt has done
LATER_KEY = "landing_dbt_later"  # when dbt may run again after a failure, seconds since the epoch


def pull_all(ti: Any, task_id: str, key: str = "return_value") -> list[dict[str, Any]]:
    """The dicts that a task pushed, of all its mapped instances or of the only one.

    Airflow gives back nothing, the value itself or a list for none, one or several.

    :param ti: the running task instance.
    """
    value = ti.xcom_pull(task_ids=task_id, key=key)
    values = [value] if isinstance(value, dict) else list(value or ())
    return [entry for entry in values if isinstance(entry, dict)]


def pull_errors(ti: Any, task_ids: Sequence[str], *, dag_id: str) -> list[dict[str, Any]]:
    """What the failed ones of these tasks, of the same lane as the running one, said of it.

    Only those are asked: asking for what nobody pushed is an error in the log of Airflow's worker.

    :param ti: the running task instance.
    """
    lane = ti.map_index
    found = ti.get_task_states(
        dag_id=dag_id, run_ids=[str(ti.run_id)], task_ids=list(task_ids), map_index=lane
    )
    states = found.get(str(ti.run_id), {})
    failed = [t for t in task_ids if "failed" in (states.get(t), states.get(f"{t}_{lane}"))]
    said = (ti.xcom_pull(task_ids=t, key=ERROR_KEY, map_indexes=lane) for t in failed)
    return [error for error in said if error]


def previous_run_id(ti: Any) -> str | None:
    """The run before this one, by logical date; ``None`` for a run without such a date."""
    run = ti.get_previous_dagrun()
    return None if run is None else str(run.run_id)


def last_said(ti: Any, key: str) -> list[Any] | None:
    """The list that this task pushed last, in this run or else in the one before.

    :param ti: the running task instance.
    """
    said = ti.xcom_pull(task_ids=ti.task_id, key=key)
    if said is None and (run_id := previous_run_id(ti)):
        said = ti.xcom_pull(task_ids=ti.task_id, key=key, run_id=run_id)
    return said if isinstance(said, list) else None
