"""Files in landing that belong to no table."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request, Response

from airflow_landing_loader.config.mapping.dag_ids import UNMATCHED_DAG_ID
from airflow_landing_loader.monitoring.landing import Landed
from airflow_landing_loader.plugins.pages.rendering import page
from airflow_landing_loader.plugins.pages.route import PageRoute
from airflow_landing_loader.plugins.pages.visits import VisitDep

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True, kw_only=True)
class UnmatchedView:
    """What the template shows.

    :param allowed: whether the visitor may see such files: the right to the DAG that tells them.
    :param trouble: why landing cannot be read.
    """

    allowed: bool
    dag_id: str
    landed: Landed
    as_of: datetime
    trouble: str | None
    landing: str


@router.get("/unmatched")
def unmatched_page(request: Request, visit: VisitDep) -> Response:
    """What lies in landing for nobody, if the visitor may see it."""
    overview = visit.overview
    view = UnmatchedView(
        allowed=visit.rights.unmatched,
        dag_id=UNMATCHED_DAG_ID,
        landed=overview.unmatched,
        as_of=overview.landing_as_of,
        trouble=overview.landing_trouble,
        landing=visit.monitor.settings.landing_path,
    )
    return page(request, visit, "unmatched.html", view, title="Unmatched", section="unmatched")
