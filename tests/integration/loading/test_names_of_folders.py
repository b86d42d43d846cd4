"""Files that are called like the folders of an archive layout, and folders called like files."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.pipeline.pipeline import Pipeline

MAPPINGS = [
    TableMapping.model_validate({"settle_seconds": 0, "grace_seconds": 0, **fields})
    for fields in (
        {"pattern": "raw_*", "table": "raw_dump"},
        {"pattern": "20*", "table": "raw_misc"},
        {"pattern": "t_*.csv", "table": "raw_trades", "archive_layout": "{table}/{yyyy}"},
    )
]
STRANGE = ("a file", "a folder", "a pipe")


def run(settings: Any) -> dict[str, Outcome]:
    pipeline = Pipeline(settings(), MAPPINGS)
    return {o.name: o for o in pipeline.run_batch(pipeline.discover().ready)}


@pytest.mark.parametrize(
    "order", list(itertools.permutations(("raw_trades", "raw_trades~2", "t_1.csv")))
)
def test_both_tables_load_in_any_order(zones: Any, settings: Any, order: tuple[str, ...]) -> None:
    for name in order:
        (zones.landing / name).write_text(f"a\n{name}\n")
        (outcome,) = run(settings).values()
        assert outcome.status == "loaded"
        assert Path(outcome.uri).read_text() == f"a\n{name}\n"
        folder = Path(outcome.uri).relative_to(zones.archive).parts[0]
        # the folder's name, or that with a suffix: never another table's folder
        assert folder.partition("~")[0] in (name.partition("~")[0], "raw_trades")
    assert zones.names()["landing"] == []


def test_together(zones: Any, settings: Any) -> None:
    for name in ("raw_trades", "2026", "t_1.csv", "t_2.csv"):
        (zones.landing / name).write_text(f"a\n{name}\n")
    assert {o.status for o in run(settings).values()} == {"loaded"}


@pytest.mark.parametrize("kind", STRANGE)
def test_what_a_person_has_put_there_stops_nothing(zones: Any, settings: Any, kind: str) -> None:
    import os

    make = {
        "a file": lambda p: p.write_text("mine"),
        "a folder": lambda p: p.mkdir(),
        "a pipe": os.mkfifo,
    }[kind]
    for name in ("raw_trades", "raw_x", "20x"):
        make(zones.archive / name)
    for name in ("raw_x", "20x", "t_1.csv"):
        (zones.landing / name).write_text(f"a\n{name}\n")
    outcomes = run(settings)
    assert {o.status for o in outcomes.values()} == {"loaded"}
    assert all(Path(o.uri).read_text() == f"a\n{o.name}\n" for o in outcomes.values())


def test_a_link_in_the_way_of_a_folder_is_named_and_not_followed(
    zones: Any, settings: Any, tmp_path: Path
) -> None:
    (zones.archive / "raw_trades").symlink_to(tmp_path)
    (zones.landing / "t_1.csv").write_text("a\n1\n")
    (zones.landing / "raw_x").write_text("a\n1\n")
    outcomes = run(settings)
    error = outcomes["t_1.csv"].error
    assert error is not None
    assert "raw_trades is a symbolic link" in error.message
    assert outcomes["raw_x"].status == "loaded"
    (zones.archive / "raw_trades").unlink()
    assert run(settings)["t_1.csv"].status == "loaded"


def test_folders_have_the_names_of_refused_files_and_sidecars(zones: Any, settings: Any) -> None:
    (zones.failed / "t_1.csv").mkdir()
    (zones.failed / "t_2.csv.error.json").mkdir()
    for name in ("t_1.csv", "t_2.csv"):
        (zones.landing / name).write_text("a,a\n1\n")
    outcomes = run(settings)
    assert {o.status for o in outcomes.values()} == {"failed"}
    for outcome in outcomes.values():
        assert Path(outcome.uri).read_text() == "a,a\n1\n"
        assert Path(f"{outcome.uri}.error.json").is_file()
