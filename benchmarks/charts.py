"""The figures of a report as pictures: horizontal bars, as SVG for light and dark themes."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from cases import OURS, OURS_AIRFLOW
from results import CaseResult, Report
from tables import NAMES

_COLOURS = {
    OURS: "#2f81f7",
    OURS_AIRFLOW: "#79b8ff",
    "duckdb-unordered": "#8b949e",
    "duckdb": "#8b949e",
    "polars": "#d29922",
    "seed": "#c06c2b",
    "dlt": "#a371f7",
    "dlt-default": "#a371f7",
}
_SHOWN = (OURS, "polars", "seed", "dlt")  # beside the line that bare DuckDB is
_WIDTH, _LEFT, _RIGHT = 860, 240, 90
_BAR, _GAP, _TOP = 15, 12, 64
# The ground comes with the text: a picture does not know the theme of the page it is on.
_STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .small { font-size: 11px; fill: #59636e }
  .ground { fill: #ffffff }
  .line { stroke: #59636e; stroke-dasharray: 4 3 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .small { fill: #9198a1 } .ground { fill: #0d1117 }
    .line { stroke: #9198a1 }
  }
"""


@dataclass(frozen=True)
class Bar:
    """One bar.

    :param value: its length.
    :param text: what stands at its end.
    """

    value: float
    text: str
    colour: str


@dataclass(frozen=True)
class Group:
    """Bars under one name."""

    name: str
    bars: tuple[Bar, ...]


def of(report: Report) -> dict[str, str]:
    """Every chart for which something was measured, as SVG by file name."""
    made = {}
    if full := [case for case in report.cases.values() if "dlt-default" not in case.paths]:
        made["speed"] = _chart(
            "Speed beside bare DuckDB (the line); longer is faster",
            [_speeds(case) for case in full],
            [(NAMES[path].strip("*"), _COLOURS[path]) for path in _SHOWN],
            line=1.0,
        )
    if large := report.cases.get("large"):
        made["memory"] = _chart("Peak memory, one large file; shorter is better", _peaks(large))
    if stages := report.stages.get("large"):
        made["stages"] = _chart("Where the time goes, one large file", _stages(stages))
    return made


def _speeds(case: CaseResult) -> Group:
    bars = [
        Bar(case.speed(path), f"{case.speed(path):.2f}", _COLOURS[path])
        for path in _SHOWN
        if path in case.paths
    ]
    return Group(case.title, tuple(bars))


def _peaks(case: CaseResult) -> list[Group]:
    peaks = {path: statistics.median(found.peak_bytes) for path, found in case.paths.items()}
    return [
        Group(NAMES[path].strip("*"), (Bar(peak, f"{peak / 1e6:,.0f} MB", _COLOURS[path]),))
        for path, peak in sorted(peaks.items(), key=lambda item: item[1])
    ]


def _stages(seconds: dict[str, float]) -> list[Group]:
    longest_first = sorted(seconds.items(), key=lambda item: -item[1])
    return [
        Group(stage, (Bar(took, f"{took:.2f} s", _COLOURS[OURS]),)) for stage, took in longest_first
    ]


def _chart(
    title: str,
    groups: Sequence[Group],
    legend: Sequence[tuple[str, str]] = (),
    line: float | None = None,
) -> str:
    longest = max([bar.value for group in groups for bar in group.bars] + [line or 0.0]) or 1.0
    scale = (_WIDTH - _LEFT - _RIGHT) / longest
    bars = sum(len(group.bars) for group in groups)
    height = _TOP + bars * _BAR + len(groups) * _GAP + _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect class="ground" width="{_WIDTH}" height="{height}" rx="8"/>',
        f'<text class="title" x="16" y="26">{escape(title)}</text>',
        *_legend(legend),
        *_bars(groups, scale),
    ]
    if line is not None:
        x = _LEFT + line * scale
        parts.append(
            f'<line class="line" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP - 6}" y2="{height - 8}"/>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _legend(legend: Sequence[tuple[str, str]]) -> Iterator[str]:
    x = 16
    for name, colour in legend:
        yield f'<rect x="{x}" y="38" width="10" height="10" fill="{colour}"/>'
        yield f'<text class="small" x="{x + 15}" y="47">{escape(name)}</text>'
        x += 40 + 6 * len(name)


def _bars(groups: Sequence[Group], scale: float) -> Iterator[str]:
    y = _TOP
    for group in groups:
        middle = y + len(group.bars) * _BAR / 2 + 4
        yield (
            f'<text x="{_LEFT - 10}" y="{middle:.1f}" text-anchor="end">{escape(group.name)}</text>'
        )
        for bar in group.bars:
            width = max(bar.value * scale, 1.0)
            yield (
                f'<rect x="{_LEFT}" y="{y}" width="{width:.1f}" height="{_BAR - 3}" rx="2"'
                f' fill="{bar.colour}"/>'
            )
            yield (
                f'<text class="small" x="{_LEFT + width + 6:.1f}" y="{y + 10}">'
                f"{escape(bar.text)}</text>"
            )
            y += _BAR
        y += _GAP
