"""Small charts as SVG: drawn here, coloured by the style sheet, read out by their titles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from airflow_landing_loader.safe_text import escaped

_STEP, _BAR, _HEIGHT = 11, 8, 36
_LEAST = 3.0
_FAIL = 4.0
_LINE_HEIGHT = 40


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One bar.

    :param value: its height, 0 or more; ``None``: there is none.
    :param failed: whether it is marked as bad.
    :param title: what it says in words.
    """

    value: float | None
    failed: bool = False
    title: str


@dataclass(frozen=True, kw_only=True)
class Point:
    """One point of a line.

    :param value: in percent, 0 to 100; ``None``: a gap.
    :param title: what it says in words.
    """

    value: float | None
    title: str


def bars(shown: Sequence[Bar], label: str) -> Markup:
    """Bars side by side, the highest as high as the chart.

    :param label: what the chart shows, in words, for who cannot see it.
    """
    highest = max((bar.value or 0 for bar in shown), default=0) or 1
    drawn = [_bar(at * _STEP, bar, highest) for at, bar in enumerate(shown)]
    return _svg("bars", len(shown) * _STEP - (_STEP - _BAR), _HEIGHT, label, drawn)


def line(points: Sequence[Point], label: str, *, lowest: float, width: int = 320) -> Markup:
    """A line through percentages, with a dot at each.

    :param lowest: the percentage at the foot of the chart, less than 100.
    :param label: as for :func:`bars`.
    """
    step = width / max(len(points) - 1, 1)
    spots = [
        None if point.value is None else (3 + at * step, _level(point.value, lowest))
        for at, point in enumerate(points)
    ]
    drawn = [
        Markup('<polyline class="trace" points="{}"/>').format(
            " ".join(f"{x:.1f},{y:.1f}" for x, y in run)
        )
        for run in _runs(spots)
    ]
    drawn += [
        Markup(
            '<circle class="{}" cx="{:.1f}" cy="{:.1f}" r="2.5"><title>{}</title></circle>'
        ).format("dot" if point.value == 100 else "dot low", *spot, escaped(point.title))
        for spot, point in zip(spots, points, strict=True)
        if spot is not None
    ]
    return _svg("line", width + 6, _LINE_HEIGHT + 6, label, drawn)


def _bar(x: int, bar: Bar, highest: float) -> Markup:
    parts = [
        Markup('<rect class="hit" x="{}" y="0" width="{}" height="{}"/>').format(x, _STEP, _HEIGHT)
    ]
    if bar.value is None:
        parts.append(_rect("none", x, 1.0))
    else:
        parts.append(_rect("bar", x, max(_LEAST, bar.value / highest * (_HEIGHT - _FAIL - 1))))
    if bar.failed:
        parts.append(
            Markup('<rect class="fail" x="{}" y="0" width="{}" height="{}"/>').format(
                x, _BAR, _FAIL
            )
        )
    title = Markup("<title>{}</title>").format(escaped(bar.title))
    return Markup("<g>{}{}</g>").format(title, Markup("").join(parts))


def _rect(kind: str, x: int, height: float) -> Markup:
    return Markup('<rect class="{}" x="{}" y="{:.1f}" width="{}" height="{:.1f}" rx="1"/>').format(
        kind, x, _HEIGHT - height, _BAR, height
    )


def _level(value: float, lowest: float) -> float:
    share = (max(value, lowest) - lowest) / (100 - lowest)
    return 3 + (1 - share) * _LINE_HEIGHT


def _runs(spots: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    """The points without gaps between them, of which there are two or more."""
    runs: list[list[tuple[float, float]]] = [[]]
    for spot in spots:
        if spot is None:
            runs.append([])
        else:
            runs[-1].append(spot)
    return [run for run in runs if len(run) > 1]


def _svg(kind: str, width: float, height: float, label: str, drawn: Sequence[Markup]) -> Markup:
    return Markup(
        '<svg class="chart {}" viewBox="0 0 {:g} {:g}" width="{:g}" height="{:g}"'
        ' preserveAspectRatio="xMinYMax meet" role="img"'
        ' aria-label="{}">{}</svg>'
    ).format(kind, width, height, width, height, escaped(label), Markup("").join(drawn))
