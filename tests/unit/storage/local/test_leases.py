"""A file that another process has open for writing, as real processes show it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, TransientError
from airflow_landing_loader.landing.discovery.discover import discover, find_delivery, still_same
from airflow_landing_loader.landing.discovery.model import Discovery
from airflow_landing_loader.landing.discovery.notices import NoticeKind, notices_of
from airflow_landing_loader.landing.discovery.rest import LOOK_INTERVAL
from airflow_landing_loader.storage.local import leases
from airflow_landing_loader.storage.local.zone import LocalZone

NOW = 1_700_000_000.0
# Opens a file, says so, and closes it when its standard input ends.
HOLDER = "import sys; f = open(sys.argv[1], sys.argv[2]); print(flush=True); sys.stdin.read()"


@contextmanager
def opened(path: Path, mode: str = "a") -> Iterator[None]:
    """While the block runs, another process has the file open."""
    command = [sys.executable, "-c", HOLDER, str(path), mode]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "s_1.csv"
    path.write_text("id\n1\n")
    os.utime(path, (NOW - 100, NOW - 100))
    with opened(path):
        if not leases.is_open_for_writing(str(path)):
            pytest.skip("this system does not tell who has a file open for writing")
    return path


def mapping(**keys: object) -> TableMapping:
    return TableMapping.model_validate({"pattern": "s_*.csv", "table": "t", **keys})


WITH_GO = {"go_file": {"pattern": "s_*.go", "format": "properties", "row_count_key": "n"}}


def second_look(folder: Path, rules: TableMapping) -> Discovery:
    zone = LocalZone(str(folder))
    first = discover(zone, [rules], now=NOW)
    return discover(zone, [rules], now=NOW + LOOK_INTERVAL, previous=first.look)


def test_only_who_writes_is_told_of(path: Path) -> None:
    assert not leases.is_open_for_writing(str(path))
    with opened(path, "r"):
        assert not leases.is_open_for_writing(str(path))
    with opened(path, "a"):
        assert leases.is_open_for_writing(str(path))
    assert not leases.is_open_for_writing(str(path))


def test_links_and_what_is_not_there_are_not_followed(path: Path) -> None:
    link = path.with_name("link")
    link.symlink_to(path)
    with opened(path):
        assert not leases.is_open_for_writing(str(link))
    assert not leases.is_open_for_writing(str(path.with_name("none")))


def test_where_the_driver_refuses_every_lease_nothing_is_known(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_answers", lambda device: False)
    with opened(path):
        assert not leases.is_open_for_writing(str(path))


def test_who_opens_it_while_it_is_asked_is_not_kept_out(path: Path) -> None:
    """The kernel sends a signal to whoever holds a lease that is broken: it must not end us."""
    writer = f"import sys\nfor _ in range(3000): open({str(path)!r}, 'a').close()"
    with subprocess.Popen([sys.executable, "-c", writer]) as process:
        while process.poll() is None:
            leases.is_open_for_writing(str(path))
        assert process.returncode == 0


def test_a_file_that_rests_but_is_open_is_not_ready_and_told(path: Path) -> None:
    with opened(path):
        found = second_look(path.parent, mapping())
    assert (found.ready, found.being_written) == ((), ("s_1.csv",))
    assert not found.settles_soon
    (report,) = notices_of(found)
    assert (report.kind, report.name) == (NoticeKind.WRITTEN, "s_1.csv")
    assert len(second_look(path.parent, mapping()).ready) == 1


@pytest.mark.parametrize("which", ["s_1.csv", "s_1.go"])
def test_data_file_and_go_file_are_asked(path: Path, which: str) -> None:
    go = path.with_name("s_1.go")
    go.write_text("n=1\n")
    os.utime(go, (NOW - 100, NOW - 100))
    with opened(path.with_name(which)):
        found = second_look(path.parent, mapping(**WITH_GO))
    assert (found.ready, found.being_written) == ((), (which,))


def test_just_before_the_commit_it_is_asked_again(path: Path) -> None:
    zone = LocalZone(str(path.parent))
    delivery = find_delivery(zone, [mapping()], "s_1.csv")
    still_same(zone, delivery)
    with opened(path), pytest.raises(TransientError) as caught:
        still_same(zone, delivery)
    assert caught.value.code is ErrorCode.LANDING_UNSETTLED


def test_settle_zero_asks_nobody(path: Path) -> None:
    rules, zone = mapping(settle_seconds=0), LocalZone(str(path.parent))
    with opened(path):
        (delivery,) = discover(zone, [rules], now=NOW).ready
        still_same(zone, delivery)


def test_without_proof_a_file_rests_longer() -> None:
    trailer = {"trailer": {"row_count_column": 1}}
    assert mapping().settle_seconds == 10
    assert mapping(**WITH_GO).settle_seconds == mapping(**trailer).settle_seconds == 2
    assert mapping(settle_seconds=3).settle_seconds == 3
    assert mapping(settle_seconds=10, **WITH_GO).settle_seconds == 10
