"""Headers of every answer that keep browsers from doing more with it than is meant."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# No script, style or font but our own files, nothing written into a page; framed by Airflow alone.
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'self'",
    )
)
_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    # Not `no-referrer`: by it browsers would hide the origin of our own pages from ourselves.
    "Referrer-Policy": "same-origin",
}
# Data is one person's, and true only now. An answer may say otherwise: files of the page do.
_CACHE = "private, no-store"


class SafeHeaders:
    """Middleware that adds the headers, to errors and redirects too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(_ALWAYS)
                headers.setdefault("Cache-Control", _CACHE)
            await send(message)

        await self.app(scope, receive, sending)
