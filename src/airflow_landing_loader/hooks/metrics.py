"""Airflow's own metrics as a :class:`~airflow_landing_loader.monitoring.metrics.Meter`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import Stats

from airflow_landing_loader.monitoring.metrics import StepName, tell_step

if TYPE_CHECKING:
    from airflow_landing_loader.pipeline.pipeline import Pipeline


class AirflowMeter:
    """Sends to where section ``[metrics]`` says: StatsD, OpenTelemetry, or nowhere."""

    def count(self, name: str, number: int, *, table: str) -> None:
        """Add to a counter."""
        Stats.incr(name, number, tags={"table": table})

    def gauge(self, name: str, value: int, *, table: str) -> None:
        """Set a gauge."""
        Stats.gauge(name, value, tags={"table": table})

    def time(self, name: str, seconds: float, *, table: str) -> None:
        """Add a time to its distribution."""
        Stats.timing(name, timedelta(seconds=seconds), tags={"table": table})


@contextlib.contextmanager
def timed(step: StepName, pipeline: Pipeline) -> Iterator[None]:
    """Time a step of a table's pipeline. One that ends by an exception is not timed: it comes back
    for the rest."""
    begun = time.monotonic()
    yield
    tell_step(AirflowMeter(), step, time.monotonic() - begun, pipeline.mappings[0].table)
