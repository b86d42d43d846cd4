"""Scores of quality over time, as a line."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from airflow_landing_loader.plugins import charts

_USUAL = 90.0


def score_line(points: Sequence[charts.Point], label: str, *, width: int = 320) -> Markup | None:
    """The line, which begins at 90 % or at the ten below the worst; ``None`` without any score."""
    scores = [point.value for point in points if point.value is not None]
    if not scores:
        return None
    lowest = min(_USUAL, min(scores) // 10 * 10)
    return charts.line(points, label, lowest=lowest, width=width)
