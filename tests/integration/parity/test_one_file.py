"""What happens to one file between two steps is that file's alone, in all warehouses."""

from __future__ import annotations

import errno
import os

import pytest
from tests.support import worlds

NAMES = ("a_1.csv", "a_2.csv", "a_3.csv", "a_4.csv")


def test_the_others_load_and_what_was_accepted_is_kept(
    side: worlds.Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One becomes a folder once it is inspected, under one the disk fails, one is replaced once it
    is committed."""
    side.map(grace_seconds=0)
    for name in NAMES:
        side.deliver(name, f"a\n{name}\n")
    landing, pipeline = side.folder("landing"), side.pipeline
    validated = pipeline.validate_batch(NAMES)
    (landing / "a_2.csv").unlink()
    (landing / "a_2.csv").mkdir()
    bad, pread = (landing / "a_3.csv").stat().st_ino, os.pread

    def failing(descriptor: int, *arguments: int) -> bytes:
        if os.fstat(descriptor).st_ino == bad:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return pread(descriptor, *arguments)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pread", failing)
        verdicts = pipeline.load(validated)
    side.deliver("a_4.csv", "a\nanother\n")
    outcomes = {outcome.name: outcome for outcome in pipeline.finish(verdicts)}
    codes = {name: o.error and o.error.code for name, o in outcomes.items()}
    assert codes == dict(
        zip(NAMES, (None, "landing.not_a_file", "landing.unreadable", None), strict=True)
    )
    (landing / "a_2.csv").rmdir()
    assert {name: o.status for name, o in side.run().items()} == {
        "a_3.csv": "loaded",
        "a_4.csv": "loaded",
    }
    rows = sorted(row["a"] for row in side.table("raw_a") or [])
    assert rows == ["a_1.csv", "a_3.csv", "a_4.csv", "another"]
    kept = sorted(path.read_text() for path in side.folder("archive").glob("a_*"))
    assert kept == [f"a\n{row}\n" for row in rows]
    uris = [row["archive_uri"] for row in side.table("load_metadata") or []]
    assert len(set(uris)) == len(uris) == 4
