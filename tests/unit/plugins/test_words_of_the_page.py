"""The page for operators is described in the words that it uses."""

from __future__ import annotations

import re
from pathlib import Path

from airflow_landing_loader.plugins.pages import words

DOCS = Path(__file__).parents[3] / "docs" / "page.md"


def test_the_docs_name_all_that_may_be_wrong_as_the_page_does() -> None:
    rows = re.findall(r"^\| (\*\*.*?\*\*) \|", DOCS.read_text(), re.MULTILINE)
    named = [label for row in rows for label in re.findall(r"\*\*(.+?)\*\*", row)]
    assert named == list(words.KINDS.values())
