"""What was expected, on all warehouses: the same outcomes, kept once, whoever asks how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.support import worlds
from tests.support.deliveries import MORE_PEOPLE, PEOPLE

from airflow_landing_loader.loading.warehouses.duckdb import kept_summary
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock
from airflow_landing_loader.monitoring.expected import Expected, Keeper, look, look_and_record
from airflow_landing_loader.monitoring.news import news_of

EXPECT = {"by": "07:00", "until": "09:00", "rows": {"min": 1}}
_COLUMNS = (
    "table_name, pattern, day, opens_at, due_at, until_at, outcome, reason, file_count, "
    "row_count, arrived_at, mended_at"
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def looked(side: Any, now: str) -> Expected:
    """Look at a time, and write what is decided then."""
    found = look(side.pipeline.warehouse, side.mappings, at(now), timedelta(hours=24))
    side.pipeline.warehouse.record_arrivals(found.news)
    return found


def kept(side: Any) -> list[tuple[Any, ...]]:
    rows = side.sql(f"SELECT {_COLUMNS} FROM load_arrivals ORDER BY day, pattern")
    return [tuple(_plain(value) for value in row.values()) for row in rows]


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def came(both: Any, name: str, moment: str) -> None:
    """Say when a file was loaded, or refused."""
    both.sql(
        f"UPDATE load_metadata SET completed_at = TIMESTAMP '{moment}:00' "
        f"WHERE filename = '{name}' AND removed_sequence IS NULL"
    )
    both.sql(
        f"UPDATE load_deliveries SET recorded_at = TIMESTAMP '{moment}:00' "
        f"WHERE filename = '{name}' AND outcome != 'unloaded'"
    )
    both.sql(
        f"UPDATE load_deliveries SET failed_at = TIMESTAMP '{moment}:00' "
        f"WHERE filename = '{name}' AND failed_at IS NOT NULL"
    )


def test_each_window_ends_in_one_outcome(both: Any) -> None:
    both.map(expect=EXPECT)
    for side in both.sides:
        assert [r.outcome for r in looked(side, "2024-07-01T12:00").news] == ["expected"]
    both.load(PEOPLE, "a_1.csv")
    came(both, "a_1.csv", "2024-07-02 06:00")
    both.load(MORE_PEOPLE, "a_2.csv")
    came(both, "a_2.csv", "2024-07-03 08:00")
    both.load("id,name\n1\n", "a_3.csv")
    came(both, "a_3.csv", "2024-07-04 06:00")
    both.load(PEOPLE, "a_1.csv")  # a duplicate
    both.sql(
        "UPDATE load_deliveries SET recorded_at = TIMESTAMP '2024-07-05 06:30:00' "
        "WHERE outcome = 'duplicate'"
    )
    for side in both.sides:
        for _ in range(2):
            looked(side, "2024-07-06T12:00")
    first, *others = [kept(side) for side in both.sides]
    assert [(row[2], row[6], row[8]) for row in first] == [
        ("2024-07-02", "on_time", 1),
        ("2024-07-03", "late", 1),
        ("2024-07-04", "wrong", 0),
        ("2024-07-05", "on_time", 1),
        ("2024-07-06", "missing", 0),
    ]
    assert first[2][7] == "no file; a_3.csv was refused: csv.ragged"
    assert all(first == other for other in others)


def test_what_was_decided_stays_and_is_mended_once(both: Any) -> None:
    both.map(expect=EXPECT)
    for side in both.sides:
        looked(side, "2024-07-01T12:00")
        looked(side, "2024-07-02T09:00")
    both.load(PEOPLE)
    came(both, "a_1.csv", "2024-07-02 10:00")
    for side in both.sides:
        (mended,) = looked(side, "2024-07-02T12:00").news
        assert (mended.outcome, mended.mended_at) == ("missing", datetime(2024, 7, 2, 10))  # noqa: DTZ001
        assert not looked(side, "2024-07-02T13:00").news
        # Another loader that has looked before, and writes only now.
        for stale in (
            replace(mended, mended_at=None),
            replace(mended, mended_at=datetime(2024, 7, 2, 11)),  # noqa: DTZ001
            replace(mended, outcome="on_time"),
        ):
            side.pipeline.warehouse.record_arrivals([stale])
    first, *others = [kept(side) for side in both.sides]
    assert [(row[6], row[11]) for row in first] == [("missing", datetime(2024, 7, 2, 10))]  # noqa: DTZ001
    assert all(first == other for other in others)


def test_an_outcome_does_not_change_by_what_happened_later(both: Any) -> None:
    """Replaced, unloaded, delivered again: what was at the end of a window is in the books."""
    both.map(expect=EXPECT, on_redelivery="replace")
    for side in both.sides:
        looked(side, "2024-07-01T12:00")
    both.load("id,name\n1\n", "a_1.csv")
    came(both, "a_1.csv", "2024-07-02 06:00")
    asked_in_time = [
        look(side.pipeline.warehouse, side.mappings, at("2024-07-02T09:00"), timedelta()).news
        for side in both.sides
    ]
    both.load(PEOPLE, "a_1.csv")  # mended and delivered again: another delivery
    both.load(PEOPLE, "a_2.csv")
    came(both, "a_2.csv", "2024-07-03 06:00")
    both.load(MORE_PEOPLE, "a_2.csv")
    both.load(PEOPLE, "a_3.csv")
    came(both, "a_3.csv", "2024-07-04 06:00")
    for side in both.sides:
        (load,) = side.pipeline.warehouse.find_loads("a_3.csv", None, 1)
        side.pipeline.warehouse.unload(load.load_id)
        found = looked(side, "2024-07-04T12:00")
        assert [r.outcome for r in found.news] == ["wrong", "on_time", "on_time"]
    for side, (early,) in zip(both.sides, asked_in_time, strict=True):
        late = kept(side)[0]
        assert (early.outcome, early.reason) == (late[6], late[7])
    first, *others = [kept(side) for side in both.sides]
    assert all(first == other for other in others)


def test_what_is_to_be_told_is_the_same(both: Any) -> None:
    """At a deadline that has just passed, and at its end."""
    now = datetime.now(UTC)
    by, until = now - timedelta(minutes=10), now + timedelta(hours=11)
    both.map(expect={"by": f"{by:%H:%M}", "until": f"{until:%H:%M}", "rows": {"min": 3}})
    told = {}
    for side in both.sides:
        found = look_and_record(side.pipeline.warehouse, side.mappings, not_before=now, patience=1)
        news = news_of(found, ())
        assert [(r.outcome, r.reason) for r in news.records] == [("late", "no file")]
        told[id(side)] = news.told
    both.load(PEOPLE)
    for side in both.sides:
        later = until + timedelta(minutes=1)
        found = look_and_record(
            side.pipeline.warehouse, side.mappings, not_before=later, patience=1
        )
        (record,) = news_of(found, told[id(side)]).records
        assert record.outcome == "wrong"
        assert "at least 3 expected" in record.reason
    first, *others = [[row[2:9] for row in kept(side)] for side in both.sides]
    assert [row[4] for row in first] == ["wrong"]
    assert all(first == other for other in others)


def while_busy(side: Any, now: str) -> Expected:
    """Look while a writer has the database."""
    with DatabaseLock(Path(side.settings.duckdb_path)).exclusive("counting beans", timeout=0):
        found = look(side.pipeline.warehouse, side.mappings, at(now), timedelta(hours=24))
    assert "counting beans" in (found.busy_with or "")
    return found


def loaded(side: Any, name: str, moment: str, content: str = PEOPLE) -> None:
    side.deliver(name, content)
    assert side.run()[name].status in ("loaded", "duplicate")
    came(side, name, moment)


def standings(found: Expected) -> list[tuple[str, str, str]]:
    return [(m.table, str(s.window.day), s.standing) for m, s in found.open]


def test_what_a_copy_of_the_books_has_not_is_not_said_to_be_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file came in time, and then more of another table than are kept."""
    monkeypatch.setattr(kept_summary, "KEPT", 3)
    side = worlds.duckdb_side(tmp_path)
    for letter in "ac":
        side.map(f"{letter}_*.csv", f"raw_{letter}", expect=EXPECT)
    side.map("b_*.csv", "raw_b")
    looked(side, "2024-07-01T12:00")
    loaded(side, "a_1.csv", "2024-07-02 06:00")
    for number in range(3):
        loaded(side, f"b_{number}.csv", "2024-07-02 06:30", f"id\n{number}\n")
    loaded(side, "c_1.csv", "2024-07-02 06:40")
    loaded(side, "b_3.csv", "2024-07-02 06:50", "id\n3\n")

    found = while_busy(side, "2024-07-02T08:00")
    first, second = ("raw_a", "2024-07-02"), ("raw_c", "2024-07-02")
    assert standings(found)[:2] == [(*first, "unknown"), (*second, "arrived")]
    assert (found.late, found.overdue, found.unknown) == ((), 0, 1)
    found = while_busy(side, "2024-07-02T12:00")
    assert (*first, "unknown") in standings(found)
    assert [(r.table_name, r.outcome) for r in found.records] == [("raw_c", "on_time")]
    assert news_of(found, ()).records == ()

    found = looked(side, "2024-07-02T12:00")
    assert {(r.table_name, r.outcome) for r in found.news} == {
        ("raw_a", "on_time"),
        ("raw_c", "on_time"),
    }
    # What was decided is known whatever has been forgotten of it.
    looked(side, "2024-07-03T12:00")
    found = while_busy(side, "2024-07-03T12:00")
    assert {(r.table_name, r.day, r.outcome) for r in found.incidents} == {
        ("raw_a", "2024-07-03", "missing"),
        ("raw_c", "2024-07-03", "missing"),
    }


