"""Whose a name is says what reading both files at this moment says, whatever was read before."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.landing.moves.target import SpotState, Target
from airflow_landing_loader.storage.local.folder import LocalFolder
from airflow_landing_loader.storage.model import FileToMove

SOURCE = "a.csv"
NAMES = st.sampled_from(("a.csv", "b.csv"))
CONTENTS = st.sampled_from((b"", b"x", b"y", b"xy"))  # some of equal size
STEPS = st.lists(
    st.tuples(st.sampled_from(("deliver", "write", "replace", "move")), NAMES, NAMES, CONTENTS),
    max_size=15,
)


def state_by_reading(source: Path, path: Path) -> SpotState:
    if not path.exists():
        return SpotState.FREE
    return SpotState.OWN if path.read_bytes() == source.read_bytes() else SpotState.OTHER


@given(CONTENTS, STEPS)
def test_a_digest_that_is_remembered_is_that_of_the_bytes_there_now(
    first: bytes, steps: list[tuple[str, str, str, bytes]]
) -> None:
    with tempfile.TemporaryDirectory() as above:
        landing, folder = Path(above, "landing"), Path(above, "archive")
        landing.mkdir()
        folder.mkdir()
        target = Target(source=LocalFolder(str(landing)), folder=LocalFolder(str(folder)))
        steps = [("deliver", SOURCE, SOURCE, first), *steps]
        for moment, (what, name, other, content) in enumerate(steps, start=1):
            if what == "move" and (folder / name).exists():
                (folder / name).replace(folder / other)
            elif what != "move":
                arrives(
                    landing / SOURCE if what == "deliver" else folder / name,
                    content,
                    moment,
                    anew=what != "write",
                )
            found = target.source.find(SOURCE)
            assert found is not None
            for each in ("a.csv", "b.csv"):
                state = target.state(FileToMove(file=found), each, in_place=True)
                assert state == state_by_reading(landing / SOURCE, folder / each)


def arrives(path: Path, content: bytes, moment: int, *, anew: bool) -> None:
    """Write a file, as a new one or over what is there, at a time of its own: a clock's tick is
    longer than a step here."""
    written = path.with_name("new") if anew else path
    written.write_bytes(content)
    os.utime(written, (moment, moment))
    written.replace(path)
