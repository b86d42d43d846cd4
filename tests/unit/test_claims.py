"""Every sentence of two pages is held by a test that fails where it is untrue.

``tests/claims/<page>.txt`` has each sentence and each row of a table as it stands on the page, and
below it the tests that hold it, or why it claims nothing of the loader. Who changes a sentence
looks at its tests at the same time.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader import exceptions
from airflow_landing_loader.config.mapping import fields
from airflow_landing_loader.config.mapping.model import (
    SETTLE_SECONDS,
    SETTLE_SECONDS_UNPROVED,
    TableMapping,
)
from airflow_landing_loader.config.yaml import parser
from airflow_landing_loader.landing.control import counts
from airflow_landing_loader.landing.control.go_file import json_text, text
from airflow_landing_loader.landing.discovery import rest
from airflow_landing_loader.landing.text.packings import faults, members, zstd
from airflow_landing_loader.loading.columns import names
from airflow_landing_loader.loading.planning import notes
from airflow_landing_loader.runs import notices, report

TESTS = Path(__file__).parents[1]
DOCS = TESTS.parent / "docs"
PAGES = ("security", "life-of-a-file")
NO_CLAIM = {
    "no claim: advice",  # what a person should do
    "no claim: meaning",  # of a word, or what a page is for
    "no claim: pointer",  # to another page
    "no claim: of others",  # a fact about what is not ours, or what is not defended
}

_BEGINS = re.compile(r"(?:[-*] |\d+\. |\|)")
_LABEL = re.compile(r"(?:[-*]|\d+\.) (?:(?:Defence|Left to you): )?")
_PASSED_OVER = re.compile(r"- (?:Attack|Shown by)\b")
_HELD_BY = re.compile(r"([a-z0-9_/]+\.py)::(test_\w+)")


def blocks(text: str) -> Iterator[str]:
    """Paragraphs, points of lists, rows of tables and arrows of diagrams, each as one line."""
    block: list[str] = []
    fenced = False
    for line in [*text.splitlines(), ""]:
        written = line.strip()
        fence = written.startswith("```")
        fenced ^= fence
        nothing = fence or not written or written.startswith("#")
        if block and (nothing or fenced or _BEGINS.match(written)):
            yield " ".join(block)
            block = []
        if not nothing and (not fenced or "-->" in written):
            block.append(written)


def claims(text: str) -> list[str]:
    """What a page says, by sentences and rows; headings, heads of tables and examples do not."""
    found: list[str] = []
    for block in blocks(text.replace("**", "")):
        if re.fullmatch(r"\|[-|]+", block):
            found.pop()  # the row above is the table's header
        elif block.startswith("|") or "-->" in block:
            found.append(block)
        elif not _PASSED_OVER.match(block):
            found += re.split(r"(?<=[.!?]) (?=\S)", _LABEL.sub("", block, count=1))
    return found


def kept(page: str) -> dict[str, list[str]]:
    """What stands in the file of a page: each claim with the lines below it."""
    found: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in (TESTS / "claims" / f"{page}.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("    "):
            lines.append(line.strip())
        else:
            lines = found.setdefault(line, [])
    return found


def number(count: int) -> str:
    return f"{count:,}"


MIB = 1024 * 1024
NUMBERS: dict[str, list[tuple[str, Any]]] = {
    "security": [
        ("a file has at most {} MiB", parser.MAX_BYTES // MIB),
        ("{} levels", parser.MAX_DEPTH),
        ("{} values, aliases counted", parser.MAX_NODES),
        ("({} times its size)", int(TableMapping.model_fields["max_expansion"].default)),
        ("({} GiB)", TableMapping.model_fields["free_expansion_bytes"].default // MIB // 1024),
        ("in pieces of {} KiB", faults.PIECE_BYTES // 1024),
        ("zstd windows above {} MiB", zstd.MAX_ZSTD_WINDOW // MIB),
        ("fit into {} MiB of memory", members.MAX_XZ_MEMORY // MIB),
        ("at most {} columns", fields.MAX_COLUMNS),
        ("{} characters in a name", names.MAX_LENGTH),
        ("{} MiB in a go file", text.SIZE_LIMIT // MIB),
        ("{} levels in one that is JSON", json_text.MAX_DEPTH),
        ("{} digits in a count", len(str(counts.MAX_COUNT))),
        ("names are cut at {} characters", exceptions._MAX_COLUMN),
        ("values at {}", exceptions._MAX_VALUE),
        ("only the first {} of one look", notices.MAX_NOTICES),
        ("names {} bad files", report._MAX_BAD_LINES),
        ("its exception {}", report._MAX_CAUSES),
        ("keeps the newest {}", notices.MAX_NEW_NOTICES),
        ("a note names {} columns", notes._NAMED),
    ],
    "life-of-a-file": [
        ("`settle_seconds` is {} where", int(SETTLE_SECONDS)),
        ("and {} where nothing does", int(SETTLE_SECONDS_UNPROVED)),
        ("in two looks at least one second apart", rest.LOOK_INTERVAL == 1.0),
        ("at most {} MiB", text.SIZE_LIMIT // MIB),
    ],
}


@pytest.mark.parametrize("page", PAGES)
def test_each_sentence_is_held_by_a_test_or_says_why_not(page: str) -> None:
    held = kept(page)
    assert list(held) == list(dict.fromkeys(claims((DOCS / f"{page}.md").read_text("utf-8"))))
    assert [claim for claim, below in held.items() if not below] == []


@pytest.mark.parametrize("page", PAGES)
def test_what_holds_a_sentence_exists(page: str) -> None:
    missing = []
    for line in {line for below in kept(page).values() for line in below} - NO_CLAIM:
        found = _HELD_BY.fullmatch(line)
        file = TESTS / found[1] if found else None
        if file is None or not file.is_file() or f"def {found[2]}(" not in file.read_text("utf-8"):
            missing.append(line)
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_the_numbers_are_those_of_the_code(page: str) -> None:
    text = "\n".join(claims((DOCS / f"{page}.md").read_text("utf-8")))
    for words, value in NUMBERS[page]:
        assert value, words
        assert words.format(number(value)) in text, words


def test_sentences_rows_and_arrows_are_told_apart() -> None:
    page = """
# Title

One *thing*. Another: `a.b`.

| head | row |
|---|---|
| a | b. c. |

- **Attack**: not looked at. Nor this.
- **Defence**: first. Second
  goes on.

1. A point.

```mermaid
A --> B: why
```
"""
    assert claims(page) == [
        "One *thing*.",
        "Another: `a.b`.",
        "| a | b. c. |",
        "first.",
        "Second goes on.",
        "A point.",
        "A --> B: why",
    ]
