"""The Airflow plugin.

Every process of Airflow imports this module, workers too, and almost none of them serves HTTP: what
serves it is imported with the first request.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from airflow.providers.common.compat.sdk import AirflowPlugin, conf

from airflow_landing_loader import __version__

URL_PREFIX = "/landing-loader"
AIRFLOW_APP = "landing_loader.airflow_app"
"""Where the scope of a request has Airflow's own app."""

# The name is also the one by which Airflow's page finds the component that a script has made.
_PAGE = "Landing zone"
_CARD = "Landing zone today"

_Scope = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
_Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class LazyApp:
    """An ASGI app that is built when it is asked for the first time."""

    def __init__(self) -> None:
        self._app: Any = None

    def app(self) -> Any:
        """The app itself, a ``FastAPI``."""
        if self._app is None:
            from airflow_landing_loader.plugins.api.app import make_app

            self._app = make_app()
        return self._app

    async def __call__(self, scope: _Scope, receive: _Receive, send: _Send) -> None:
        app = self.app()
        # Our app puts itself into its place; requests to Airflow's API need the one around us.
        scope[AIRFLOW_APP] = scope.get("app")
        await app(scope, receive, send)


def _served(name: str) -> str:
    """The address of a file below ``www``; another one for each version, as browsers keep them.

    With the path of ``[api] base_url``: Airflow 3.1 and 3.2 import scripts by the address as it is.
    """
    prefix = urlsplit(conf.get("api", "base_url", fallback="") or "").path.rstrip("/")
    return f"{prefix}{URL_PREFIX}/static/{name}?v={__version__}"


_APPS: list[Any] = [{"app": LazyApp(), "url_prefix": URL_PREFIX, "name": "Landing loader"}]
_PAGES: list[Any] = [
    {
        "name": _PAGE,
        "bundle_url": _served("shell.js"),
        "destination": "nav",
        "category": "browse",
        "url_route": "landing-loader",
        "icon": _served("icon.svg"),
        "icon_dark_mode": _served("icon-dark.svg"),
    },
    {
        "name": _CARD,
        "bundle_url": _served("card.js"),
        "destination": "dashboard",
        "url_route": "landing-loader-today",
    },
]


class LandingLoaderPlugin(AirflowPlugin):
    """The app below ``/landing-loader``, its entry in the menu *Browse*, and a card on Airflow's
    home page."""

    name = "landing_loader"
    fastapi_apps = _APPS
    react_apps = _PAGES
