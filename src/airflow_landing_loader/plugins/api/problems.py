"""Every answer that is no success, as problem JSON (RFC 9457), and nothing more than it is to say.

What a caller sent is not repeated, and where an error came from stays in the log.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.plugins.api.datamodels.problem import BadValue, ProblemBody
from airflow_landing_loader.safe_text import shortened, shown

MEDIA_TYPE = "application/problem+json"

_MAX_TEXT = 2000
_MAX_BAD_VALUES = 50
_TRY_AGAIN_AFTER = "5"  # seconds
_log = logging.getLogger(__name__)


class ProblemError(Exception):
    """An endpoint's answer that is no success.

    :param status: HTTP status, 400 or more.
    :param detail: what is wrong and why, one sentence; no cell value, no secret.
    :param hint: what to do next.
    :param code: our stable code, where there is one.
    :param headers: of the answer, beside its content type.
    """

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        *,
        hint: str | None = None,
        code: ErrorCode | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.hint = hint
        self.code = code
        self.headers = headers

    @classmethod
    def of(cls, error: LandingError) -> ProblemError:
        """An error of ours: 503 if it may pass, and else 500, as it is no caller's fault."""
        if error.code is ErrorCode.WAREHOUSE_LOCKED:
            return cls.busy("somebody")
        later = error.transient
        passes = later and error.code is not ErrorCode.WAREHOUSE_ELSEWHERE
        return cls(
            HTTPStatus.SERVICE_UNAVAILABLE if later else HTTPStatus.INTERNAL_SERVER_ERROR,
            error.detail.message,
            hint=error.detail.hint,
            code=error.code,
            headers={"Retry-After": _TRY_AGAIN_AFTER} if passes else None,
        )

    @classmethod
    def busy(cls, who: str) -> ProblemError:
        """503: the database has one writer at a time, and there is one.

        :param who: only what the caller may know: it may name another table's files.
        """
        return cls(
            HTTPStatus.SERVICE_UNAVAILABLE,
            f"The database is held by {who}, and this cannot be told meanwhile.",
            hint="Ask again later; the newest loads and deliveries are told meanwhile.",
            code=ErrorCode.WAREHOUSE_LOCKED,
            headers={"Retry-After": _TRY_AGAIN_AFTER},
        )


def answer(scope: Scope, problem: ProblemError, errors: Sequence[BadValue] = ()) -> Response:
    """The problem as a response.

    :param scope: of the request, for ``instance``.
    :param errors: which values of the request are wrong, at most 50 are told.
    """
    body = ProblemBody(
        type=f"urn:landing-loader:error:{problem.code}" if problem.code else "about:blank",
        title=problem.status.phrase,
        status=problem.status.value,
        detail=_told(problem.detail),
        instance=_told(str(scope.get("path", ""))),
        code=problem.code,
        hint=_told(problem.hint) if problem.hint else None,
        errors=list(errors[:_MAX_BAD_VALUES]) or None,
    )
    # In ASCII: a lone surrogate, which JSON can spell, is no UTF-8.
    content = json.dumps(body.model_dump(mode="json", exclude_none=True))
    return Response(
        content,
        status_code=problem.status.value,
        media_type=MEDIA_TYPE,
        headers=dict(problem.headers or {}),
    )


def answer_by_problems(app: FastAPI) -> None:
    """Make the app answer by problem JSON, whatever goes wrong."""
    app.add_exception_handler(ProblemError, _of_problem)
    app.add_exception_handler(HTTPException, of_http_exception)
    app.add_exception_handler(RequestValidationError, _of_bad_request)
    app.add_exception_handler(LandingError, _of_landing_error)


class NothingEscapes:
    """Middleware around all else: an error that nobody foresaw is logged, and told as no more than
    that it was one.

    :param tell: makes the answer.
    """

    def __init__(self, app: ASGIApp, tell: Callable[[Scope, ProblemError], Response]) -> None:
        self.app = app
        self.tell = tell

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def sending(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception:
            if scope["type"] != "http" or started:
                raise  # the answer is half out: only breaking it off tells that it is no whole
            _log.exception("%s %s failed", scope["method"], shown(scope["path"]))
            problem = ProblemError(
                HTTPStatus.INTERNAL_SERVER_ERROR,
                "An unexpected error; this is a defect of landing-loader.",
                hint="The log of Airflow's API server has it whole; please report it.",
                code=ErrorCode.INTERNAL_UNEXPECTED,
            )
            await self.tell(scope, problem)(scope, receive, send)


def _told(text: str) -> str:
    return shortened(shown(text), _MAX_TEXT)


async def _of_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return answer(request.scope, error)


async def of_http_exception(request: Request, error: Exception) -> Response:
    """What Starlette and Airflow refuse with: no such route, no such method, not logged in."""
    assert isinstance(error, HTTPException)
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers or {})
    if status == HTTPStatus.UNAUTHORIZED:
        headers.setdefault("WWW-Authenticate", "Bearer")
    return answer(request.scope, ProblemError(status, str(error.detail), headers=headers))


async def _of_landing_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, LandingError)
    return answer(request.scope, ProblemError.of(error))


async def _of_bad_request(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problem = ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "The request is not as described.")
    return answer(request.scope, problem, [_bad_value(found) for found in error.errors()])


def _bad_value(found: Mapping[str, Any]) -> BadValue:
    """Without the value itself, which pydantic has among what it found."""
    where = ".".join(str(part) for part in found["loc"])
    return BadValue(where=_told(where), message=_told(found["msg"]))
