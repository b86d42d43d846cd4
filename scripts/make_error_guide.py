"""Writes what ``docs/errors.md`` says of each code into the package, for pages that show it.

The docs are where people write it; a test says when this has to be run again.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs" / "errors.md"
GUIDE = ROOT / "src" / "airflow_landing_loader" / "error_guide.json"

_ROW = re.compile(r"^\| `([a-z_]+\.[a-z_]+)` \|(.*)\|$", re.MULTILINE)
_CELL = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"\[([^\]]*)\]\([^)]*\)")


def guide_text(docs: str) -> str:
    """The file of the package: cause and cure by code, in the order of the docs."""
    guide = {}
    for code, cells in _ROW.findall(docs):
        *_, cause, cure = (_LINK.sub(r"\1", cell).strip() for cell in _CELL.split(cells))
        guide[code] = {"cause": cause.replace("\\|", "|"), "cure": cure.replace("\\|", "|")}
    return json.dumps(guide, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    GUIDE.write_text(guide_text(DOCS.read_text(encoding="utf-8")), encoding="utf-8")
