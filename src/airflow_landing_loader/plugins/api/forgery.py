"""No other site acts for a person who is logged in.

A browser sends Airflow's cookie along with a form of any page of the same site: another host below
the same domain, another port. So what a cookie allows has to come from Airflow's own pages,
whatever the method does and whether or not a route is there.
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
    browser that was led astray: no page of another origin can make one send it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not _is_allowed(scope, Headers(scope=scope)):
            problem = ProblemError(
                HTTPStatus.FORBIDDEN,
                "The request comes from another site.",
                hint="Use the page itself, or send a token as `Authorization: Bearer`.",
            )
            await answer(scope, problem)(scope, receive, send)
            return
        await self.app(scope, receive, send)


def _is_allowed(scope: Scope, headers: Headers) -> bool:
    # What no cookie speaks for is nobody's request: authentication refuses it.
    if scope["method"] in SAFE_METHODS or "cookie" not in headers:
        return True
    # Only this scheme: a browser sends Basic and Negotiate by itself, as it does a cookie.
    if headers.get("authorization", "").lower().startswith("bearer "):
        return True
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
