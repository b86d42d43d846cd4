"""What can be done to a table: asked for here, carried out by a worker, in a run of one DAG."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool

from airflow_landing_loader.hooks.tickets import with_ticket
from airflow_landing_loader.loading.operations import ActionName
from airflow_landing_loader.plugins.api.airflow_api import AirflowApi, AirflowApiDep
from airflow_landing_loader.plugins.api.auth import Caller, CallerDep
from airflow_landing_loader.plugins.api.datamodels.actions import (
    Accepted,
    DiscardRequest,
    Links,
    PromoteRequest,
    ReplayRequest,
    UnloadRequest,
    VerifyRequest,
)
from airflow_landing_loader.plugins.api.datamodels.airflow import Trigger
from airflow_landing_loader.plugins.api.openapi import problems
from airflow_landing_loader.plugins.api.pipelines import editable
from airflow_landing_loader.runs.actions import ACTIONS_DAG_ID, ActionParameters, request

router = APIRouter(tags=["actions"])

_ROUTE: Any = {
    "status_code": HTTPStatus.ACCEPTED,
    "responses": problems(
        HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    ),
}


@dataclass(frozen=True)
class _Desk:
    """Takes an action from its caller to the run that will carry it out."""

    request: Request
    caller: Caller
    airflow: AirflowApi

    async def take(
        self,
        action: ActionName,
        table: str,
        targets: list[str],
        reason: str,
        parameters: ActionParameters | None = None,
    ) -> Accepted:
        """Start the run, if the caller may act on the table and start it.

        :raises ProblemError: 403, 404; 409 where the actions' DAG is paused.
        """
        await editable(table, self.caller, self.airflow)
        await self.caller.must_edit(ACTIONS_DAG_ID)
        asked = request(
            action,
            table,
            tuple(targets),
            asked_by=self.caller.name,
            reason=reason,
            parameters=parameters,
        )
        conf = await run_in_threadpool(with_ticket, asked)
        wanted = Trigger(dag_run_id=asked.run_id, conf=conf)
        run = await self.airflow.trigger(await self.airflow.dag(ACTIONS_DAG_ID), wanted)
        return Accepted(
            action_id=asked.action_id,
            action=action,
            dag_id=run.dag_id,
            run_id=run.dag_run_id,
            links=self._links(run.dag_id, run.dag_run_id),
        )

    def _links(self, dag_id: str, run_id: str) -> Links:
        prefix = self.request.scope.get("app_root_path", "")
        run = quote(run_id, safe="")
        return Links(
            run=f"{prefix}/dags/{dag_id}/runs/{run}",
            api=f"{prefix}/api/v2/dags/{dag_id}/dagRuns/{run}",
        )


def _desk(request: Request, caller: CallerDep, airflow: AirflowApiDep) -> _Desk:
    return _Desk(request, caller, airflow)


_DeskDep = Annotated[_Desk, Depends(_desk)]


@router.post("/replay", **_ROUTE)
async def replay(wanted: ReplayRequest, desk: _DeskDep) -> Accepted:
    """Bring refused files back into landing, after their cause is mended."""
    return await desk.take("replay", wanted.table, wanted.files, wanted.reason)


@router.post("/discard", **_ROUTE)
async def discard(wanted: DiscardRequest, desk: _DeskDep) -> Accepted:
    """Say of refused files that they are done with."""
    return await desk.take("discard", wanted.table, wanted.files, wanted.reason)


@router.post("/unload", **_ROUTE)
async def unload(wanted: UnloadRequest, desk: _DeskDep) -> Accepted:
    """Take loads back."""
    how = ActionParameters(to=wanted.to)
    return await desk.take("unload", wanted.table, wanted.loads, wanted.reason, how)


@router.post("/promote", **_ROUTE)
async def promote(wanted: PromoteRequest, desk: _DeskDep) -> Accepted:
    """Make new columns of a sender columns of the table, with their history."""
    how = ActionParameters(type=wanted.type)
    return await desk.take("promote", wanted.table, wanted.columns, wanted.reason, how)


@router.post("/verify", **_ROUTE)
async def verify(wanted: VerifyRequest, desk: _DeskDep) -> Accepted:
    """Prove that the table holds exactly what the files of loads held."""
    return await desk.take("verify", wanted.table, wanted.loads, wanted.reason)
