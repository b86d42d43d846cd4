"""A sender puts another content in the place of a file whose rows are being committed."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
from tests.support.hostile.steps import killed_at

from airflow_landing_loader.cli import main
from airflow_landing_loader.clients import DefaultClients
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import TerminalError
from airflow_landing_loader.landing.moves import holding
from airflow_landing_loader.loading.model import Refused
from airflow_landing_loader.maintenance.archived import archived_place
from airflow_landing_loader.pipeline.finishing import LOST
from airflow_landing_loader.pipeline.outcome import Outcome
from airflow_landing_loader.pipeline.pipeline import Pipeline
from airflow_landing_loader.storage.content import changed
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.names import HELD_FOLDER, WORK_FOLDER

PLAIN = {"pattern": "a_*.csv", "table": "raw_a", "settle_seconds": 0, "grace_seconds": 0}
GO = {"go_file": {"pattern": "a_*.go", "format": "properties", "row_count_key": "n"}}
FIRST, SECOND = "x\nfirst\n", "x\nsecond\n"
HIDDEN = f"{WORK_FOLDER}/{HELD_FOLDER}"


@dataclass
class World:
    """Local zones, a database, one mapping; each :meth:`pipeline` is a new process's."""

    landing: Path
    archive: Path
    settings: Any
    with_go: bool

    def pipeline(self) -> Pipeline:
        fields = {**PLAIN, **(GO if self.with_go else {})}
        return Pipeline(self.settings, [TableMapping.model_validate(fields)])

    def put(self, name: str, content: str) -> None:
        """As senders do: written aside, renamed over whatever is there."""
        aside = self.landing.parent / "aside"
        aside.write_text(content)
        aside.rename(self.landing / name)

    def deliver(self, content: str) -> None:
        self.put("a_1.csv", content)
        if self.with_go:
            self.put("a_1.go", f"n=1\n# {content.split()[1]}\n")

    def load(self) -> tuple[Pipeline, Any]:
        """Everything up to the move."""
        pipeline = self.pipeline()
        names = [delivery.data.name for delivery in pipeline.discover().ready]
        return pipeline, pipeline.load(pipeline.validate_batch(names))

    def run(self) -> list[Outcome]:
        pipeline = self.pipeline()
        return list(pipeline.run_batch(pipeline.discover().ready))

    def sql(self, statement: str) -> list[Any]:
        with duckdb.connect(self.settings.duckdb_path) as con:
            return con.execute(statement).fetchall()

    def both_are_kept(self) -> None:
        """Both contents are in the table and in the archive, each load with its own file."""
        assert [row for (row,) in self.sql("select x from raw_a order by 1")] == ["first", "second"]
        loads = self.sql("select archive_uri from load_metadata order by sequence")
        assert [Path(uri).read_text() for (uri,) in loads] == [FIRST, SECOND]
        finals = self.sql(
            "select final_uri from load_deliveries where outcome = 'loaded' order by recorded_at"
        )
        assert sorted(finals) == sorted(loads)
        if self.with_go:
            kept = [p.read_text() for p in self.archive.glob("*.go")]
            assert sorted(kept) == ["n=1\n# first\n", "n=1\n# second\n"]
        self.is_tidy()

    def each_load_has_its_file(self, last: str) -> None:
        """Each content once at most, the last one surely; nothing but them is kept."""
        loads = self.sql("select archive_uri from load_metadata order by sequence")
        contents = [Path(uri).read_text() for (uri,) in loads]
        assert contents in ([last], [FIRST, last])
        assert sorted(p.read_text() for p in self.archive.glob("*.csv")) == sorted(contents)
        assert len(list(self.archive.glob("*.go"))) == self.with_go * len(contents)
        rows = [f"x\n{x}\n" for (x,) in self.sql("select x from raw_a")]
        assert sorted(rows) == sorted(contents)
        self.is_tidy()

    def serve(self, monkeypatch: pytest.MonkeyPatch, zones: Any) -> None:
        """Let the command line find this world."""
        fields = {**PLAIN, **(GO if self.with_go else {})}
        (zones.tables / "a.yaml").write_text(json.dumps({fields.pop("pattern"): fields}))
        names = ("landing_path", "archive_path", "failed_path", "table_config_path", "duckdb_path")
        for name in names:
            monkeypatch.setenv(name.upper(), str(getattr(self.settings, name)))

    def is_tidy(self) -> None:
        assert list(self.landing.iterdir()) == []
        files = [p for p in self.archive.rglob("*") if p.is_file() and p.name != "lock"]
        assert all(p.stat().st_nlink == 1 for p in files)
        assert not [p for p in files if WORK_FOLDER in p.parts]