def test_a_copy_of_the_books_that_has_all_says_what_is_late(tmp_path: Path) -> None:
    side = worlds.duckdb_side(tmp_path)
    side.map(expect=EXPECT)
    looked(side, "2024-07-01T12:00")
    loaded(side, "a_1.csv", "2024-07-02 06:00")
    looked(side, "2024-07-02T12:00")
    found = while_busy(side, "2024-07-03T08:00")
    assert standings(found)[0] == ("raw_a", "2024-07-03", "overdue")


def test_what_came_again_has_come_while_somebody_writes_too(tmp_path: Path) -> None:
    side = worlds.duckdb_side(tmp_path)
    side.map(expect=EXPECT)
    looked(side, "2024-07-01T12:00")
    loaded(side, "a_1.csv", "2024-07-02 06:00")
    looked(side, "2024-07-02T12:00")
    side.deliver("a_1.csv", PEOPLE)
    side.run()
    side.sql(
        "UPDATE load_deliveries SET recorded_at = TIMESTAMP '2024-07-03 06:30:00' "
        "WHERE outcome = 'duplicate'"
    )
    side.pipeline.warehouse.record_arrivals(looked(side, "2024-07-02T12:00").records)
    found = while_busy(side, "2024-07-03T08:00")
    assert standings(found)[0] == ("raw_a", "2024-07-03", "arrived")


def test_without_a_copy_of_the_books_nothing_is_late(tmp_path: Path) -> None:
    side = worlds.duckdb_side(tmp_path)
    side.map(expect=EXPECT)
    looked(side, "2024-07-01T12:00")
    kept_summary.path_of(Path(side.settings.duckdb_path)).unlink()
    found = while_busy(side, "2024-07-02T08:00")
    assert standings(found)[0] == ("raw_a", "2024-07-02", "unknown")


def test_nothing_is_told_while_nothing_can_be_written(tmp_path: Path) -> None:
    side = worlds.duckdb_side(tmp_path)
    side.map(expect=EXPECT)
    looked(side, "2024-07-01T12:00")
    keeper = Keeper(side.pipeline.warehouse, side.mappings)
    with DatabaseLock(Path(side.settings.duckdb_path)).exclusive("counting beans", timeout=0):
        assert keeper.keep(loaded=True) == ()
    assert {record.outcome for record in keeper.keep(loaded=True)} == {"missing"}
