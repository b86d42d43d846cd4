"""One go file for several data files: all that it names is loaded, or nothing."""

from __future__ import annotations

import time
from hashlib import sha256
from typing import Any

import pytest
from tests.support.sets import GO, A, B, deliver

from airflow_landing_loader.cli import main
from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.discovery.discover import discover
from airflow_landing_loader.landing.discovery.notices import notices_of

ALL = ["a_1.csv", "b_1.csv", "day_1.ctl"]


def test_one_go_file_for_several_data_files_of_one_table(world: Any) -> None:
    go = {**GO, "pattern": "manifest_*.ctl"}
    world.map("part_*.csv", "raw_p", go_file=go)
    world.deliver("part_1.csv", A)
    world.deliver("part_2.csv", B)
    world.deliver("manifest_20240115.ctl", "part_1.csv,1\npart_2.csv,2\n")
    assert {o.status for o in world.run().values()} == {"loaded"}
    assert world.rows("raw_p") == [("1", None), ("2", None), ("3", None)]
    assert world.zones.names()["landing"] == []


def test_one_go_file_for_two_tables(two: Any) -> None:
    deliver(two)
    assert {name: o.rows for name, o in two.run().items()} == {"a_1.csv": 1, "b_1.csv": 2}
    assert (two.count("raw_a"), two.count("raw_b")) == (1, 2)
    assert two.zones.names() == {"landing": [], "archive": ALL, "failed": []}
    said = two.sql("SELECT DISTINCT go_filename, length(go_sha256) FROM load_metadata")
    assert said == [("day_1.ctl", 64)]
    assert two.sql("SELECT count(DISTINCT completed_at) FROM load_metadata") == [(1,)]


@pytest.mark.parametrize(("total", "status"), [("5", "loaded"), ("6", "failed")])
def test_each_mapping_of_a_set_has_totals_of_its_own(world: Any, total: str, status: str) -> None:
    world.map("a_*.csv", "raw_a", go_file=GO)
    world.map("b_*.csv", "raw_b", go_file={**GO, "totals": {"id": {"sum_at": 3}}})
    deliver(world, f"a_1.csv,1,\nb_1.csv,2,{total}\n")
    assert {name: o.status for name, o in world.run().items()} == {
        "a_1.csv": status,
        "b_1.csv": status,
    }


def test_a_refused_file_that_is_handed_over_alone_stays_with_the_others(two: Any) -> None:
    """A hand-made DAG may split what belongs together: moved alone, it would be missed for ever."""
    deliver(two, a="id\n1,x\n", b=B)
    (refused,) = two.pipeline.validate_batch(["a_1.csv"])
    assert (refused.error.code, refused.error.transient) == (ErrorCode.CSV_RAGGED, True)
    (outcome,) = two.pipeline.finish([refused])
    assert outcome.status == "left"
    assert two.zones.names() == {"landing": ALL, "archive": [], "failed": []}
    assert {o.status for o in two.run().values()} == {"failed"}
    assert two.zones.names()["landing"] == []


def test_a_late_member_is_named_and_all_wait_for_it(two: Any) -> None:
    deliver(two, a=A)
    assert two.run() == {}
    told = [notice.message for notice in notices_of(two.pipeline.discover())]
    assert told == [
        "The go file day_1.ctl is there without its data file b_1.csv.",
        "a_1.csv waits for b_1.csv, which its go file day_1.ctl names.",
    ]
    two.deliver("b_1.csv", B)
    assert set(two.run()) == {"a_1.csv", "b_1.csv"}


def test_all_of_a_set_come_to_rest_together(two: Any) -> None:
    two.mappings = [m.model_copy(update={"settle_seconds": 2.0}) for m in two.mappings]
    deliver(two)
    two.deliver("b_1.csv", B, age=0.0)
    landing, now = two.pipeline.zones.landing, time.time()
    look = discover(landing, two.mappings, now=now).look
    found = discover(landing, two.mappings, now=now + 1, previous=look)
    assert ([d.data.name for d in found.ready], len(found.unsettled)) == ([], 2)
    found = discover(landing, two.mappings, now=now + 3, previous=found.look)
    assert [d.data.name for d in found.ready] == ["a_1.csv", "b_1.csv"]


