"""Puts figures into docs/benchmarks.md: `page.py [RESULT.json ...]`.

Between `<!-- figures NAME -->` and `<!-- end -->` the page holds what is made here; everything else
is written by hand. Results are added to docs/benchmarks.json, later ones in place of earlier ones,
part by part; without any, the page is made from that file again.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

import charts
import results
import tables
from results import Report

DOCS = Path(__file__).resolve().parents[1] / "docs"
_PLACE = re.compile(r"(<!-- figures ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main(arguments: Sequence[str]) -> None:
    """Add results, and make tables and pictures of all."""
    kept = DOCS / "benchmarks.json"
    report = results.read(kept) if kept.exists() else Report()
    for name in arguments:
        report = report.with_parts_of(results.read(Path(name)))
    results.write(report, kept)
    page = DOCS / "benchmarks.md"
    page.write_text(filled(page.read_text(encoding="utf-8"), report), encoding="utf-8")
    images = DOCS / "images"
    images.mkdir(exist_ok=True)
    for name, picture in charts.of(report).items():
        (images / f"benchmarks-{name}.svg").write_text(picture, encoding="utf-8")


def filled(page: str, report: Report) -> str:
    """The page with all places filled for which something was measured."""
    made = tables.of(report)

    def fill(place: re.Match[str]) -> str:
        text = made.get(place[2])
        return place[0] if text is None else f"{place[1]}{text}\n{place[3]}"

    return _PLACE.sub(fill, page)


if __name__ == "__main__":
    main(sys.argv[1:])
