"""One finding of `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from airflow_landing_loader.exceptions import LandingError

Level = Literal["ok", "warn", "error"]
Topic = Literal["version", "settings", "zone", "mapping", "channel", "database", "dbt", "airflow"]


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing that was looked at.

    :param level: ``error`` keeps files from being loaded, ``warn`` does not.
    :param message: what was found.
    :param mend: what to do, ``""`` if nothing.
    """

    topic: Topic
    level: Level
    message: str
    mend: str = ""

    @staticmethod
    def of_error(topic: Topic, error: LandingError) -> Check:
        """The finding that an error of ours is."""
        detail = error.detail
        return Check(
            topic=topic,
            level="error",
            message=detail.sentence(),
            mend=detail.hint or "",
        )
