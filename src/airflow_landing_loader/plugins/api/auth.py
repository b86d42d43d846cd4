"""Who asks, and what they may do: Airflow's own answers, through the one file that knows where
Airflow has them.

The right to a table is the right to its DAG: to read it, or to edit it (PUT). Authorisation comes
before existence: who may not read a DAG gets the same answer whether or not there is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Literal
from urllib.parse import quote, urlencode, urlsplit

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag
from airflow.providers.common.compat.sdk import conf
from fastapi import Depends, HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from airflow_landing_loader.config.mapping.dag_ids import is_table_dag
from airflow_landing_loader.plugins.api.problems import ProblemError
from airflow_landing_loader.safe_text import shown
from airflow_landing_loader.version_compat import after_login

_Method = Literal["GET", "PUT"]


@dataclass(frozen=True)
class Caller:
    """Somebody who is logged in."""

    request: Request
    user: BaseUser

    @property
    def name(self) -> str:
        """As Airflow's audit log has it."""
        return self.user.get_name()

    async def table_dags(self, method: _Method = "GET") -> Sequence[str]:
        """Ids of the tables' DAGs that there are and that the caller may read, sorted.

        :param method: ``PUT``: that they may act on.
        """
        dag_ids = await run_in_threadpool(
            get_auth_manager().get_authorized_dag_ids, user=self.user, method=method
        )
        return sorted(filter(is_table_dag, dag_ids))

    async def may_read(self, dag_id: str) -> bool:
        """Whether the caller may read a DAG, if there is one of this id."""
        return await self._may("GET", dag_id)

    async def may_edit(self, dag_id: str) -> bool:
        """Whether the caller may act on a DAG, if there is one of this id."""
        return await self._may("PUT", dag_id)

    async def must_read(self, dag_id: str) -> None:
        """Go on if the caller may read a DAG, if there is one of this id.

        :raises ProblemError: 403.
        """
        if not await self.may_read(dag_id):
            raise _refused("read", dag_id)

    async def must_edit(self, dag_id: str) -> None:
        """Go on if the caller may act on a DAG, if there is one of this id.

        :raises ProblemError: 403.
        """
        if not await self.may_edit(dag_id):
            raise _refused("edit", dag_id)

    async def _may(self, method: _Method, dag_id: str) -> bool:
        check = requires_access_dag(method=method, param_dag_id=dag_id)
        try:
            await run_in_threadpool(check, self.request, self.user)
        except HTTPException as error:
            if error.status_code != HTTPStatus.FORBIDDEN:
                raise
            return False
        return True


def _refused(verb: str, dag_id: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.FORBIDDEN,
        f"You may not {verb} DAG {shown(dag_id)}.",
        hint="The right to a table is the right to its DAG in Airflow.",
    )


def caller_of(request: Request, user: GetUserDep) -> Caller:
    """Who sends the request.

    :raises HTTPException: nobody who is logged in: 401 without a token, 403 with one that is none.
    """
    return Caller(request, user)


CallerDep = Annotated[Caller, Depends(caller_of)]


def to_login(request: Request) -> Response:
    """Send a browser to Airflow's login, and from there back to the page that it asked for."""
    root = request.scope.get("app_root_path", "")
    base = conf.get("api", "base_url", fallback="") or ""
    seen = urlsplit(base)
    # What the browser sees: behind a proxy that ends TLS, a request looks like plain http.
    origin = f"{seen.scheme}://{seen.netloc}" if seen.netloc else _origin(request)
    asked = quote(request.scope["path"])
    query = request.url.query
    back = f"{origin}{asked}{f'?{query}' if query else ''}"
    login = f"{root}/api/v2/auth/login?{urlencode({'next': after_login(back)})}"
    return RedirectResponse(login, status_code=HTTPStatus.TEMPORARY_REDIRECT.value)


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