def test_a_data_file_that_no_go_file_names_waits(two: Any) -> None:
    two.deliver("a_1.csv", A)
    two.deliver("day_1.ctl", "b_1.csv,2\n")
    assert two.run() == {}
    (_, notice) = notices_of(two.pipeline.discover())
    assert notice.message == "a_1.csv waits for a go file that names it: day_*.ctl."
    with pytest.raises(LandingError) as refused:
        two.pipeline.delivery("a_1.csv")
    assert refused.value.code is ErrorCode.SET_INCOMPLETE
    assert refused.value.transient


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        ("a_1.csv,1\nc_1.csv,2\n", ErrorCode.GO_FILE_UNKNOWN_MEMBER),
        ("a_1.csv,1\n../failed/b_1.csv,2\n", ErrorCode.GO_FILE_UNKNOWN_MEMBER),
        ("a_1.csv,1\n.b_1.csv,2\n", ErrorCode.GO_FILE_UNKNOWN_MEMBER),
        ("a_1.csv,1\nday_1.ctl,2\n", ErrorCode.GO_FILE_UNKNOWN_MEMBER),
        ("a_1.csv,1\n,2\n", ErrorCode.GO_FILE_UNKNOWN_MEMBER),
        ("\n\n", ErrorCode.GO_FILE_NO_FILES),
        ('a_1.csv,1\n"b_1.csv,2\n', ErrorCode.GO_FILE_UNREADABLE),
        ("".join(f"a_{n}.csv,1\n" for n in range(1001)), ErrorCode.GO_FILE_UNREADABLE),
        ("a_1.csv,1\0\n", ErrorCode.GO_FILE_UNREADABLE),
    ],
)
def test_a_go_file_that_is_not_right_is_refused_where_it_lies(
    two: Any, listed: str, code: ErrorCode
) -> None:
    deliver(two, listed=listed)
    assert two.run() == {}
    (refused,) = two.pipeline.discover().refused
    assert (refused.name, refused.error.code, refused.transient) == ("day_1.ctl", code, False)
    assert refused.error.hint
    assert two.zones.names()["landing"] == ALL


def test_a_go_file_that_may_still_be_written_is_looked_at_again(two: Any) -> None:
    deliver(two)
    two.deliver("day_1.ctl", "a_1.csv,1\nb_1.c", age=1.0)
    (refused,) = two.pipeline.discover().refused
    assert refused.transient
    two.deliver("day_1.ctl", "a_1.csv,1\nb_1.csv,2\n", age=1.0)
    assert {o.status for o in two.run().values()} == {"loaded"}


def test_a_data_file_that_two_go_files_name_is_nobodys(two: Any) -> None:
    deliver(two)
    two.deliver("day_2.ctl", "b_1.csv,2\n")
    assert two.run() == {}
    found = two.pipeline.discover()
    assert [(r.name, r.error.code) for r in found.refused] == [
        ("day_1.ctl", ErrorCode.GO_FILE_LISTED_TWICE),
        ("day_2.ctl", ErrorCode.GO_FILE_LISTED_TWICE),
    ]
    (two.zones.landing / "day_2.ctl").unlink()
    assert {o.status for o in two.run().values()} == {"loaded"}


@pytest.mark.parametrize("second", ["Q_1.csv,1", "Q_1.csv,7"])
def test_two_spellings_of_one_file_are_not_two(two: Any, second: str) -> None:
    two.map("q_*.csv", "raw_q", go_file={**GO, "pattern": "q_*.ctl"}, ignore_case=True)
    two.deliver("q_1.csv", A)
    two.deliver("q_1.ctl", f"q_1.csv,1\n{second}\n")
    assert two.run() == {}
    (refused,) = two.pipeline.discover().refused
    assert refused.error.code == ErrorCode.GO_FILE_LISTED_TWICE
    assert "names q_1.csv twice, as q_1.csv and as Q_1.csv" in refused.error.message
    two.deliver("q_1.ctl", "Q_1.csv,1\n")
    assert {o.status for o in two.run().values()} == {"loaded"}


def test_sets_whose_numbers_lie_between_each_other_load_together(two: Any) -> None:
    two.map(
        "part_{n:0d}.csv",
        "raw_part",
        go_file={**GO, "pattern": "m_*.ctl"},
        sequence={"part": "n", "start": 1},
    )
    for number in range(1, 6):
        two.deliver(f"part_{number}.csv", A)
    two.deliver("m_1.ctl", "part_1.csv,1\npart_3.csv,1\npart_5.csv,1\n")
    assert two.run() == {}
    two.deliver("m_2.ctl", "part_4.csv,1\npart_2.csv,1\n")
    assert {name: o.status for name, o in two.run().items()} == {
        f"part_{number}.csv": "loaded" for number in range(1, 6)
    }


