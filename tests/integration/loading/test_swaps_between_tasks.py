"""A sender who puts other files in place while Airflow has not begun the next task yet."""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Any

from airflow_landing_loader.operators.landing import (
    ArchiveFilesOperator,
    LoadFilesOperator,
    ValidateFilesOperator,
)

FIRST, SECOND, THIRD = (f"id\n{word}\n" for word in ("first", "secnd", "third"))


def test_what_was_read_is_what_is_booked_and_what_was_committed_is_kept(world: Any) -> None:
    """Of equal size and time each time, by renames."""
    world.map()
    context: Any = {"run_id": "r", "ti": None}
    keys = {"settings": world.settings, "mapping": world.mappings}
    path = world.deliver("a_1.csv", FIRST)
    times = (path.stat().st_atime_ns, path.stat().st_mtime_ns)

    def swap(content: str) -> None:
        aside = path.parent.parent / "aside"
        aside.write_text(content)
        os.utime(aside, ns=times)
        aside.rename(path)

    validated = ValidateFilesOperator(task_id="v", files=["a_1.csv"], **keys).execute(context)
    swap(SECOND)
    verdicts = LoadFilesOperator(task_id="l", validated=validated, **keys).execute(context)
    swap(THIRD)
    ArchiveFilesOperator(task_id="a", verdicts=verdicts, **keys).execute(context)

    assert world.sql("SELECT id FROM raw_a") == [("secnd",)]
    assert world.sql("SELECT sha256 FROM load_metadata") == [(sha256(SECOND.encode()).hexdigest(),)]
    assert path.read_text() == THIRD
    assert [p.read_text() for p in world.zones.archive.glob("a_1*")] == [SECOND]
    assert world.run()["a_1.csv"].status == "loaded"
    assert sorted(p.read_text() for p in world.zones.archive.glob("a_1*")) == [SECOND, THIRD]
