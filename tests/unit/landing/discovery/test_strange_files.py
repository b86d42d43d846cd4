"""Floods of strange files: work is bounded by what is told, counted and not timed."""

from __future__ import annotations

import gc
import os
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader import exceptions
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import TransientError
from airflow_landing_loader.landing.discovery.discover import discover
from airflow_landing_loader.landing.discovery.notices import NoticeKind, Told, new_notices
from airflow_landing_loader.storage.local import zone as local_zone
from airflow_landing_loader.storage.local.zone import LocalZone

MANY = 300
GO = {"pattern": "a_*.go", "format": "properties", "row_count_key": "n"}
MAPPINGS = tuple(
    TableMapping.model_validate({"settle_seconds": 0, **keys})
    for keys in (
        {"pattern": "a_*.csv", "table": "raw_a", "go_file": GO},
        {"pattern": "b_*.csv", "table": "raw_b"},
        {"pattern": "c_*.csv", "table": "raw_c"},
        {"pattern": "c*_x.csv", "table": "raw_d"},
    )
)


def touch(path: Path) -> None:
    path.touch()


KINDS: dict[str, tuple[str, Callable[[Path], None], NoticeKind | None]] = {
    "hidden": (".b_{}.csv", touch, None),
    "unfinished": ("b_{}.csv.tmp", touch, None),
    "unmatched": ("x_{}.txt", touch, NoticeKind.UNMATCHED),
    "go files alone": ("a_{}.go", touch, NoticeKind.ORPHAN),
    "data files alone": ("a_{}.csv", touch, NoticeKind.WAITING),
    "folders": ("b_{}.csv", Path.mkdir, NoticeKind.REFUSED),
    "two patterns": ("c_{}_x.csv", touch, NoticeKind.REFUSED),
}


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many entries were asked for, and how many errors were made."""
    done: Counter[str] = Counter()
    ask, make = LocalZone._child, exceptions.ErrorDetail.__post_init__

    def child(self: LocalZone, entry: os.DirEntry[str]) -> Any:
        done["asked"] += 1
        return ask(self, entry)

    def detail(self: exceptions.ErrorDetail) -> None:
        done["errors"] += 1
        make(self)

    monkeypatch.setattr(local_zone.LocalZone, "_child", child)
    monkeypatch.setattr(exceptions.ErrorDetail, "__post_init__", detail)
    return done


@pytest.mark.parametrize("kind", KINDS)
def test_a_flood_of_strange_files_holds_up_no_good_one(
    kind: str, tmp_path: Path, work: Counter[str]
) -> None:
    name, make, expected = KINDS[kind]
    for number in range(MANY):
        make(tmp_path / name.format(number))
    (tmp_path / "b_good.csv").write_text("id\n1\n")
    told: Told = frozenset()
    for look in range(3):
        work.clear()
        found = discover(LocalZone(str(tmp_path)), MAPPINGS, now=float(look))
        news, told = new_notices(found, told)
        assert [delivery.data.name for delivery in found.ready] == ["b_good.csv"]
        assert len(news) == (MANY if expected and look == 0 else 0)
        assert {kind for kind, _, _ in told} == ({expected} if expected else set())
        assert work["asked"] == (MANY + 1 if kind == "folders" else 1)
        assert work["errors"] == 0
        for report in news[:5]:
            assert report.message
            assert report.hint
        assert work["errors"] <= 10


def test_a_trigger_asks_only_for_what_begins_like_its_patterns(
    tmp_path: Path, work: Counter[str]
) -> None:
    for number in range(MANY):
        (tmp_path / f"x_{number}.csv").touch()
    (tmp_path / "b_good.csv").write_text("id\n1\n")
    found = discover(LocalZone(str(tmp_path)), MAPPINGS[1:2], now=0.0, only_matching=True)
    assert len(found.ready) == 1
    assert work["asked"] == 1


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was_found(enabled: bool, tmp_path: Path) -> None:
    try:
        (gc.enable if enabled else gc.disable)()
        with suppress(TransientError):
            discover(LocalZone(str(tmp_path / "missing")), MAPPINGS, now=0.0)
        assert gc.isenabled() is enabled
        new_notices(discover(LocalZone(str(tmp_path)), MAPPINGS, now=0.0), frozenset())
        assert gc.isenabled() is enabled
    finally:
        gc.enable()
