"""DAGs of the mappings of one test, as the processor or a task's process builds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from airflow_landing_loader.settings import Settings

if TYPE_CHECKING:
    from airflow.sdk import DAG


@pytest.fixture
def build(settings: Callable[..., Settings]) -> Callable[..., dict[str, DAG]]:
    """Build the DAGs of the mappings in the zones' mapping folder."""

    def make(**options: Any) -> dict[str, DAG]:
        from airflow_landing_loader.dag_factory import build_landing_dags

        return build_landing_dags(settings(**({"dbt_mode": "off"} | options)))

    return make


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Make this process one that runs a task."""

    def ask(dag_id: str, task_id: str) -> None:
        monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", dag_id)
        monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_TASK_ID", task_id)

    return ask