@pytest.fixture(params=["data", "data and go"])
def world(request: pytest.FixtureRequest, zones: Any, settings: Any) -> World:
    return World(zones.landing, zones.archive, settings(), request.param == "data and go")


def replace_all(world: World) -> None:
    world.deliver(SECOND)


def replace_data(world: World) -> None:
    world.put("a_1.csv", SECOND)


def test_what_was_accepted_is_archived_and_the_new_content_loads_next(world: World) -> None:
    world.deliver(FIRST)
    pipeline, verdicts = world.load()
    assert (world.landing / HIDDEN).is_dir()
    replace_all(world)
    (outcome,) = pipeline.finish(verdicts)
    assert (outcome.status, outcome.rows) == ("loaded", 1)
    assert Path(outcome.uri).read_text() == FIRST
    assert any("replaced by its sender" in note for note in outcome.notes)
    (again,) = world.run()
    assert again.status == "loaded"
    world.both_are_kept()


def test_a_dead_loader_has_left_it(world: World) -> None:
    world.deliver(FIRST)
    world.load()
    replace_all(world)
    (again,) = world.run()
    assert again.status == "loaded"
    world.both_are_kept()


def test_a_dead_loader_has_left_it_and_its_name_is_gone(world: World) -> None:
    world.deliver(FIRST)
    world.load()
    for path in world.landing.glob("a_*"):
        path.unlink()
    assert world.run() == []
    assert [p.read_text() for p in world.archive.glob("*.csv")] == [FIRST]
    world.is_tidy()


def test_only_the_data_file_is_replaced(world: World) -> None:
    world.deliver(FIRST)
    pipeline, verdicts = world.load()
    replace_data(world)
    (outcome,) = pipeline.finish(verdicts)
    assert Path(outcome.uri).read_text() == FIRST
    if world.with_go:
        world.put("a_1.go", "n=1\n# second\n")
    world.run()
    world.both_are_kept()


def test_only_the_go_file_is_replaced(zones: Any, settings: Any) -> None:
    world = World(zones.landing, zones.archive, settings(), with_go=True)
    world.deliver(FIRST)
    pipeline, verdicts = world.load()
    world.put("a_1.go", "n=1\n# second\n")
    (outcome,) = pipeline.finish(verdicts)
    assert Path(outcome.uri).read_text() == FIRST
    world.put("a_1.csv", SECOND)
    world.run()
    world.both_are_kept()


def test_what_was_not_committed_goes_with_its_name(world: World) -> None:
    world.deliver(FIRST)
    pipeline = world.pipeline()
    (delivery,) = pipeline.discover().ready
    with holding.Holding(pipeline.zones.landing).hold([pipeline.validate(delivery)]):
        pass
    replace_all(world)
    (outcome,) = world.run()
    assert Path(outcome.uri).read_text() == SECOND
    assert world.sql("select x from raw_a") == [("second",)]
    world.is_tidy()


def test_a_dead_loader_and_nothing_replaced(world: World) -> None:
    """A second name of ours makes no file one that is refused."""
    world.deliver(FIRST)
    world.load()
    assert not world.pipeline().discover().refused
    (outcome,) = world.run()
    assert outcome.status == "loaded"
    assert world.sql("select x from raw_a") == [("first",)]
    world.is_tidy()


def test_a_dead_loader_and_the_file_is_written_anew_in_its_place(world: World) -> None:
    world.deliver(FIRST)
    world.load()
    (world.landing / "a_1.csv").write_text("x\nsecond, longer\n".replace(",", ""))
    (outcome,) = world.run()
    assert outcome.status == "loaded"
    world.is_tidy()


