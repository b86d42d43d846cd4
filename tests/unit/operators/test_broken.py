from __future__ import annotations

from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException, AirflowSkipException

from airflow_landing_loader.operators.broken import BrokenMappingOperator


def broken(problem: str) -> BrokenMappingOperator:
    return BrokenMappingOperator(task_id="mapping_is_broken", problem=problem)


def test_it_fails_once_for_each_wording(context: Any, ti: Any) -> None:
    ti.task_id = "mapping_is_broken"
    with pytest.raises(AirflowFailException, match="one mistake"):
        broken("one mistake").execute(context)

    ti.previous_run, ti.run_id = "run-2", "run-3"
    with pytest.raises(AirflowSkipException, match="one mistake"):
        broken("one mistake").execute(context)

    ti.previous_run, ti.run_id = "run-3", "run-4"
    with pytest.raises(AirflowSkipException):
        broken("one mistake").execute(context)

    ti.previous_run, ti.run_id = "run-4", "run-5"
    with pytest.raises(AirflowFailException, match="another mistake"):
        broken("another mistake").execute(context)
