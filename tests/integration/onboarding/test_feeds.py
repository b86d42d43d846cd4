"""Files that nobody has described become the rows that their sender wrote, or a question."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from tests.support.unknown_feeds import FEEDS, Feed
from tests.support.worlds import Side, duckdb_side

from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.onboarding.outcome import Outcome, onboard
from airflow_landing_loader.storage.local.zone import LocalZone

OWN = {"_load_id", "_extra"}


def delivered(side: Side, *feeds: Feed) -> None:
    for feed in feeds:
        for name, content in sorted(feed.files.items()):
            side.deliver(name, content)


def proposed(side: Side, tmp_path: Path) -> Outcome:
    """Propose mappings for what lies in landing, and use them."""
    into = tmp_path / "proposed"
    outcome = onboard(LocalZone(str(side.folder("landing"))), into)
    side.mappings += read_mappings(into).mappings
    return outcome


def loaded(side: Side, table: str) -> list[tuple[str | None, ...]]:
    """Cells of a table, as rows in any order."""
    names = [c for c in (side.table(table) or [{}])[0] if c not in OWN]
    return [tuple(row[name] for name in names) for row in side.table(table) or []]


def in_any_order(rows: list[tuple[str | None, ...]]) -> list[tuple[str | None, ...]]:
    return sorted(rows, key=repr)


@pytest.mark.parametrize("kind", FEEDS)
@pytest.mark.parametrize("seed", [1, 2])
def test_a_feed_is_read_as_it_was_written_or_asked_about(
    kind: str, seed: int, tmp_path: Path
) -> None:
    feed = FEEDS[kind](random.Random(seed))
    side = duckdb_side(tmp_path)
    delivered(side, feed)
    before = side.zones()["landing"]

    outcome = proposed(side, tmp_path)

    assert side.zones()["landing"] == before
    assert [left.name for left in outcome.left] == []
    (one,) = outcome.onboarded
    assert one.problem == ""
    assert {doubt.about for doubt in one.proposal.doubts} == feed.unsure
    assert {verdict.verdict for verdict in one.verdicts} == {"loads" if feed.loads else "fails"}
    if feed.loads:
        _loads_all(side, one.proposal.table, feed)


def _loads_all(side: Side, table: str, feed: Feed) -> None:
    fast = {"settle_seconds": 0}
    side.mappings[:] = [mapping.model_copy(update=fast) for mapping in side.mappings]
    while side.run():
        pass
    assert in_any_order(loaded(side, table)) == in_any_order(feed.rows)
    assert not [name for name in side.zones()["landing"] if not name.startswith(".")]


def test_all_feeds_in_one_folder_do_not_disturb_each_other(tmp_path: Path) -> None:
    side = duckdb_side(tmp_path)
    feeds = {kind: make(random.Random(3)) for kind, make in FEEDS.items()}
    delivered(side, *feeds.values())

    outcome = proposed(side, tmp_path)

    assert not outcome.left
    by_name = {v.name: v.verdict for one in outcome.onboarded for v in one.verdicts}
    expected = {
        name: "loads" if feed.loads else "fails" for feed in feeds.values() for name in feed.files
    }
    assert by_name.items() <= expected.items()
    assert len(outcome.onboarded) == len(feeds)
    assert not read_mappings(tmp_path / "proposed").errors
