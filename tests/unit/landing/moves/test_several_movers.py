"""Several movers at once, and many moves one after the other: nothing is lost or overwritten."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from tests.support.moving import ID, Lab, fork, move, sha, sidecar
from tests.support.sidecars import read_sidecar

from airflow_landing_loader.exceptions import TransientError
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.moves.model import Moved, files_of


def in_parallel(actions: list[Callable[[], Any]]) -> list[Any]:
    """Run each in its own process, all released at once; what they return, or their error code."""
    barrier, queue = fork.Barrier(len(actions)), fork.SimpleQueue()

    def run(number: int, action: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            queue.put((number, action()))
        except TransientError as error:
            queue.put((number, error.code))

    children = [fork.Process(target=run, args=item) for item in enumerate(actions)]
    for child in children:
        child.start()
    results = dict(queue.get() for _ in children)
    for child in children:
        child.join()
        assert child.exitcode == 0
    return [results[number] for number in range(len(actions))]


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    deliveries=st.lists(
        st.tuples(st.sampled_from([b"A", b"B"]), st.sampled_from([b"g", b"h", None])),
        min_size=2,
        max_size=4,
    ),
    failing=st.booleans(),
)
def test_processes_that_want_the_same_names_lose_nothing(
    lab: Lab, deliveries: list[tuple[bytes, bytes | None]], failing: bool
) -> None:
    shutil.rmtree(lab.target)
    lab.target.mkdir()
    actions, landings = [], []
    for number, (content, go) in enumerate(deliveries):
        own = Lab(lab.landing / str(number), lab.target)
        own.landing.mkdir(exist_ok=True)
        delivery = own.deliver("a.csv", content, go)
        landings.append(own)
        actions.append(
            lambda d=delivery, n=number: move(
                files_of(d),
                lab.zone,
                suffix_id=f"{n}{n}{n}{n}",
                sidecar=sidecar(d) if failing else None,
            )
        )

    results = in_parallel(actions)

    assert [own.landed() for own in landings] == [{}] * len(landings), results
    kept = lab.kept()
    for (content, go), moved in zip(deliveries, results, strict=True):
        assert isinstance(moved, Moved)
        assert kept[Path(moved.data).name] == content
        assert (moved.go and kept[Path(moved.go).name]) == go
        for path in moved.paths:
            assert moved.suffix in path
        if failing:
            assert read_sidecar(moved.sidecar or "").stored_data == Path(moved.data).name
    assert set(kept) == {Path(path).name for moved in results for path in moved.paths}
    lab.assert_tidy() if not list(lab.landing.glob(".*")) else None


def test_processes_that_move_the_same_delivery_move_it_once(lab: Lab) -> None:
    content = os.urandom(2_000_000)
    for _ in range(3):
        delivery = lab.deliver("a.csv", content, b"go")
        files = files_of(delivery, data_sha256=sha(content))

        results = in_parallel([partial(move, files, lab.zone, suffix_id=ID)] * 3)

        assert (
            results
            == [Moved(paths=(f"{lab.target}/a.csv", f"{lab.target}/a.go"), sidecar=None, suffix="")]
            * 3
        )
        assert lab.kept() == {"a.csv": content, "a.go": b"go"}
        assert lab.landed() == {}
        lab.assert_tidy()


def test_threads_that_want_the_same_name_lose_nothing(lab: Lab) -> None:
    deliveries = []
    for number in range(12):
        own = Lab(lab.landing / str(number), lab.target)
        own.landing.mkdir()
        deliveries.append(own.deliver("a.csv", b"%d" % number, b"go %d" % number))

    def archive(delivery: Delivery) -> Moved:
        return move(files_of(delivery), lab.zone, suffix_id=ID)

    with ThreadPoolExecutor(4) as pool:
        moved = list(pool.map(archive, deliveries))

    for number, found in enumerate(moved):
        assert Path(found.data).read_bytes() == b"%d" % number
        assert Path(found.go or "").read_bytes() == b"go %d" % number
    assert len({found.suffix for found in moved}) == 12


class Archive(RuleBasedStateMachine):
    """Deliveries, redeliveries, people who put files into the archive: nothing is ever lost."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.lab = Lab(self.root / "landing", self.root / "target")
        self.lab.landing.mkdir()
        self.lab.target.mkdir()
        self.lying: dict[str, tuple[Delivery, bytes, bytes | None]] = {}
        self.expected: dict[str, bytes] = {}

    @rule(
        name=st.sampled_from(["a.csv", "b.csv", "a~1a2b3c4d.csv"]),
        content=st.sampled_from([b"A", b"B", b"CC"]),
        go=st.sampled_from([b"g", b"h", None]),
    )
    def deliver(self, name: str, content: bytes, go: bytes | None) -> None:
        if name not in self.lying:
            self.lying[name] = (self.lab.deliver(name, content, go), content, go)

    @precondition(lambda self: self.lying)
    @rule(data=st.data(), id_=st.sampled_from(["1a2b3c4d", "ffffffff"]))
    def archive(self, data: st.DataObject, id_: str) -> None:
        name = data.draw(st.sampled_from(sorted(self.lying)))
        delivery, content, go = self.lying.pop(name)
        moved = move(files_of(delivery), self.lab.zone, suffix_id=id_)
        for path, text in zip(moved.paths, (content, go), strict=False):
            assert text is not None
            assert self.expected.setdefault(Path(path).name, text) == text
        assert len({Path(path).stem for path in moved.paths}) == 1

    @rule(
        name=st.sampled_from(["a.csv", "a.go", "a~1a2b3c4d.go", "b~ffffffff.csv"]),
        content=st.sampled_from([b"A", b"x"]),
    )
    def someone_puts_a_file_there(self, name: str, content: bytes) -> None:
        if name not in self.expected:
            (self.lab.target / name).write_bytes(content)
            self.expected[name] = content

    @invariant()
    def nothing_is_lost_or_changed(self) -> None:
        assert self.lab.kept() == self.expected
        landed = self.lab.landed()
        assert set(self.lying) == {name for name in landed if name.endswith(".csv")}

    def teardown(self) -> None:
        shutil.rmtree(self.root)


TestArchive = Archive.TestCase
TestArchive.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
