"""Which table's DAG a request means, and whether its sender may."""

from __future__ import annotations

from http import HTTPStatus

from airflow_landing_loader.config.mapping.dag_ids import dag_id_meant
from airflow_landing_loader.plugins.api.airflow_api import AirflowApi
from airflow_landing_loader.plugins.api.auth import Caller
from airflow_landing_loader.plugins.api.datamodels.airflow import Dag
from airflow_landing_loader.plugins.api.problems import ProblemError


async def readable(pipeline_id: str, caller: Caller, airflow: AirflowApi) -> Dag:
    """The DAG, which the caller may read and which there is.

    :raises ProblemError: 403, and only for those who may: 404.
    """
    dag_id = dag_id_meant(pipeline_id)
    await caller.must_read(dag_id)
    return await airflow.dag(dag_id)


async def editable(pipeline_id: str, caller: Caller, airflow: AirflowApi) -> Dag:
    """The DAG, which the caller may act on and which there is.

    :raises ProblemError: 403, and only for those who may: 404.
    """
    dag_id = dag_id_meant(pipeline_id)
    await caller.must_edit(dag_id)
    return await airflow.dag(dag_id)


def no_execution() -> ProblemError:
    """The id of no execution."""
    return ProblemError(HTTPStatus.NOT_FOUND, "There is no execution of this id.")
