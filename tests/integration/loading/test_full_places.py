"""A disk that is full, or that nobody can write to, in each place that a loader writes to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.exceptions import TransientError
from chaos.faults import NotPossibleError, full_disk, own_disk, read_only

BAD, GOOD = 'id,x\n1,"a\n', "id,x\n1,a\n"
LARGE = "id,x\n" + "".join(f"{n},{n:040}\n" for n in range(20_000))


def _full(folder: Path) -> AbstractContextManager[None]:
    return full_disk(folder, 0)


TROUBLES: dict[str, Callable[[Path], AbstractContextManager[None]]] = {
    "full": _full,
    "read-only": read_only,
}
# What is said of the good file, and of the bad one; "" where nothing needs that place.
SAID = {
    ("landing", "full"): ("", ""),
    ("landing", "read-only"): ("zone.unwritable", "zone.unwritable"),
    ("archive", "full"): ("zone.unwritable", ""),
    ("archive", "read-only"): ("zone.unwritable", ""),
    ("failed", "full"): ("", "zone.unwritable"),
    ("failed", "read-only"): ("", "zone.unwritable"),
    ("database", "full"): ("warehouse.disk_full", "warehouse.disk_full"),
    ("database", "read-only"): ("warehouse.unavailable", "warehouse.unavailable"),
}


@pytest.fixture
def disks(world: Any, tmp_path: Path) -> Iterator[dict[str, Path]]:
    """A small disk for each place."""
    folders = {name: getattr(world.zones, name) for name in ("landing", "archive", "failed")}
    folders["database"] = tmp_path / "database"
    folders["database"].mkdir()
    with ExitStack() as stack:
        try:
            for folder in folders.values():
                stack.enter_context(own_disk(folder))
        except NotPossibleError as error:
            pytest.skip(f"nothing can be mounted here: {error}")
        world.settings = replace(
            world.settings, duckdb_path=str(folders["database"] / "warehouse.duckdb")
        )
        yield folders


def _codes(world: Any) -> tuple[str, str]:
    """What is said of both files."""
    try:
        outcomes = world.run()
    except TransientError as error:
        return (error.code, error.code)
    return tuple(
        outcomes[name].error.code if outcomes[name].status == "left" else ""
        for name in ("a_1.csv", "a_2.csv")
    )  # type: ignore[return-value]


@pytest.mark.parametrize(("place", "trouble"), SAID)
def test_it_is_said_and_the_next_run_finishes(
    world: Any, disks: dict[str, Path], place: str, trouble: str
) -> None:
    world.map()
    world.load("id,x\n0,b\n", "a_0.csv")
    world.deliver("a_1.csv", LARGE)
    world.deliver("a_2.csv", BAD)
    with TROUBLES[trouble](disks[place]):
        assert _codes(world) == SAID[place, trouble]
    world.run()
    assert world.sql("SELECT count(*), count(DISTINCT id) FROM raw_a") == [(20_001, 20_000)]
    names = world.zones.names()
    assert names["landing"] == []
    assert names["archive"] == ["a_0.csv", "a_1.csv"]
    assert names["failed"] == ["a_2.csv", "a_2.csv.error.json"]
    assert not (disks["landing"] / ".landing-loader").exists()
