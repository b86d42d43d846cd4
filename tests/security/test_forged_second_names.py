"""A sender writes into landing's hidden folder, where loaders keep second names and their notes."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.moves.holding import Holding
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.settings import Settings
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.names import HELD_FOLDER, WORK_FOLDER
from airflow_landing_loader.storage.zone import SpecialEntry

DATA = "x\n1\n"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder that is nobody's zone, with files that are named as the loader names its own."""
    folder = tmp_path / "home" / HELD_FOLDER
    (folder / "of-5").mkdir(parents=True)
    for name in ("5", "of-5/private", f"{'a' * 32}.held.json"):
        (folder / name).write_text("secret")
    return folder


@pytest.mark.parametrize("linked", ["the hidden folder", "the folder of second names"])
def test_a_private_file_is_no_delivery_by_a_link_in_place_of_a_folder(
    zones: Any, elsewhere: Path, linked: str
) -> None:
    """Its own name is its inode's number, so that it looks like a second name of the hard link."""
    private = elsewhere / str((elsewhere / "5").stat().st_ino)
    (elsewhere / "5").rename(private)
    (zones.landing / "a_1.csv").hardlink_to(private)
    work = zones.landing / WORK_FOLDER
    if linked == "the hidden folder":
        work.symlink_to(elsewhere.parent)
    else:
        work.mkdir()
        (work / HELD_FOLDER).symlink_to(elsewhere)
    (found,) = [e for e in LocalZone(str(zones.landing)).list() if e.name == "a_1.csv"]
    assert isinstance(found, SpecialEntry)


@pytest.mark.parametrize("moment", ["looked at", "opened"])
@pytest.mark.parametrize("act", ["release", "tidy"])
@pytest.mark.parametrize("swapped", ["the hidden folder", "the folder of second names"])
def test_nothing_is_removed_elsewhere_when_a_folder_becomes_a_link(
    zones: Any,
    elsewhere: Path,
    monkeypatch: pytest.MonkeyPatch,
    act: str,
    swapped: str,
    moment: str,
) -> None:
    before = sorted(elsewhere.rglob("*"))
    work = zones.landing / WORK_FOLDER
    held = work / HELD_FOLDER
    held.mkdir(parents=True)
    (held / "5").write_text("a second name")
    was_there, unlink = Holding._is_there, os.unlink

    def swap() -> None:
        moved, to = (
            (work, elsewhere.parent) if swapped == "the hidden folder" else (held, elsewhere)
        )
        if not moved.is_symlink():
            moved.rename(zones.root / "aside")
            moved.symlink_to(to)

    def looked_at(self: Holding) -> bool:
        found = was_there(self)
        if moment == "looked at":
            swap()
        return found

    def opened(*arguments: Any, **keys: Any) -> None:
        swap()
        unlink(*arguments, **keys)

    monkeypatch.setattr(Holding, "_is_there", looked_at)
    monkeypatch.setattr(os, "unlink", opened)
    holding = Holding(LocalZone(str(zones.landing)))
    if act == "release":
        file = LandedFile(name="a.csv", path="", size=1, mtime_ns=1, token="5-1")
        holding.release([file])
    else:
        holding.tidy()
    assert moment == "looked at" or (work if swapped == "the hidden folder" else held).is_symlink()
    assert sorted(elsewhere.rglob("*")) == before


def test_a_forged_note_takes_no_other_delivery_along(
    zones: Any, settings: Callable[..., Settings]
) -> None:
    """It names a load that was committed, and as its go file what somebody else has delivered."""
    mappings = [
        TableMapping.model_validate({"pattern": p, "table": t, "settle_seconds": 0})
        for p, t in (("a_*.csv", "raw_a"), ("b_*.csv", "raw_b"))
    ]

    def run() -> dict[str, str]:
        pipeline = Pipeline(settings(), mappings)
        outcomes = pipeline.run_batch(pipeline.discover().ready)
        return {outcome.name: outcome.status for outcome in outcomes}

    zone = LocalZone(str(zones.landing))
    (zones.landing / "a_1.csv").write_text(DATA)
    mine = zone.stat("a_1.csv")
    assert isinstance(mine, LandedFile)
    assert run() == {"a_1.csv": "loaded"}

    (zones.landing / "b_1.csv").write_text(DATA)
    theirs = zone.stat("b_1.csv")
    assert isinstance(theirs, LandedFile)
    held = zones.landing / WORK_FOLDER / HELD_FOLDER
    held.mkdir(parents=True)
    (held / mine.token.partition("-")[0]).write_text("anything")
    note = {
        "table": "raw_a",
        "sha256": hashlib.sha256(DATA.encode()).hexdigest(),
        "data": asdict(replace(mine, path="")),
        "go": asdict(replace(theirs, path="")),
    }
    (held / f"{os.urandom(16).hex()}.held.json").write_text(json.dumps([note]))
    assert run() == {"b_1.csv": "loaded"}
    assert (zones.archive / "b_1.csv").read_text() == DATA
