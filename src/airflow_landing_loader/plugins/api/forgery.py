"""No other site acts for a person who is logged in.

A browser sends Airflow's cookie along with a form of any page of the same site: another host below
the same domain, another port. So what a cookie allows has to come from Airflow's own pages,
whatever the method does and whether or not a route is there. And what a form cannot write is asked
for of all: a body is JSON, and says so.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from airflow.providers.common.compat.sdk import conf
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from airflow_landing_loader.plugins.api.problems import ProblemError, answer

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_DEFAULT_PORTS = {"http": 80, "https": 443}


class NoForgery:
    """Middleware that refuses a request of another origin that may change something.

    Browsers tell the origin by ``Sec-Fetch-Site``, and where they do not (plain http to a host that
    is not this machine) by ``Origin``. Who shows a token in the header ``Authorization`` is no
    browser that was led astray: no page of another origin can make one send it. Not so where
    Airflow itself adds a token to every request: what tells an origin there has to tell its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        problem = _problem(scope) if scope["type"] == "http" else None
        if problem is not None:
            await answer(scope, problem)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _problem(scope: Scope) -> ProblemError | None:
    """Why a request is refused; ``None``: it is not."""
    if scope["method"] in SAFE_METHODS:
        return None
    headers = Headers(scope=scope)
    if not _is_allowed(scope, headers):
        return ProblemError(
            HTTPStatus.FORBIDDEN,
            "The request comes from another site.",
            hint="Use the page itself, or send a token as `Authorization: Bearer`.",
        )
    if _has_body(headers) and not _is_json(headers):
        return ProblemError(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            "A body has to be JSON, and to say so.",
            hint="Send it with `Content-Type: application/json`.",
        )
    return None


def _has_body(headers: Headers) -> bool:
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def _is_json(headers: Headers) -> bool:
    return headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json"


def _is_allowed(scope: Scope, headers: Headers) -> bool:
    if _everybody_is_admin():
        # Who tells no origin is no browser.
        tells = "sec-fetch-site" in headers or "origin" in headers
        return not tells or _is_of_own_page(scope, headers)
    # What no cookie speaks for is nobody's request: authentication refuses it.
    if "cookie" not in headers:
        return True
    # Only this scheme: a browser sends Basic and Negotiate by itself, as it does a cookie.
    if headers.get("authorization", "").lower().startswith("bearer "):
        return True
    return _is_of_own_page(scope, headers)


def _everybody_is_admin() -> bool:
    return bool(conf.getboolean("core", "simple_auth_manager_all_admins", fallback=False))


def _is_of_own_page(scope: Scope, headers: Headers) -> bool:
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = headers.get("origin")
    return origin is not None and _is_own(origin, f"{scope['scheme']}://{headers.get('host', '')}")


def _is_own(origin: str, asked: str) -> bool:
    """Whether the origin is that of the address that was asked, or of the one before a proxy."""
    base_url = conf.get("api", "base_url", fallback="") or ""
    try:
        return _origin(origin) in {_origin(asked), _origin(base_url)} - {None}
    except ValueError:  # no port, or no address at all
        return False


def _origin(url: str) -> tuple[str, str, int] | None:
    """Scheme, host and port of an http address; ``None`` if it is none."""
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
    return (parts.scheme, parts.hostname, port) if parts.hostname and port else None
