"""Files that nobody has described become the rows that their sender wrote, or a question."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.support.proving_feeds import PROVING
from tests.support.unknown_feeds import FEEDS as OF_COUNTS
from tests.support.unknown_feeds import Feed, Row
from tests.support.worlds import duckdb_side

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.landing.discovery.discover import find_delivery
from airflow_landing_loader.landing.formats.csv.cells import read_records
from airflow_landing_loader.onboarding.model import tree
from airflow_landing_loader.onboarding.outcome import Outcome, onboard
from airflow_landing_loader.pipeline.validation import validate
from airflow_landing_loader.storage.local.zone import LocalZone

FEEDS = OF_COUNTS | PROVING
OWN = {"_load_id", "_extra"}
AT_ONCE = {"settle_seconds": 0, "grace_seconds": 0}


def outcome_of(folder: Path, files: dict[str, bytes]) -> tuple[Outcome, list[TableMapping]]:
    landing = folder / "landing"
    landing.mkdir()
    for name, content in files.items():
        (landing / name).write_bytes(content)
    outcome = onboard(LocalZone(str(landing)), folder / "tables")
    assert {path.name: path.read_bytes() for path in landing.iterdir()} == files
    found = read_mappings(folder / "tables")
    assert not [error for error in found.errors if not found.none_yet]
    return outcome, [mapping.model_copy(update=AT_ONCE) for mapping in found.mappings]


def rows_of(folder: Path, mappings: list[TableMapping], names: Iterable[str]) -> list[Row]:
    """The cells of files as the witness reads them, once each is proved."""
    zone = LocalZone(str(folder / "landing"))
    rows: list[Row] = []
    for name in sorted(names):
        validated = validate(zone, find_delivery(zone, mappings, name), now=0.0)
        mapping, source = validated.delivery.mapping, zone.source(validated.delivery.data)
        rows += [r.cells for r in read_records(source, mapping, validated.inspection)]
    return rows


@pytest.mark.parametrize("kind", FEEDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_feed_is_read_as_it_was_written_or_asked_about(
    kind: str, seed: int, tmp_path: Path
) -> None:
    feed = FEEDS[kind](random.Random(seed))

    outcome, mappings = outcome_of(tmp_path, feed.files)

    assert outcome.left == ()
    (one,) = outcome.onboarded
    assert one.problem == ""
    assert {doubt.about for doubt in one.proposal.doubts} == feed.unsure
    assert {verdict.verdict for verdict in one.verdicts} == {"loads" if feed.loads else "fails"}
    assert {v.name for v in one.verdicts} | {*one.go_files} == {*feed.files}
    if feed.loads:
        names = [verdict.name for verdict in one.verdicts]
        assert sorted(rows_of(tmp_path, mappings, names), key=repr) == sorted(feed.rows, key=repr)


@pytest.mark.parametrize("kind", FEEDS)
@pytest.mark.parametrize("seed", [5, 6, 7])
def test_of_a_single_file_nothing_is_read_wrong_in_silence(
    kind: str, seed: int, tmp_path: Path
) -> None:
    feed = FEEDS[kind](random.Random(seed))
    data = sorted(name for name, rows in feed.rows_of.items() if rows)[0]
    files = {data: feed.files[data]} | {
        name: content for name, content in feed.files.items() if name in feed.beside.get(data, ())
    }

    outcome, mappings = outcome_of(tmp_path, files)

    for one in outcome.onboarded:
        if not one.proposal.doubts and one.verdicts[0].verdict == "loads":
            assert rows_of(tmp_path, mappings, [data]) == feed.rows_of[data]
        elif one.verdicts[0].verdict == "fails":
            assert one.proposal.doubts


def _proposed_for(folder: Path, body: str) -> tuple[set[str], dict[str, Any]]:
    """What is asked about, and what is said, of three files with one body."""
    files = {f"a_2024011{day}.csv": body.encode() for day in range(3)}
    (one,) = outcome_of(folder, files)[0].onboarded
    return {doubt.about for doubt in one.proposal.doubts}, tree(one.proposal.said)


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("id,text\n1,two\\nlines\n2,one line\n", {"csv.escape_sequences"}),
        ("id,text\n1,C:\\temp\\new\n", {"csv.escape_sequences"}),
        ("id,text\n1,C:\\temp\\Users\n", set()),
        ("id,text\n1,a\\\\b\n", set()),
        ("id\ttext\n1\ttwo\\nlines\n2\t\\N\n", set()),
    ],
)
def test_a_backslash_that_may_write_a_line_end_is_asked_about(
    body: str, asked: set[str], tmp_path: Path
) -> None:
    assert _proposed_for(tmp_path, body)[0] == asked


@pytest.mark.parametrize("day", ["2024-03-27", "2024-00-00"])
def test_a_record_whose_number_happens_to_count_is_no_header_record(
    day: str, tmp_path: Path
) -> None:
    lines = "".join(f"R{at}\ttwo lines\tAnna{at}\t86.5\t{day}\n" for at in range(5))
    doubts, said = _proposed_for(tmp_path, f"id\ttext\tname\tamount\tday\n{lines}")
    assert (doubts, said) == (set(), {"table": "raw_a", "csv": {"delimiter": "\t"}})


def test_all_feeds_in_one_folder_load_side_by_side(tmp_path: Path) -> None:
    feeds = [make(random.Random(3)) for make in FEEDS.values()]
    side = duckdb_side(tmp_path / "world")
    for feed in feeds:
        for name, content in feed.files.items():
            side.deliver(name, content)

    into = tmp_path / "tables"
    outcome = onboard(LocalZone(str(side.folder("landing"))), into)
    found = read_mappings(into)
    side.mappings += [mapping.model_copy(update=AT_ONCE) for mapping in found.mappings]

    assert (outcome.left, found.errors, len(outcome.onboarded)) == ((), (), len(feeds))
    pipeline = side.pipeline
    while any(done.error is None for done in pipeline.run_batch(pipeline.discover().ready)):
        pass
    for one in outcome.onboarded:
        feed = _feed_with(feeds, one.verdicts[0].name)
        rows = side.table(one.proposal.table) or []
        names = [name for name in (rows or [{}])[0] if name not in OWN]
        cells = [tuple(row[name] for name in names) for row in rows]
        assert sorted(cells, key=repr) == (sorted(feed.rows, key=repr) if feed.loads else [])


def _feed_with(feeds: list[Feed], name: str) -> Feed:
    return next(feed for feed in feeds if name in feed.files)