def test_a_second_name_that_is_not_ours_is_refused_as_before(world: World, tmp_path: Path) -> None:
    world.deliver(FIRST)
    world.load()
    os.link(world.landing / "a_1.csv", tmp_path / "elsewhere.csv")
    found = world.pipeline().discover()
    assert [file.name for file in found.refused] == ["a_1.csv"]
    assert found.ready == ()


@pytest.fixture(params=["no links", "a link in the way", "written in its place"])
def not_held(
    request: pytest.FixtureRequest, world: World, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Callable[[], None]:
    """Ways in which nothing can be held; returns how the sender replaces."""
    if request.param == "written in its place":
        return lambda: (
            [(world.landing / p.name).write_text(SECOND) for p in world.landing.glob("*.csv")]
            and None
        )
    if request.param == "no links":

        def refuse(*_: Any, **__: Any) -> None:
            raise OSError(errno.EPERM, "Operation not permitted")

        monkeypatch.setattr(os, "link", refuse)
    else:
        (tmp_path / "elsewhere").mkdir()
        (world.landing / WORK_FOLDER).symlink_to(tmp_path / "elsewhere")
    return lambda: replace_all(world)


def test_where_it_cannot_be_held_that_is_said_and_recorded(
    world: World, not_held: Callable[[], None], tmp_path: Path
) -> None:
    world.deliver(FIRST)
    pipeline, verdicts = world.load()
    not_held()
    (outcome,) = pipeline.finish(verdicts)
    assert (outcome.status, outcome.rows, outcome.uri) == ("loaded", 1, "")
    assert LOST in outcome.notes
    assert world.sql("select archive_uri from load_metadata") == [("",)]
    recorded = world.sql("select outcome, code, message, final_uri from load_deliveries")
    assert recorded == [("loaded", "landing.changed", LOST, None)]
    with pytest.raises(TerminalError, match="before it could be archived") as caught:
        archived_place(
            verdicts[0].load.__class__(**{**vars(verdicts[0].load), "archive_uri": ""}),
            DefaultClients("p"),
        )
    assert caught.value.code == "archive.missing"
    (again,) = world.run()
    assert Path(again.uri).read_text() == SECOND
    uris = [uri for (uri,) in world.sql("select archive_uri from load_metadata order by sequence")]
    assert uris == ["", again.uri]
    assert not (tmp_path / "elsewhere").exists() or not list((tmp_path / "elsewhere").iterdir())


def test_on_another_disk(zones: Any, settings: Any, tmp_path: Path) -> None:
    away = Path(tempfile.mkdtemp(dir="/dev/shm"))
    if away.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("needs /dev/shm on another device")
    try:
        world = World(zones.landing, away, settings(archive_path=str(away)), with_go=True)
        test_what_was_accepted_is_archived_and_the_new_content_loads_next(world)
    finally:
        shutil.rmtree(away)


def once(world: World) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["run", "--once"])
    assert ended.value.code == 0


def one_look(world: World) -> None:
    """What is held after it is needed: it is of files that lie in landing."""
    world.pipeline().discover()
    there = {str(path.stat().st_ino) for path in world.landing.glob("a_*")}
    assert {p.name for p in (world.landing / HIDDEN).glob("*") if p.name.isdecimal()} <= there
    world.run()


def tasks(world: World) -> None:
    """A task loads, the next one moves."""
    pipeline = world.pipeline()
    verdicts = pipeline.load(pipeline.validate_batch(["a_1.csv"]))
    world.pipeline().finish(verdicts)


