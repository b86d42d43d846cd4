"""The DAG that carries out what people ask for in the landing zone's page or API."""

from __future__ import annotations

from typing import Any

from airflow.providers.common.compat.sdk import DAG

from airflow_landing_loader.dag_factory.defaults import START_DATE, TAG, patient
from airflow_landing_loader.dag_factory.docs import actions_page
from airflow_landing_loader.operators.actions import (
    CarryOutActionOperator,
    CheckActionOperator,
    RecordActionOperator,
)
from airflow_landing_loader.runs.actions import ACTIONS_DAG_ID
from airflow_landing_loader.settings import Settings

# A load that is proved anew may take an hour; others need not wait for it. Two that want the same
# files may meet: each step of the core may be taken twice.
_SIDE_BY_SIDE = 4
_CHECK, _ACT, _RECORD = "check", "act", "record"


def build_actions_dag(settings: Settings) -> DAG:
    """Build the DAG; each of its runs is one action, started with a ticket.

    :param settings: where everything lies.
    """
    pool = {"pool": settings.writer_pool} if settings.writer_pool else {}
    writes: dict[str, Any] = {"settings": settings, **pool}
    with DAG(
        dag_id=ACTIONS_DAG_ID,
        dag_display_name="landing: replay, discard, unload, promote, verify",
        description="Carries out what people ask for in the landing zone's page or API",
        doc_md=actions_page(settings),
        schedule=None,
        start_date=START_DATE,
        catchup=False,
        max_active_runs=_SIDE_BY_SIDE,
        # Paused it would keep people waiting who have asked for something.
        is_paused_upon_creation=False,
        tags={TAG},
        default_args={"owner": TAG, **patient(settings)},
    ) as dag:
        check = CheckActionOperator(task_id=_CHECK, settings=settings)
        act = CarryOutActionOperator(task_id=_ACT, check_task_id=_CHECK, **writes)
        record = RecordActionOperator(
            task_id=_RECORD,
            check_task_id=_CHECK,
            act_task_id=_ACT,
            trigger_rule="all_done",
            **writes,
        )
        check >> act >> record
    return dag
