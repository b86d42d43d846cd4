"""Two loaders that have the same delivery in hand, at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from airflow_landing_loader.exceptions import ErrorCode as Code

ROUNDS = 15
GO = {"pattern": "a_*.go", "format": "properties", "row_count_key": "n"}


def test_two_that_archive_the_same_delivery_end_with_one_copy(cloud: Any) -> None:
    cloud.map(go_file=GO)
    for number in range(ROUNDS):
        name = f"a_{number}"
        cloud.deliver(f"{name}.csv", f"id\n{number}\n")
        cloud.deliver(f"{name}.go", "n=1\n")
        pipeline = cloud.pipeline
        (delivery,) = pipeline.discover().ready
        verdicts = pipeline.load([pipeline.validate(delivery)])
        outcomes = together(lambda verdicts=verdicts: cloud.pipeline.finish(verdicts))
        # One of them may be told that the files went away under its hands.
        assert "loaded" in {outcome.status for (outcome,) in outcomes}
        assert cloud.names("landing") == []
    expected = [f"a_{n}.{kind}" for n in range(ROUNDS) for kind in ("csv", "go")]
    assert cloud.names("archive") == sorted(expected)


def test_two_that_quarantine_the_same_delivery_end_with_one_copy(cloud: Any) -> None:
    cloud.map(go_file=GO)
    for number in range(ROUNDS):
        cloud.deliver(f"a_{number}.csv", f"id\n{number}\n")
        cloud.deliver(f"a_{number}.go", "n=7\n")
        together(cloud.run)
        cloud.run()
        assert cloud.names("landing") == []
    kinds = ("csv", "csv.error.json", "go")
    assert cloud.names("failed") == sorted(f"a_{n}.{kind}" for n in range(ROUNDS) for kind in kinds)


def test_a_name_that_is_taken_after_it_was_looked_at_is_looked_at_again(
    cloud: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other mover is always a moment earlier."""
    store_class = cloud.bucket.store
    create, copy = store_class.create, store_class.copy
    taken: set[str] = set()

    def created_before(store: Any, key: str, content: Any, **keys: Any) -> Any:
        if key not in taken:
            taken.add(key)
            create(store, key, content, **keys)
            content.seek(0)
        return create(store, key, content, **keys)

    def copied_before(store: Any, source: Any, found: Any, key: str) -> Any:
        if key not in taken:
            taken.add(key)
            copy(store, source, found, key)
        return copy(store, source, found, key)

    monkeypatch.setattr(store_class, "create", created_before)
    monkeypatch.setattr(store_class, "copy", copied_before)
    cloud.map()
    cloud.deliver("a_1.csv", 'id\n"1\n')
    assert cloud.run()["a_1.csv"].status == "failed"
    assert taken == {"failed/a_1.csv", "failed/a_1.csv.error.json"}
    assert cloud.names("failed") == ["a_1.csv", "a_1.csv.error.json"]
    assert cloud.names("landing") == []


def test_bytes_that_arrive_damaged_lose_nothing(
    cloud: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "landing"
    cloud.locally("landing", folder)
    cloud.map(settle_seconds=0)
    (folder / "a_1.csv").write_text("id\n1\n")
    with monkeypatch.context() as patch:
        cloud.bucket.damage_uploads(patch)
        outcome = cloud.run()["a_1.csv"]
    assert (outcome.status, outcome.error.code) == ("left", Code.ZONE_UNWRITABLE)
    assert (folder / "a_1.csv").exists()
    assert cloud.run()["a_1.csv"].status == "loaded"
    assert cloud.sql("SELECT id FROM raw_a") == [("1",)]


def together(work: Any) -> list[Any]:
    """What two threads get that begin at the same moment."""
    barrier = Barrier(2)

    def begin(_: int) -> Any:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(begin, range(2)))
