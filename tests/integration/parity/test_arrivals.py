"""What was expected, on all warehouses: the same outcomes, kept once, whoever asks how often."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.support.deliveries import MORE_PEOPLE, PEOPLE

from airflow_landing_loader.monitoring.expected import Expected, look, look_and_record
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