def test_where_one_is_refused_all_are(two: Any) -> None:
    deliver(two, listed="a_1.csv,1\nb_1.csv,3\n")
    outcomes = two.run()
    assert outcomes["b_1.csv"].error.code == ErrorCode.COUNT_TOO_FEW
    assert outcomes["a_1.csv"].error.code == ErrorCode.SET_INCOMPLETE
    assert "b_1.csv" in outcomes["a_1.csv"].error.message
    sidecars = ["a_1.csv.error.json", "b_1.csv.error.json"]
    assert two.zones.names() == {"landing": [], "archive": [], "failed": sorted([*ALL, *sidecars])}
    assert two.count("load_metadata") == 0
    assert [outcome for _, outcome in two.outcomes()] == ["failed", "failed"]


def test_where_the_table_refuses_one_all_are_refused(two: Any) -> None:
    two.map("z_*.csv", "raw_z", go_file=GO)
    with two.database() as con:
        con.execute("CREATE TABLE raw_b (id INTEGER, _load_id VARCHAR, _extra VARCHAR)")
    deliver(two, listed="a_1.csv,1\nb_1.csv,1\nz_1.csv,1\n", a=A, b="id\nx\n", z=A)
    outcomes = two.run()
    assert {n: o.error.code for n, o in outcomes.items()} == {
        "a_1.csv": ErrorCode.SET_INCOMPLETE,
        "b_1.csv": ErrorCode.LOAD_BAD_VALUE,
        "z_1.csv": ErrorCode.SET_INCOMPLETE,
    }
    assert (two.count("raw_a"), two.count("raw_b"), two.count("raw_z")) == (0, 0, 0)


def test_other_files_of_the_batch_are_loaded_beside_a_set_that_is_refused(two: Any) -> None:
    two.map("x_*.csv", "raw_x")
    with two.database() as con:
        con.execute("CREATE TABLE raw_b (id INTEGER, _load_id VARCHAR, _extra VARCHAR)")
    deliver(two, listed="a_1.csv,1\nb_1.csv,1\n", a=A, b="id\nx\n")
    two.deliver("x_1.csv", B)
    outcomes = two.run()
    assert {n: o.status for n, o in outcomes.items()} == {
        "a_1.csv": "failed",
        "b_1.csv": "failed",
        "x_1.csv": "loaded",
    }


def test_transient_trouble_of_one_leaves_all(two: Any) -> None:
    deliver(two, listed="a_1.csv,1\nb_1.csv,3\n")
    two.deliver("b_1.csv", B, age=1.0)  # too few records, but it may still be written
    outcomes = two.run()
    assert {(o.status, o.error.transient) for o in outcomes.values()} == {("left", True)}
    assert two.zones.names()["landing"] == ALL


def test_a_member_that_is_loaded_already_is_good_beside_others(two: Any) -> None:
    deliver(two, listed="a_1.csv,1\n", a=A)
    two.run()
    deliver(two)
    outcomes = two.run()
    assert {n: o.status for n, o in outcomes.items()} == {
        "a_1.csv": "duplicate",
        "b_1.csv": "loaded",
    }
    assert two.zones.names()["landing"] == []
    assert (two.count("raw_a"), two.count("raw_b")) == (1, 2)


def test_where_a_duplicate_is_refused_all_are(two: Any) -> None:
    two.mappings[0] = two.mappings[0].model_copy(update={"on_duplicate": "fail"})
    deliver(two, listed="a_1.csv,1\n", a=A)
    two.run()
    deliver(two)
    outcomes = two.run()
    assert outcomes["a_1.csv"].error.code == ErrorCode.DELIVERY_DUPLICATE
    assert outcomes["b_1.csv"].error.code == ErrorCode.SET_INCOMPLETE
    assert two.count("raw_b") == 0


def test_a_restated_set_replaces_its_rows(two: Any) -> None:
    two.mappings = [m.model_copy(update={"on_redelivery": "replace"}) for m in two.mappings]
    deliver(two)
    two.run()
    deliver(two, listed="a_1.csv,2\nb_1.csv,2\n", a="id\n7\n8\n", b=B)
    outcomes = two.run()
    assert {n: o.status for n, o in outcomes.items()} == {
        "a_1.csv": "loaded",
        "b_1.csv": "duplicate",
    }
    assert two.rows("raw_a", "id") == [("7",), ("8",)]


