"""The one task of a DAG whose mapping is broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from airflow.providers.common.compat.sdk import (
    AirflowFailException,
    AirflowSkipException,
    BaseOperator,
)

from airflow_landing_loader.xcom.keys import previous_run_id

if TYPE_CHECKING:
    from airflow.sdk import Context

_PROBLEM_KEY = "landing_problem"


class BrokenMappingOperator(BaseOperator):
    """Fail with what is wrong with a mapping, once for each wording of it.

    A later run that finds the same problem is skipped, so that one mistake is one alarm; the DAG's
    name and tag go on saying that it is broken.

    :param problem: the whole explanation: place, line, what is allowed, what to do.
    :raises AirflowFailException: the problem is new.
    :raises AirflowSkipException: the run before has failed for it already.
    """

    ui_color = "#f7d6d0"

    def __init__(self, *, problem: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.problem = problem

    def execute(self, context: Context) -> NoReturn:
        """Fail or skip; see the class."""
        ti = context["ti"]
        run_id = previous_run_id(ti)
        known = run_id and ti.xcom_pull(task_ids=self.task_id, key=_PROBLEM_KEY, run_id=run_id)
        ti.xcom_push(key=_PROBLEM_KEY, value=self.problem)
        if known == self.problem:
            raise AirflowSkipException(f"Still broken, as an earlier run has said:\n{self.problem}")
        raise AirflowFailException(self.problem)
