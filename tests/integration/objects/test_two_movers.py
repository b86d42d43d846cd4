"""Two loaders that have the same delivery in hand, at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

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


def together(work: Any) -> list[Any]:
    """What two threads get that begin at the same moment."""
    barrier = Barrier(2)

    def begin(_: int) -> Any:
        barrier.wait()
        return work()

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(begin, range(2)))
