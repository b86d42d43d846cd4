"""From a task to what the page says of its table, by a button beside the task's log."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

from airflow.providers.common.compat.sdk import BaseOperatorLink, conf


class TableLink(BaseOperatorLink):
    """To the table's page; for what works for no table or for many, to the overview."""

    @property
    def name(self) -> str:
        """What the button says."""
        return "Landing zone"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002
        """The address, as a path of Airflow's host."""
        table = operator.table_of_page()
        return _page("" if table is None else f"tables/{quote(table, safe='')}")


class LoadsLink(BaseOperatorLink):
    """To the loads of the table."""

    @property
    def name(self) -> str:
        """What the button says."""
        return "Loads"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002
        """The address, as a path of Airflow's host."""
        return _page(f"loads{_of(operator)}")


class FailuresLink(BaseOperatorLink):
    """To what lies in failed of the table."""

    @property
    def name(self) -> str:
        """What the button says."""
        return "Failures"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:  # noqa: ARG002
        """The address, as a path of Airflow's host."""
        return _page(f"failures{_of(operator)}")


def _of(operator: Any) -> str:
    table = operator.table_of_page()
    return "" if table is None else f"?table={quote(table, safe='')}"


def _page(rest: str) -> str:
    prefix = urlsplit(conf.get("api", "base_url", fallback="") or "").path.rstrip("/")
    return f"{prefix}/landing-loader/{rest}"
