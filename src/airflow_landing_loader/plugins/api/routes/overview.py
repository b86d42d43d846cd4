"""What there is to see to, in a few figures."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.plugins.api.openapi import problems
from airflow_landing_loader.plugins.pages.totals import Totals
from airflow_landing_loader.plugins.pages.visits import VisitDep

router = APIRouter(tags=["overview"])


class OverviewFigures(BaseModel):
    """Figures over the tables that the caller may read."""

    as_of: datetime = Field(description="When the books were so, UTC.")
    busy_with: str | None = Field(description="Who writes into the database now.")
    failures: int = Field(description="Deliveries that lie in failed.")
    late: int = Field(description="Tables of which files are late, missing or wrong.")
    waiting: int | None = Field(
        description="Files in landing that are going to be loaded; null: it cannot be read."
    )
    landing_trouble: str | None = Field(description="Why landing cannot be read.")
    loaded_today: int = Field(description="Loads of this day, UTC.")
    rows_today: int = Field(description="Rows of these loads.")
    tables: dict[str, int] = Field(description="Tables by level: bad, warning, good, idle.")


@router.get("/overview", responses=problems())
def overview_figures(visit: VisitDep) -> OverviewFigures:
    """What wants attention, and what was loaded today."""
    totals = Totals.of(visit.overview, now().date())
    return OverviewFigures(
        as_of=visit.overview.as_of.replace(tzinfo=UTC),
        busy_with=visit.overview.busy_with,
        failures=totals.failures,
        late=totals.late,
        waiting=totals.waiting,
        landing_trouble=visit.overview.landing_trouble,
        loaded_today=totals.loaded_today,
        rows_today=totals.rows_today,
        tables={level: count for level, count in visit.overview.levels().items()},
    )
