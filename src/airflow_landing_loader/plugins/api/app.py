"""The app below ``/landing-loader``: the HTTP API and what browsers load.

Nobody gets in without Airflow's login but to the few files of the page, which hold no data.
"""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from fastapi import Depends, FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.types import Scope

from airflow_landing_loader import __version__
from airflow_landing_loader.plugins.api import openapi
from airflow_landing_loader.plugins.api.auth import caller_of, to_login
from airflow_landing_loader.plugins.api.files import PageFiles
from airflow_landing_loader.plugins.api.forgery import NoForgery
from airflow_landing_loader.plugins.api.headers import SafeHeaders
from airflow_landing_loader.plugins.api.problems import (
    NothingEscapes,
    ProblemError,
    answer,
    answer_by_problems,
    of_http_exception,
)
from airflow_landing_loader.plugins.api.routes import (
    actions,
    executions,
    loads,
    logs,
    metrics,
    overview,
    quality,
    tables,
)
from airflow_landing_loader.plugins.api.services import Books
from airflow_landing_loader.plugins.installation import Installation, OpenMonitor, airflow_monitor
from airflow_landing_loader.plugins.pages.route import trouble_page
from airflow_landing_loader.plugins.pages.routers import ROUTERS as PAGES

V1 = "/api/v1"
API = f"{V1}/etl"

_WWW = Path(__file__).parents[1] / "www"
_NO_PAGE = "There is no such page."
_NOT_LOGGED_IN = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)


_ROUTERS = (executions.router, actions.router, logs.router, quality.router)
_DATA = (overview.router, tables.router, loads.router, metrics.router)


def make_app(open_monitor: OpenMonitor = airflow_monitor) -> FastAPI:
    """Build the app.

    :param open_monitor: opens what there is to see and the books, once somebody asks.
    """
    app = FastAPI(
        title="Landing loader",
        version=__version__,
        # Both would be public, and the page of the former is loaded from elsewhere.
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        # It would send callers to the address that they say is ours, in the header Host.
        redirect_slashes=False,
        # The outermost first.
        middleware=[
            Middleware(SafeHeaders),
            Middleware(NothingEscapes, tell=_tell),
            Middleware(NoForgery),
        ],
    )
    answer_by_problems(app)
    app.add_exception_handler(HTTPException, _of_http_exception)
    installation = Installation(open_monitor)
    app.state.installation = installation
    app.state.open_books = lambda: Books.of(installation.monitor())
    for router in _ROUTERS:
        app.include_router(router, prefix=API, dependencies=[Depends(caller_of)])
    for router in _DATA:
        app.include_router(router, prefix=V1, dependencies=[Depends(caller_of)])
    for router in PAGES:
        app.include_router(router, dependencies=[Depends(caller_of)])
    app.add_api_route(
        "/openapi.json",
        openapi.answer,
        methods=["GET"],
        dependencies=[Depends(caller_of)],
        include_in_schema=False,
    )
    app.mount("/static", PageFiles(_WWW), name="static")
    return app


async def _of_http_exception(request: Request, error: Exception) -> Response:
    """Airflow's authentication refuses by such an exception, and our own checks do not."""
    assert isinstance(error, HTTPException)
    if _shows_a_page(request):
        if error.status_code in _NOT_LOGGED_IN:
            return to_login(request)
        return trouble_page(request, ProblemError(HTTPStatus(error.status_code), _NO_PAGE))
    return await of_http_exception(request, error)


def _tell(scope: Scope, problem: ProblemError) -> Response:
    if _shows_a_page(request := Request(scope)):
        return trouble_page(request, problem)
    return answer(scope, problem)


def _shows_a_page(request: Request) -> bool:
    path = request.scope["path"].removeprefix(request.scope.get("root_path", ""))
    wants_html = "text/html" in request.headers.get("accept", "")
    return request.method == "GET" and wants_html and not path.startswith("/api/")
