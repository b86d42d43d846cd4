"""Puts figures into docs/benchmarks.md: `page.py [RESULT.json ...]`, or looks with `--check`.

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
PAGE = DOCS / "benchmarks.md"
KEPT = DOCS / "benchmarks.json"
_NOTHING = "*Not measured in the runs that are kept.*"
_PLACE = re.compile(r"(<!-- figures ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main(arguments: Sequence[str]) -> None:
    """Add results, and make tables and pictures of all.

    :raises SystemExit: with ``--check``, a file is not what the results make; nothing is written.
    """
    report = results.read(KEPT) if KEPT.exists() else Report()
    if "--check" in arguments:
        stale = [path.name for path, text in _made(report).items() if path.read_text() != text]
        if stale:
            raise SystemExit(f"not what {KEPT.name} makes: {', '.join(stale)}")
        return
    for name in arguments:
        report = report.with_parts_of(results.read(Path(name)))
    results.write(report, KEPT)
    for path, text in _made(report).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _made(report: Report) -> dict[Path, str]:
    pictures = charts.of(report).items()
    return {
        PAGE: filled(PAGE.read_text(encoding="utf-8"), report),
        **{DOCS / "images" / f"benchmarks-{name}.svg": picture for name, picture in pictures},
    }


def filled(page: str, report: Report) -> str:
    """The page with its places filled, also where nothing was measured."""
    made = tables.of(report)

    def fill(place: re.Match[str]) -> str:
        return f"{place[1]}{made.get(place[2], _NOTHING)}\n{place[3]}"

    return _PLACE.sub(fill, page)


if __name__ == "__main__":
    main(sys.argv[1:])
