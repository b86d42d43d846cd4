"""A loader dies at any step of a set: what it loads is archived whole, nothing waits for ever."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.support.hostile.steps import killed_at
from tests.support.sets import LISTED, A, B, deliver

EACH = os.environ.get("HYPOTHESIS_PROFILE") == "thorough"
ALL = {"a_1.csv": A, "b_1.csv": B, "day_1.ctl": LISTED}
NEW_B = "id\n8\n9\n"


def clear(two: Any) -> None:
    for zone in (two.zones.landing, two.zones.archive, two.zones.failed):
        shutil.rmtree(zone)
        zone.mkdir()
    Path(two.settings.duckdb_path).unlink(missing_ok=True)


def held_up(two: Any) -> None:
    """Nothing of ours is left beside the files."""
    assert list(two.zones.landing.rglob("*")) == []


def next_step(number: int) -> int:
    """Some of the steps, others in each run; all of them in a thorough one."""
    return number + (1 if EACH else random.randint(1, 14))


def files(zone: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in zone.glob("*") if p.is_file()}


def die_at(two: Any, number: int, work: Callable[[], Any]) -> bool:
    """Die before a step that concerns the zones; the database is DuckDB's own to keep whole."""
    return killed_at(number, work, about=str(two.zones.root))


def test_a_death_at_any_step_of_the_way_to_the_archive(two: Any) -> None:
    number, died = 0, True
    while died:
        number = next_step(number)
        clear(two)
        deliver(two)
        died = die_at(two, number, lambda: [two.run()])
        two.run()
        assert two.run() == {}, number
        assert files(two.zones.archive) == ALL, number
        assert (two.count("raw_a"), two.count("raw_b")) == (1, 2), number
        assert two.count("load_metadata") == 2
        held_up(two)
    assert number > 20


def test_a_death_at_any_step_of_the_way_to_failed(two: Any) -> None:
    number, died = 0, True
    listed = LISTED.replace("b_1.csv,2", "b_1.csv,3")
    while died:
        number = next_step(number)
        clear(two)
        deliver(two, listed=listed)
        died = die_at(two, number, lambda: [two.run()])
        two.run()
        assert two.run() == {}, number
        sidecars = {"a_1.csv.error.json", "b_1.csv.error.json"}
        found = files(two.zones.failed)
        assert {n: t for n, t in found.items() if n not in sidecars} == {**ALL, "day_1.ctl": listed}
        assert sidecars <= found.keys()
        assert two.count("load_metadata") == 0
        held_up(two)
    assert number > 15


@pytest.mark.parametrize("replaced", ["a_1.csv", "b_1.csv", "day_1.ctl"])
def test_a_death_at_any_step_after_the_commit_while_the_sender_replaces(
    two: Any, replaced: str
) -> None:
    """What was committed is archived, held on to; what has come in its place waits or is loaded."""
    number, died = 0, True
    new = {"a_1.csv": "id\n7\n", "b_1.csv": NEW_B, "day_1.ctl": LISTED}
    while died:
        number = next_step(number)
        clear(two)
        deliver(two)
        pipeline = two.pipeline
        verdicts = pipeline.load(pipeline.validate_batch(["a_1.csv", "b_1.csv"]))
        assert {type(v).__name__ for v in verdicts} == {"Loaded"}
        two.deliver(replaced, new[replaced])
        died = die_at(two, number, partial(pipeline.finish, verdicts))
        two.run()
        two.run()
        kept = files(two.zones.archive)
        assert set(ALL.values()) <= set(kept.values()), (number, kept)
        assert (two.count("raw_a"), two.count("raw_b")) == (1, 2), number
        assert files(two.zones.landing) == {replaced: new[replaced]}, number
        deliver(two, a=new["a_1.csv"], b=NEW_B)  # the sender sends all of it anew
        two.run()
        assert files(two.zones.landing) == {}, number
        assert (two.count("raw_a"), two.count("raw_b")) == (2, 4), number
    assert number > 10
