"""What several threads read through one handle is what each of them asked for."""

from __future__ import annotations

import gzip
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import duckdb
import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.discovery.discover import find_delivery
from airflow_landing_loader.landing.model import Validated
from airflow_landing_loader.loading.reading.csv import ReadOptions, RecordsSource
from airflow_landing_loader.loading.reading.filesystem import RecordsFileSystem
from airflow_landing_loader.loading.reading.shared_view import SharedView
from airflow_landing_loader.pipeline.validation import validate
from airflow_landing_loader.storage.local.zone import LocalZone

CONTENT = bytes(range(256)) * 4096


class View(SharedView):
    """Lets others on while it reads, as every real one does."""

    def __init__(self, on_read: Callable[[], object] = lambda: None) -> None:
        super().__init__(len(CONTENT))
        self._on_read = on_read

    def read_at(self, position: int, size: int) -> bytes:
        self._on_read()
        return CONTENT[position : position + size]


def in_turn(*steps: Callable[[], object]) -> list[object]:
    """Do steps one after the other, every second one in a second thread."""
    with ThreadPoolExecutor(1) as other:
        return [
            other.submit(step).result() if number % 2 else step()
            for number, step in enumerate(steps)
        ]


def test_a_seek_of_another_thread_moves_nobody_else() -> None:
    view = View()
    found = in_turn(
        lambda: view.seek(100),
        lambda: view.seek(5000),
        lambda: view.read(10),
        lambda: view.read(10),
    )
    assert found[2:] == [CONTENT[100:110], CONTENT[5000:5010]]


def test_one_thread_reads_on() -> None:
    view = View()
    assert [view.read(3), view.read(3), view.tell()] == [CONTENT[:3], CONTENT[3:6], 6]
    view.seek(-2, 2)
    assert (view.read(), view.read(5)) == (CONTENT[-2:], b"")


def test_who_says_not_where_is_given_nothing_of_another_thread() -> None:
    view = View()
    with pytest.raises(OSError, match="another thread"):
        in_turn(lambda: view.read(3), lambda: view.read(3))


def test_one_thread_reads_at_a_time() -> None:
    inside = threading.Semaphore(1)

    def alone() -> None:
        assert inside.acquire(blocking=False)
        time.sleep(0)  # lets the others on
        inside.release()

    view = View(alone)

    def read(seed: int) -> None:
        draw = Random(seed)
        for _ in range(200):
            at, size = draw.randrange(len(CONTENT)), draw.randrange(1000)
            view.seek(at)
            assert view.read(size) == CONTENT[at : at + size]

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(read, range(8)))


@pytest.fixture
def eager_threads() -> Iterator[None]:
    """Threads take turns a thousand times as often as usual."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.mark.usefixtures("eager_threads")
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_threads_of_the_engine(ending: str, tmp_path: Path) -> None:
    """Many small buffers, more threads than cores, and text that cannot be read from two places."""
    name = f"a.csv{ending}"
    lines = "".join(f"{n},{n * 7919 % 1000003},{'x' * (n % 50)}\n" for n in range(200_000))
    content = ("id,x,y\n" + lines).encode()
    (tmp_path / name).write_bytes(gzip.compress(content, 1) if ending else content)
    validated = _validated(tmp_path, name)
    file_system = RecordsFileSystem()
    with duckdb.connect(config={"threads": 8}) as con:
        con.register_filesystem(file_system)
        con.execute("SET preserve_insertion_order = false")
        path = file_system.add(
            RecordsSource(validated, LocalZone(str(tmp_path)).source(validated.delivery.data))
        )
        read = ReadOptions.of(validated).read_csv(path)
        read = read.replace("max_line_size=2097152", "max_line_size=4096")
        read = read.replace("buffer_size=16777216", "buffer_size=16384")
        found = con.execute(
            "SELECT count(*), count(DISTINCT c0), bool_and("
            "c1::INT = c0::INT * 7919::BIGINT % 1000003 AND length(coalesce(c2, '')) = c0::INT % 50"
            f") FROM {read}"
        ).fetchone()
    assert "buffer_size=16384" in read
    assert found == (200_000, 200_000, True)


def _validated(folder: Path, name: str) -> Validated:
    mapping = TableMapping.model_validate({"pattern": "a*", "table": "t", "settle_seconds": 0})
    zone = LocalZone(str(folder))
    return validate(zone, find_delivery(zone, [mapping], name), now=time.time() + 3600)