def test_sets_stay_whole_however_small_batches_are(two: Any, settings: Any) -> None:
    two.settings = settings(batch_files=1, loader_workers=1)
    for day in "123":
        two.deliver(f"a_{day}.csv", A.replace("1", day))
        two.deliver(f"b_{day}.csv", B)
        two.deliver(f"day_{day}.ctl", f"a_{day}.csv,1\nb_{day}.csv,2\n")
    seen = []
    pipeline = two.pipeline
    load = pipeline.load
    pipeline.load = lambda batch: (seen.append(len(batch)), load(batch))[1]
    outcomes = pipeline.run_batch(pipeline.discover().ready)
    assert seen == [2, 2, 2]
    assert {o.status for o in outcomes} == {"loaded"}


def test_part_of_a_set_is_never_loaded(two: Any) -> None:
    """A DAG of one's own that asks for one file of it."""
    deliver(two)
    (verdict,) = two.pipeline.load(two.pipeline.validate_batch(["a_1.csv"]))
    assert verdict.error.code == ErrorCode.SET_INCOMPLETE
    assert verdict.error.transient
    (outcome,) = two.pipeline.finish([verdict])
    assert outcome.status == "left"
    assert two.count("load_metadata") == 0


@pytest.mark.parametrize(
    ("go_file", "listed"),
    [
        (
            {"format": "csv", "lists_files": {"column": "file"}, "row_count_column": "rows"},
            "file;rows\na_1.csv;1\nb_1.csv;2\n",
        ),
        (
            {
                "format": "json",
                "lists_files": {"path": "$.files[*].name"},
                "row_count": "$.files[*].rows",
            },
            '{"files": [{"name": "a_1.csv", "rows": 1}, {"name": "b_1.csv", "rows": 2}]}',
        ),
        (
            {"format": "csv", "lists_files": 1, "row_count": 2, "totals": {"id": 3}},
            "a_1.csv,1,1\nb_1.csv,2,5\n",
        ),
        ({"format": "json", "lists_files": "$.names[*]"}, '{"names": ["a_1.csv", "b_1.csv"]}'),
    ],
)
def test_every_form_of_a_go_file_may_name_several(
    world: Any, go_file: dict[str, Any], listed: str
) -> None:
    if ";" in listed:
        go_file["delimiter"] = ";"
    for letter in "ab":
        go = {"pattern": "day_*.ctl", **go_file}
        world.map(f"{letter}_*.csv", f"raw_{letter}", go_file=go)
    deliver(world, listed=listed)
    assert {o.status for o in world.run().values()} == {"loaded"}


def test_checksums_name_their_files_by_themselves(world: Any) -> None:
    for letter in "ab":
        go = {"pattern": "*.sha256", "format": "checksum", "lists_files": True}
        world.map(f"{letter}_*.csv", f"raw_{letter}", go_file=go)
    lines = [f"{sha256(t.encode()).hexdigest()}  {n}_1.csv\n" for n, t in (("a", A), ("b", B))]
    world.deliver("a_1.csv", A)
    world.deliver("b_1.csv", B)
    world.deliver("day.sha256", "".join(lines))
    assert {o.status for o in world.run().values()} == {"loaded"}
    wrong = sha256(b"else").hexdigest()
    world.deliver("a_2.csv", "id\n9\n")
    world.deliver("b_2.csv", "id\n9\n")
    good = sha256(b"id\n9\n").hexdigest()
    world.deliver("2.sha256", f"{good}  a_2.csv\n{wrong}  b_2.csv\n")
    outcomes = world.run()
    assert outcomes["b_2.csv"].error.code == ErrorCode.CHECKSUM_WRONG
    assert outcomes["a_2.csv"].error.code == ErrorCode.SET_INCOMPLETE


def test_check_tells_what_a_file_waits_for(
    two: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    for zone in ("landing", "archive", "failed"):
        monkeypatch.setenv(f"{zone.upper()}_PATH", str(getattr(two.zones, zone)))
    monkeypatch.setenv("TABLE_CONFIG_PATH", str(two.zones.tables))
    monkeypatch.setenv("DUCKDB_PATH", str(two.settings.duckdb_path))
    go = "go_file: {pattern: day_*.ctl, format: csv, lists_files: 1, row_count: 2}"
    lines = [f"{letter}_*.csv: {{table: raw_{letter}, {go}}}\n" for letter in "ab"]
    (two.zones.tables / "t.yaml").write_text("".join(lines))
    deliver(two, a=A)
    told = []
    for _ in range(2):
        with pytest.raises(SystemExit) as ended:
            main(["check", "a_1.csv"])
        assert ended.value.code == 0
        told.append(capfd.readouterr().out)
        two.deliver("b_1.csv", B)
    assert "day_1.ctl  names b_1.csv, too, which is not there yet" in told[0]
    assert "day_1.ctl  names 2 data files: all are loaded, or none" in told[1]
    assert "1 promised" in told[1]
