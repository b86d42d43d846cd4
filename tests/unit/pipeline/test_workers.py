"""Several files at a time, and yet in order."""

from __future__ import annotations

import threading

import pytest

from airflow_landing_loader.pipeline.workers import Workers, map_in_order


@pytest.mark.parametrize("workers", [1, 2, 3, 99])
def test_results_are_in_the_order_of_the_items(workers: int) -> None:
    assert map_in_order(str, range(20), workers) == tuple(map(str, range(20)))
    assert map_in_order(str, (), workers) == ()


def test_so_many_are_at_work_together_and_no_more() -> None:
    together = threading.Barrier(3)
    # Each waits for two others: fewer workers would never get through.
    waited = map_in_order(lambda _: together.wait(timeout=30), range(6), 3)
    assert sorted(waited) == [0, 0, 1, 1, 2, 2]


def test_one_worker_is_the_caller_itself() -> None:
    def name(_: int) -> str:
        return threading.current_thread().name

    assert set(map_in_order(name, range(3), 1)) == {name(0)}
    assert set(map_in_order(name, range(1), 8)) == {name(0)}


@pytest.mark.parametrize("workers", [1, 4])
def test_an_error_is_the_callers(workers: int) -> None:
    with pytest.raises(ZeroDivisionError):
        map_in_order(lambda n: 1 // n, (1, 0, 2), workers)


def test_threads_are_begun_once_for_many_few_items() -> None:
    with Workers(2) as threads:
        found = {
            name
            for _ in range(50)
            for name in threads.map_in_order(lambda _: threading.current_thread().name, range(3))
        }
    assert 1 <= len(found) <= 2
    assert threading.current_thread().name not in found


def test_a_failure_leaves_the_threads_to_the_next_items() -> None:
    with Workers(2) as threads:
        with pytest.raises(ZeroDivisionError):
            threads.map_in_order(lambda n: 1 // n, (1, 0, 2))
        assert threads.map_in_order(str, (1, 2)) == ("1", "2")
