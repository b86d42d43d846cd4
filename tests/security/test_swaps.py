"""What was looked at is what is read: at each opening, whatever the name holds meanwhile."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.hostile import swapping
from tests.support.worlds import DuckDBSide

from airflow_landing_loader.settings import Settings
from airflow_landing_loader.storage.local import files as local_files

_open_regular = local_files.open_regular


def put(path: Path, content: bytes) -> None:
    """Write a file, or into one that is there; of one time whenever that is."""
    path.write_bytes(content)
    os.utime(path, ns=(1_700_000_000_000_000_000,) * 2)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize("kind", swapping.KINDS)
def test_a_file_that_is_swapped_for_one_opening_is_not_read(
    zones: Any, settings: Callable[..., Settings], kind: str, told: bool
) -> None:
    openings = swapping.attack(DuckDBSide(settings()), swapping.KINDS[kind], told=told)
    assert openings >= 2  # an inspection and a load, each of which was tried


@pytest.mark.parametrize("kind", ["plain", "gzip", "gathered", "rejects"])
def test_what_is_written_into_a_file_whose_time_is_set_back_is_found(
    zones: Any, settings: Callable[..., Settings], kind: str
) -> None:
    """Inode, size and modification time stay; what is loaded is what its hash says all the same."""
    side, files = DuckDBSide(settings()), swapping.KINDS[kind].files
    for at in itertools.count(1):
        side.mappings.clear()
        side.map(**{"table": f"raw_{at}", **swapping.KINDS[kind].keys})
        for name, (good, _) in files.items():
            put(zones.landing / name, good)
        openings = itertools.count(1)
        left = dict(files)

        def open_regular(path: str, *, name: str) -> Any:
            if Path(path).parent == zones.landing and next(openings) == at:  # noqa: B023
                put(Path(path), left.pop(name)[1])  # noqa: B023
            return _open_regular(path, name=name)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(local_files, "open_regular", open_regular)
            outcomes = side.run()  # which compares the table with the archived file
        assert {o.error.code for o in outcomes.values() if o.error} <= {"landing.changed"}
        outcomes |= side.run()
        assert {outcome.status for outcome in outcomes.values()} == {"loaded"}
        archived = {name: (zones.archive / name).read_bytes() for name in files}
        assert archived == {n: files[n][0 if n in left else 1] for n in files}
        for name in files:
            (zones.archive / name).unlink()
        if left == files:
            break
    assert at > 2
