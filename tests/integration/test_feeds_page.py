"""Each feed on the page of feeds, delivered as it stands there, becomes the rows told there."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from tests.support.worlds import duckdb_side

PAGE = Path(__file__).parents[2] / "docs/feeds.md"
_SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
_MAPPING = re.compile(r"```yaml\n(.*?)```", re.DOTALL)
_FILE = re.compile(r"^`(\S+)`\n\n```text\n(.*?)```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Feed:
    """One section: its mapping, its files in order, and its table as CSV."""

    mapping: str
    files: tuple[tuple[str, str], ...]
    table: str
    rows: str


def feeds() -> dict[str, Feed]:
    found = {}
    for title, text in _SECTION.findall(PAGE.read_text(encoding="utf-8")):
        mapping = _MAPPING.findall(text)
        *files, (table, rows) = _FILE.findall(text)
        assert len(mapping) == 1, title
        found[title] = Feed(mapping[0], tuple(files), table, rows)
    return found


def cells(text: str) -> list[list[str | None]]:
    return [[cell or None for cell in row] for row in csv.reader(io.StringIO(text))]


@pytest.mark.parametrize("title", feeds())
def test_a_feed_becomes_the_rows_on_the_page(title: str, tmp_path: Path) -> None:
    feed = feeds()[title]
    side = duckdb_side(tmp_path)
    ((pattern, keys),) = yaml.safe_load(feed.mapping).items()
    side.map(pattern, **keys)
    for age, (name, content) in enumerate(reversed(feed.files)):
        side.deliver(name, content, age=60.0 + age)
    while side.run():
        pass

    header, *rows = cells(feed.rows)
    table = side.table(feed.table)
    assert table is not None
    assert [[row[str(name)] for name in header] for row in table] == rows
    assert [set(row) - set(header) for row in table] == [{"_load_id", "_extra"}] * len(rows)
    assert not [name for name in side.zones()["landing"] if not name.startswith(".")]


def test_the_checksum_on_the_page_is_that_of_its_file() -> None:
    files = dict(feeds()["A checksum as sha256sum writes it"].files)
    digest = hashlib.sha256(files["rates_1.csv"].encode()).hexdigest()
    assert files["rates_1.csv.sha256"] == f"{digest}  rates_1.csv\n"
