"""Addresses of our pages and of Airflow's, below whatever prefix the request came by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self
from urllib.parse import quote, urlencode

from starlette.requests import HTTPConnection

from airflow_landing_loader import __version__

Value = str | int | Iterable[str] | None


@dataclass(frozen=True)
class Links:
    """Addresses, as paths of this host.

    :param root: path that ours begin with.
    :param airflow: path that Airflow's own begin with.
    """

    root: str
    airflow: str

    @classmethod
    def of(cls, request: HTTPConnection) -> Self:
        """As the request has reached us."""
        scope = request.scope
        return cls(scope.get("root_path", ""), scope.get("app_root_path", ""))

    def page(self, *path: str, **query: Value) -> str:
        """One of our pages.

        :param query: ``None`` and empty texts are left out.
        """
        given = {name: value for name, value in query.items() if value not in (None, "", ())}
        asked = urlencode(given, doseq=True)
        return f"{self.root}/{_path(path)}{f'?{asked}' if asked else ''}"

    def file(self, name: str) -> str:
        """One of the files that pages are made of."""
        return f"{self.root}/static/{name}?v={__version__}"

    def api(self, *path: str) -> str:
        """One of the API's actions."""
        return f"{self.root}/api/v1/etl/{_path(path)}"

    def dag(self, dag_id: str) -> str:
        """A DAG's page in Airflow."""
        return f"{self.airflow}/dags/{_path([dag_id])}"

    def run(self, dag_id: str, run_id: str) -> str:
        """A run's page in Airflow."""
        return f"{self.dag(dag_id)}/runs/{_path([run_id])}"

    def task(self, dag_id: str, run_id: str, task_id: str) -> str:
        """A task's page in Airflow: its log."""
        return f"{self.run(dag_id, run_id)}/tasks/{_path([task_id])}"

    def home(self) -> str:
        """Airflow's home page."""
        return f"{self.airflow}/"


def _path(parts: Iterable[str]) -> str:
    return "/".join(quote(part, safe="") for part in parts)
