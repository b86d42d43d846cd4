"""Somebody who looks at pages, with rights of their own, and what is to be said of every page."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lxml import html

from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.config.mapping.dag_ids import dag_id_of
from airflow_landing_loader.monitoring.monitor import Monitor
from airflow_landing_loader.runs.actions import ACTIONS_DAG_ID
from airflow_landing_loader.settings import Settings

ROOT = "/team-a/landing-loader"


@dataclass(frozen=True)
class Somebody:
    """A caller, as far as pages ask.

    :param reads: the tables that they may read; ``None``: all of :param:`known`.
    :param acts: whether they may act on those.
    :param asks: whether they may have a worker do it.
    """

    known: Callable[[], Collection[str]]
    reads: Collection[str] | None = None
    acts: bool = True
    asks: bool = True
    name: str = "ann"

    async def table_dags(self, method: str = "GET") -> list[str]:
        tables = self.known() if self.reads is None else self.reads
        return sorted(map(dag_id_of, tables)) if method == "GET" or self.acts else []

    async def may_read(self, dag_id: str) -> bool:
        return self.reads is None

    async def may_edit(self, dag_id: str) -> bool:
        if dag_id == ACTIONS_DAG_ID:
            return self.asks
        return dag_id in await self.table_dags("PUT")


class Visitor:
    """A browser without scripts, below a prefix as a proxy may have it.

    :param settings: what is to be seen.
    :param runs: that Airflow knows.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        reads: Collection[str] | None = None,
        acts: bool = True,
        asks: bool = True,
        runs: Sequence[Mapping[str, Any]] = (),
    ):
        from fastapi import FastAPI
        from fastapi.testclient import TestClient

        from airflow_landing_loader.plugins.api.app import make_app
        from airflow_landing_loader.plugins.api.auth import caller_of

        self.monitor = Monitor(settings, DefaultClients())
        somebody = Somebody(self._tables, reads, acts, asks)
        app = make_app(open_monitor=lambda: self.monitor)
        app.dependency_overrides[caller_of] = lambda: somebody
        airflow = FastAPI()
        airflow.add_api_route("/api/v2/dags/~/dagRuns/list", runs_of(runs), methods=["POST"])
        airflow.mount("/landing-loader", _Within(airflow, app))
        self.client = TestClient(airflow, root_path="/team-a", headers={"accept": "text/html"})

    def get(self, path: str = "", **query: Any) -> Any:
        """The answer to a page's address below ours."""
        return self.client.get(f"{ROOT}/{path}", params=query or None)

    def look(self, path: str = "", **query: Any) -> Any:
        """A page as a tree, once it is seen to be a whole and safe one."""
        answer = self.get(path, **query)
        assert answer.status_code == 200, answer.text[-2000:]
        return checked(answer.text)

    def _tables(self) -> list[str]:
        return [state.table for state in self.monitor.overview(lambda _: True).tables]


@dataclass(frozen=True)
class _Within:
    """An app that finds Airflow's around itself, as the plugin lets it."""

    airflow: Any
    app: Any

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from airflow_landing_loader.plugins.landing_loader import AIRFLOW_APP

        scope[AIRFLOW_APP] = self.airflow
        await self.app(scope, receive, send)


def runs_of(runs: Sequence[Mapping[str, Any]]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The answer of Airflow's API to who asks for runs, the newest first."""

    def answer(wanted: dict[str, Any]) -> dict[str, Any]:
        first, last = wanted.get("run_after_gte"), wanted.get("run_after_lte")
        found = [
            run
            for run in sorted(runs, key=lambda run: run["run_after"], reverse=True)
            if run["dag_id"] in wanted["dag_ids"]
            and run["state"] in wanted.get("states", [run["state"]])
            and (first is None or _at(run["run_after"]) >= _at(first))
            and (last is None or _at(run["run_after"]) <= _at(last))
        ]
        shown = found[wanted["page_offset"] :][: wanted["page_limit"]]
        return {"dag_runs": shown, "total_entries": len(found)}

    return answer


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def checked(text: str) -> Any:
    """The tree of a page in which every id is there once, each reference to one is met, nothing is
    written that a strict policy forbids, and no mark of text direction is left."""
    assert not set(text) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    tree = html.document_fromstring(text)
    ids = tree.xpath("//@id")
    assert len(ids) == len(set(ids)), sorted(ids)
    for name in ("for", "aria-labelledby", "aria-describedby", "data-opens"):
        for ref in tree.xpath(f"//@{name}"):
            assert ref in ids, (name, ref)
    for anchor in tree.xpath("//a[starts-with(@href, '#')]/@href"):
        assert anchor[1:] in ids, anchor
    assert not tree.xpath("//@style | //style | //script[not(@src)]")
    assert not tree.xpath("//@*[starts-with(name(), 'on')]")
    assert not tree.xpath("//*[self::a or self::form][starts-with(@href | @action, 'javascript')]")
    assert len(tree.xpath("//h1")) == 1
    assert tree.xpath("//title/text()")
    return tree


def words_of(tree: Any) -> str:
    """All that a page says, with single blanks."""
    for script in tree.xpath("//script"):
        script.drop_tree()
    return " ".join(" ".join(tree.itertext()).split())
