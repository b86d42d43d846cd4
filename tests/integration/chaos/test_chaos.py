"""Loaders that are killed in some worlds, as `make chaos` does in many."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_landing_loader.loading.ledger.tables import now
from chaos import clocks
from chaos.model import Fault
from chaos.points import POINTS
from chaos.report import Tally, failure, page
from chaos.sabotage import SABOTAGES
from chaos.trial import Result
from chaos.workers import Task, Workers
from chaos.worlds import make_world

pytestmark = pytest.mark.skipif(
    not hasattr(os, "pidfd_open"), reason="children are waited for as Linux does it"
)

KILLS = 200
# Neighbours have other points: both modes and most kinds of trouble are soon among them.
SEEDS = range(0, 10_000, 7)
# Where each broken promise shows, and the words that say so.
SHOWN = {
    "overwrite": (34, "a file at rest, 1 missing"),
    "commit rows first": (7, "which load_metadata does not know"),
    "forget earlier tries": (10, "a row of"),
    "leave half moved": (141, "too many: note"),
    "say nothing": (15, "of a sidecar, 1 missing"),
    "keep no totals": (7, "a row of load_metadata, 1 missing"),
    "tell after the commit": (7, "the event of a load, 1 missing"),
    "take sets apart": (32, "2 of 3 loads of the set of"),
    "move go files first": (32, "has left before"),
}


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    """Two processes for worlds: a test's own process has threads, and may not be forked."""
    made = Workers(2)
    yield made
    made.close()


def test_nothing_is_lost_doubled_or_left_behind(workers: Workers) -> None:
    tally = Tally()
    seeds = itertools.takewhile(lambda _: tally.kills < KILLS, SEEDS)
    for result in workers.results(Task(seed=seed) for seed in seeds):
        assert isinstance(result, Result)
        tally.add(result)
    assert [f"{failure(result)}\n{result.log}" for result in tally.failed] == []
    assert KILLS <= tally.kills < 2 * KILLS
    assert {"run", "steps"} == tally.modes.keys()
    written = page(tally, 60.0)
    assert all(f"| {point.name} | {len(tally.deaths[point.name])} |" in written for point in POINTS)


@pytest.mark.parametrize("fault", ["clock backwards", "two schedulers"])
def test_nothing_is_lost_in_trouble_that_is_seldom_met(workers: Workers, fault: Fault) -> None:
    results = list(workers.results(Task(seed=seed, fault=fault) for seed in (1, 21)))
    assert [f"{failure(r)}\n{r.log}" for r in results if isinstance(r, Result) and r.problems] == []
    assert all(isinstance(r, Result) and r.fault == fault for r in results)
    assert any(isinstance(r, Result) and r.deaths for r in results)


def test_a_clock_that_was_set_tells_another_time(tmp_path: Path) -> None:
    def told() -> int:
        clocks.shift(-86_400.0)
        (tmp_path / "told").write_text(f"{time.time()} {now().isoformat()}")
        return 0

    context = multiprocessing.get_context("fork")
    child = context.Process(target=told)
    child.start()
    child.join()
    seconds, moment = (tmp_path / "told").read_text().split()
    yesterday = datetime.now(UTC).replace(tzinfo=None) - timedelta(days=1)
    assert abs(float(seconds) - yesterday.replace(tzinfo=UTC).timestamp()) < 3600
    assert abs(datetime.fromisoformat(moment) - yesterday) < timedelta(hours=1)


@pytest.mark.parametrize("sabotage", SABOTAGES)
def test_a_broken_promise_is_seen(workers: Workers, sabotage: str) -> None:
    seed, words = SHOWN[sabotage]
    task = Task(seed=seed, fault="none", sabotage=sabotage)
    (result,) = workers.results(iter([task]))
    assert isinstance(result, Result)
    assert any(words in problem for problem in result.problems), result.problems
    assert f'make chaos ARGS="--seed {seed}"' in failure(result)


def test_a_seed_makes_the_same_world_each_time() -> None:
    assert make_world(5) == make_world(5)
    assert make_world(5) != make_world(5 + len(POINTS))