@pytest.mark.parametrize(
    ("replaced", "after"), [(False, once), (True, once), (True, one_look), (True, tasks)]
)
def test_a_death_at_any_step_loses_nothing_and_nothing_stays_behind(
    zones: Any,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
    replaced: bool,
    after: Callable[[World], None],
) -> None:
    world = World(zones.landing, zones.archive, settings(), with_go=True)
    world.serve(monkeypatch, zones)

    def work() -> None:
        pipeline, verdicts = world.load()
        if replaced:
            world.deliver(SECOND)
        pipeline.finish(verdicts)

    number, died = 0, True
    while died:
        number += 1
        world.deliver(FIRST)
        died = killed_at(number, work, about=HIDDEN)
        if replaced and SECOND not in [p.read_text() for p in world.landing.glob("*.csv")]:
            world.deliver(SECOND)
        after(world)
        world.each_load_has_its_file(SECOND if replaced else FIRST)
        for path in (*world.archive.glob("a_*"), Path(world.settings.duckdb_path)):
            path.unlink()
    assert number > 10


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[" * 100_000,
        b"[1]",
        json.dumps([{"table": 5}]).encode(),
        json.dumps(
            [
                {
                    "table": "raw_a",
                    "sha256": "0" * 64,
                    "go": None,
                    "data": {
                        "name": name,
                        "path": "/etc/passwd",
                        "size": 1,
                        "mtime_ns": 1,
                        "token": token,
                    },
                }
                for name in ("a_1.csv", "../a_1.csv", "a\ud800")
                for token in ("1-1", "../x-1", "", "/")
            ]
        ).encode(),
    ],
)
def test_what_others_write_among_the_second_names_stops_nothing(
    world: World, content: bytes
) -> None:
    held = world.landing / HIDDEN
    (held / "of-1").mkdir(parents=True)
    (held / "x.held.json").write_bytes(content)
    (held / "dir.held.json").mkdir()
    (held / "1").symlink_to("/etc/passwd")
    world.deliver(FIRST)
    (outcome,) = world.run()
    assert outcome.status == "loaded"
    assert Path("/etc/passwd").exists()


def held_names(world: World) -> list[str]:
    return [p.name for p in (world.landing / HIDDEN).glob("*")]


def test_another_loader_leaves_alone_what_is_being_loaded(world: World) -> None:
    """Its rows may be committed yet, though its sender has replaced it already."""
    world.deliver(FIRST)
    pipeline = world.pipeline()
    (delivery,) = pipeline.discover().ready
    with holding.Holding(pipeline.zones.landing).hold([pipeline.validate(delivery)]):
        before = held_names(world)
        replace_all(world)
        world.pipeline().discover()
        assert sorted(held_names(world)) == sorted(before)
    world.pipeline().discover()
    assert held_names(world) == []


def test_what_another_loader_holds_on_to_has_not_changed(world: World) -> None:
    world.deliver(FIRST)
    slow = world.pipeline()
    found = slow.discover()
    world.load()
    (outcome,) = slow.run_batch(found.ready)
    assert outcome.status == "loaded"
    world.each_load_has_its_file(FIRST)


def test_what_another_loader_has_archived_is_gone_and_has_not_changed(world: World) -> None:
    world.deliver(FIRST)
    slow = world.pipeline()
    (delivery,) = slow.discover().ready
    world.run()
    assert slow.run_batch([delivery])[0].error.code == "landing.disappeared"
    seen_changing = Refused(delivery=delivery, error=changed("a_1.csv").detail)
    assert slow.finish([seen_changing])[0].error.code == "landing.disappeared"


def test_a_second_name_that_goes_during_a_look_makes_no_file_one_that_is_refused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deliver(FIRST)
    pipeline, _ = world.load()

    def too_late(*_: Any) -> bool:
        for name in held_names(world):
            (world.landing / HIDDEN / name).unlink(missing_ok=True)
        return False

    monkeypatch.setattr(local_files, "is_held", too_late)
    found = pipeline.discover()
    assert ([d.data.name for d in found.ready], found.refused) == (["a_1.csv"], ())


def test_an_inode_that_has_come_back_costs_no_other_arrival_its_second_name(world: World) -> None:
    world.deliver(FIRST)
    pipeline, (loaded,) = world.load()
    inode, _, born = loaded.delivery.data.token.partition("-")
    if "-" not in born:
        pytest.skip("this file system knows no time of birth")
    before = sorted(held_names(world))
    earlier = replace(loaded.delivery.data, token=f"{inode}-1-1")
    holding.Holding(pipeline.zones.landing).release([earlier])
    assert sorted(held_names(world)) == before
