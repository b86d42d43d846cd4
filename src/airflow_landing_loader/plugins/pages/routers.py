"""All pages."""

from __future__ import annotations

from airflow_landing_loader.plugins.pages import (
    arrivals,
    drift,
    executions,
    failure,
    failures,
    load,
    loads,
    overview,
    quality,
    table,
    unmatched,
)

ROUTERS = (
    overview.router,
    table.router,
    loads.router,
    load.router,
    arrivals.router,
    quality.router,
    unmatched.router,
    failures.router,
    failure.router,
    drift.router,
    executions.router,
)
