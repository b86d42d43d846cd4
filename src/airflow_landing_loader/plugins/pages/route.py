"""What a page answers when something goes wrong: a page, too."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute

from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.plugins.api.problems import ProblemError
from airflow_landing_loader.plugins.pages.rendering import bare_page

_TITLES = {
    HTTPStatus.NOT_FOUND: "Not found",
    HTTPStatus.FORBIDDEN: "Not for you",
    HTTPStatus.UNPROCESSABLE_ENTITY: "No such address",
    HTTPStatus.SERVICE_UNAVAILABLE: "Not now",
}


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """Why a page cannot be shown.

    :param detail: what is wrong; ``hint``: what to do next.
    """

    heading: str
    detail: str
    hint: str | None
    code: str | None


class PageRoute(APIRoute):
    """A route whose problems are told to a person."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                return await handle(request)
            except RequestValidationError:
                problem = ProblemError(
                    HTTPStatus.UNPROCESSABLE_ENTITY,
                    "The address asks for something that cannot be asked for.",
                    hint="Start again from the overview.",
                )
            except LandingError as error:
                problem = ProblemError.of(error)
            except ProblemError as error:
                problem = error
            return trouble_page(request, problem)

        return handler


def trouble_page(request: Request, problem: ProblemError) -> Response:
    """The problem as a page."""
    trouble = Trouble(
        heading=_TITLES.get(problem.status, "Something is wrong"),
        detail=problem.detail,
        hint=problem.hint,
        code=problem.code,
    )
    title = trouble.heading
    return bare_page(request, "trouble.html", trouble, title=title, status=problem.status)
