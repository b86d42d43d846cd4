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

# One template for all of a bar: a page has thousands of them.
_BAR_PARTS = Markup(
    '<title>{title}</title><rect class="hit" x="{x}" y="0" width="{step}" height="{whole}"/>'
    '<rect class="{kind}" x="{x}" y="{y}" width="{wide}" height="{height}" rx="1"/>'
)
_GOOD_BAR = Markup("<g>") + _BAR_PARTS + Markup("</g>")
_FAILED_BAR = (
    Markup("<g>")
    + _BAR_PARTS
    + Markup('<rect class="fail" x="{x}" y="0" width="{wide}" height="{fail}"/></g>')
)


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
    height = 1.0
    if bar.value is not None:
        height = max(_LEAST, bar.value / highest * (_HEIGHT - _FAIL - 1))
    return (_FAILED_BAR if bar.failed else _GOOD_BAR).format(
        title=escaped(bar.title),
        x=x,
        kind="none" if bar.value is None else "bar",
        y=round(_HEIGHT - height, 1),
        height=round(height, 1),
        step=_STEP,
        whole=_HEIGHT,
        wide=_BAR,
        fail=_FAIL,
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
