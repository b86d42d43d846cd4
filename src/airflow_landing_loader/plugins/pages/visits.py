"""Who looks at a page, and what there is to see for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from airflow_landing_loader.config.mapping.dag_ids import UNMATCHED_DAG_ID, dag_id_of
from airflow_landing_loader.landing.moves.sidecar import Sidecar
from airflow_landing_loader.loading.model import DeliveryRecord, Load
from airflow_landing_loader.loading.operations import ActionRecord
from airflow_landing_loader.monitoring.landing import NOTHING
from airflow_landing_loader.monitoring.monitor import Monitor
from airflow_landing_loader.monitoring.overview import LandingOverview, TableState
from airflow_landing_loader.plugins.api.auth import CallerDep
from airflow_landing_loader.plugins.api.problems import ProblemError
from airflow_landing_loader.plugins.installation import Installation
from airflow_landing_loader.runs.actions import ACTIONS_DAG_ID

_OfRun = TypeVar("_OfRun", Load, DeliveryRecord, ActionRecord, Sidecar)

SOMEBODY = "somebody"
"""Who writes, to those who may not know what."""


@dataclass(frozen=True, kw_only=True)
class Rights:
    """What somebody may see, and act on.

    :param readable: ids of the tables' DAGs that they may read; ``editable``: act on.
    :param unmatched: whether they may see files that belong to no table.
    :param actions: whether they may see runs of the DAG that carries actions out.
    """

    readable: frozenset[str]
    editable: frozenset[str]
    unmatched: bool
    actions: bool


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One look at one page.

    :param overview: of the tables that the visitor may see.
    :param sees_all: whether these are all that there are.
    """

    rights: Rights
    monitor: Monitor
    overview: LandingOverview
    sees_all: bool

    @property
    def tables(self) -> tuple[str, ...]:
        """Names of the tables that the visitor may see, as the books have them."""
        return tuple(state.table for state in self.overview.tables)

    def table(self, name: str) -> TableState:
        """One of these tables.

        :raises ProblemError: 404: there is none of this name, or none that they may see.
        """
        found = next((state for state in self.overview.tables if state.table == name), None)
        if found is None:
            raise not_there("table")
        return found

    def only(self, name: str | None) -> tuple[str, ...]:
        """One table, where one is asked for and may be seen, else all; so a filter by a table that
        is not theirs finds nothing."""
        if not name:
            return self.tables
        return (name,) if name in self.tables else ()

    def busy_with(self, holder: str | None) -> str | None:
        """Who has the database, as far as the visitor may know: it may name another table's files.

        :param holder: who has it.
        """
        return None if holder is None else self.overview.busy_with or SOMEBODY

    def seen(self, row: _OfRun) -> _OfRun:
        """What the visitor may know of a row: not the run that has written it, where that is of a
        DAG that they may not read. A table's DAG may take the files of other tables."""
        if row.dag_id in self.rights.readable:
            return row
        if row.dag_id == ACTIONS_DAG_ID and self.rights.actions:
            return row
        return replace(row, dag_id=None, run_id=None)

    def may_act_on(self, table: str) -> bool:
        """Whether the visitor may act on a table."""
        return dag_id_of(table) in self.rights.editable


def not_there(thing: str) -> ProblemError:
    """What is not there for this visitor, if for anybody."""
    return ProblemError(
        HTTPStatus.NOT_FOUND,
        f"There is no such {thing}, or none that you may see.",
        hint="The right to a table is the right to its DAG in Airflow.",
    )


async def _rights(caller: CallerDep) -> Rights:
    # As the API asks for both: the table's DAG, and the one that carries out.
    acts = await caller.may_edit(ACTIONS_DAG_ID)
    return Rights(
        readable=frozenset(await caller.table_dags()),
        editable=frozenset(await caller.table_dags("PUT") if acts else ()),
        unmatched=await caller.may_read(UNMATCHED_DAG_ID),
        actions=await caller.may_read(ACTIONS_DAG_ID),
    )


def _visit(request: Request, rights: Annotated[Rights, Depends(_rights)]) -> Visit:
    """No coroutine, so that it runs in a thread: settings, zones and books are asked."""
    installation: Installation = request.app.state.installation
    monitor = installation.monitor()
    whole = monitor.overview(_everything)
    seen = _seen_by(rights, whole)
    return Visit(
        rights=rights,
        monitor=monitor,
        overview=seen,
        sees_all=len(seen.tables) == len(whole.tables),
    )


VisitDep = Annotated[Visit, Depends(_visit)]


def _everything(_: str) -> bool:
    return True


def _seen_by(rights: Rights, whole: LandingOverview) -> LandingOverview:
    """Without what is of others: their tables, and what a loader does to them just now."""
    tables = tuple(state for state in whole.tables if state.dag_id in rights.readable)
    busy_with = whole.busy_with
    if busy_with is not None and len(tables) < len(whole.tables):
        busy_with = SOMEBODY
    return replace(
        whole,
        tables=tables,
        busy_with=busy_with,
        unmatched=whole.unmatched if rights.unmatched else NOTHING,
    )


def total_open_failures(tables: Sequence[TableState]) -> int:
    """How many deliveries of tables lie in failed."""
    return sum(state.books.open_failures for state in tables if state.books is not None)
