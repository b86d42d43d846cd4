"""`check` says what would become of a file, and then that becomes of it."""

from __future__ import annotations

import os
from typing import Any

import pytest

from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock


def _would(cli: Any, name: str) -> Any:
    return cli("check", name, "--json").json()


def test_a_new_table(cli: Any) -> None:
    cli.land("trades_1.csv", "a,b\n1,2\n3,4\n")
    cli.land("trades_1.go", "record_count=2\n")
    document = _would(cli, "trades_1.csv")
    sha256, load_id = document.pop("sha256"), document.pop("load_id")
    assert len(sha256) == 64
    assert document == {
        "file": "trades_1.csv",
        "path": str(cli.zones.landing / "trades_1.csv"),
        "size": 12,
        "pattern": "trades_*.csv",
        "table": "raw_trades",
        "origin": "tables.yaml:5",
        "go_file": "trades_1.go",
        "go_file_is_there": True,
        "sequence": None,
        "expect": None,
        "settled": True,
        "records": 2,
        "expected_records": 2,
        "ragged": 0,
        "skipped_headers": 0,
        "checksum": None,
        "business_date": None,
        "sequence_number": None,
        "header_record": None,
        "trailer": None,
        "head": None,
        "footer": None,
        "comments": 0,
        "totals": [],
        "dialect_detected": None,
        "columns": {"known": ["a", "b"], "extra": [], "missing": []},
        "renamed": [],
        "would": "create",
        "notes": [],
    }
    assert "would create raw_trades and load 2 rows" in cli("check", "trades_1.csv").out
    assert cli("run", "--once").code == 0
    assert cli("status", "--json").json()["loads"][0]["load_id"] == load_id


def test_drift_and_restatement(cli: Any) -> None:
    cli.land("instruments_1.csv", "a,b\n1,2\n")
    cli("run", "--once")
    cli.land("instruments_1.csv", "B,new\n1,2\n")
    document = _would(cli, "instruments_1.csv")
    assert document["columns"] == {"known": ["b"], "extra": ["new"], "missing": ["a"]}
    assert document["would"] == "restate"
    assert document["notes"][0].startswith("restates load ")
    out = cli("check", "instruments_1.csv").out
    assert "_extra    new" in out
    assert "missing   a" in out


def test_duplicate_and_same_content(cli: Any) -> None:
    cli.land("instruments_1.csv", "a,b\n1,2\n")
    cli("run", "--once")
    cli.land("instruments_1.csv", "a,b\n1,2\n")
    cli.land("instruments_2.csv", "a,b\n1,2\n")
    assert _would(cli, "instruments_1.csv")["would"] == "skip"
    other = _would(cli, "instruments_2.csv")
    assert other["would"] == "load"
    assert "its content equals load" in other["notes"][0]
    assert "a duplicate of load" in cli("check", "instruments_1.csv").out


def test_rows_that_are_in_the_table_already(cli: Any) -> None:
    cli.land("instruments_1.csv", "a,b\n1,2\n")
    path = cli.zones.landing / "instruments_1.csv"
    cli("run", "--once")
    (cli.zones.archive / "instruments_1.csv").rename(path)  # as if killed before the move
    assert _would(cli, "instruments_1.csv")["would"] == "move"


def test_a_file_that_waits_for_its_go_file_is_checked_all_the_same(cli: Any) -> None:
    cli.land("trades_1.csv", "a,b\n1,2\n")
    ran = cli("check", "trades_1.csv")
    assert ran.code == 0
    assert "the file waits for it" in ran.out
    assert "once its go file is there" in ran.out
    assert _would(cli, "trades_1.csv")["go_file_is_there"] is False


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", "file.empty"),
        ("a,b\n1\n", "csv.ragged"),
        ("a,a\n1,2\n", "header.duplicate_name"),
        ('a,b\n"1,2\n', "csv.unclosed_quote"),
    ],
)
def test_a_bad_file(cli: Any, content: str, code: str) -> None:
    cli.land("instruments_1.csv", content)
    ran = cli("check", "instruments_1.csv")
    assert ran.code == 1
    assert "instruments_*.csv -> raw_instruments" in ran.out
    assert code in ran.err
    assert cli("check", "instruments_1.csv", "--json").json()["error"]["code"] == code
    assert cli.zones.names()["landing"] == ["instruments_1.csv"]


def test_no_known_column(cli: Any) -> None:
    cli.land("instruments_1.csv", "a,b\n1,2\n")
    cli("run", "--once")
    cli.land("instruments_2.csv", "x;y\n1;2\n")
    ran = cli("check", "instruments_2.csv")
    assert ran.code == 1
    assert "header.no_known_column" in ran.err


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("unknown.csv", "landing.unknown_file"),
        ("instruments_9.csv", "landing.unknown_file"),
        ("trades_1.go", "landing.unknown_file"),
        ("", "landing.unknown_file"),
    ],
)
def test_what_is_no_delivery(cli: Any, name: str, code: str) -> None:
    cli.land("trades_1.go", "record_count=1\n")
    ran = cli("check", name)
    assert ran.code == 1
    assert not name or ran.err.count(name) == 1
    assert code in ran.err


def test_a_file_that_lies_in_failed_or_in_the_archive_is_told_from_one_that_never_was(
    cli: Any,
) -> None:
    cli.land("instruments_1.csv", "a,b\n1,2\n")
    cli.land("instruments_2.csv", "a\n1,2\n")
    cli("run", "--once")
    failed = cli("check", "instruments_2.csv")
    assert failed.code == 1
    assert "It lies in failed: [csv.ragged] line 2" in failed.err
    assert "`landing-loader replay FILE`" in failed.err
    archived = cli("check", "instruments_1.csv").err
    assert "loaded into raw_instruments" in archived
    assert str(cli.zones.archive) in archived
    for typo in ("instrumens_1.csv", "instruments_3.csv"):
        said = cli("check", typo).err
        assert f"There is no such file in {cli.zones.landing}" in said
        assert "removed" not in said


def test_a_folder_has_files_to_deliver(cli: Any) -> None:
    (cli.zones.landing / "instruments_1.csv").mkdir()
    assert "Hint: Deliver the files in it one by one" in cli("check", "instruments_1.csv").err


def test_a_path_anywhere_is_looked_at_with_its_neighbours(cli: Any) -> None:
    folder = cli.zones.root / "sample"
    folder.mkdir()
    (folder / "trades_7.csv").write_text("a\n1\n2\n")
    (folder / "trades_7.go").write_text("record_count=3\n")
    ran = cli("check", str(folder / "trades_7.csv"))
    assert ran.code == 1
    assert "count.too_few" in ran.err
    cli.monkeypatch.chdir(folder)
    assert "count.too_few" in cli("check", "trades_7.csv").err
    assert "count.too_few" in cli("check", "./trades_7.csv").err


def test_the_landing_zone_comes_before_the_working_directory(cli: Any) -> None:
    cli.monkeypatch.chdir(cli.zones.root)
    (cli.zones.root / "instruments_1.csv").write_text("")
    cli.land("instruments_1.csv", "a\n1\n")
    assert _would(cli, "instruments_1.csv")["records"] == 1


def test_nothing_changes_without_a_database(cli: Any) -> None:
    cli.land("instruments_1.csv", "a\n1\n")
    before = sorted(cli.zones.root.rglob("*"))
    assert cli("check", "instruments_1.csv").code == 0
    assert sorted(cli.zones.root.rglob("*")) == before


def test_a_held_database_is_not_waited_for(cli: Any) -> None:
    cli.land("instruments_1.csv", "a\n1\n")
    cli("run", "--once")
    cli.land("instruments_2.csv", "a\n1\n")
    cli.set(AIRFLOW__LANDING_LOADER__LOCK_TIMEOUT="0")
    with DatabaseLock(cli.zones.root / "warehouse.duckdb").exclusive("a test", timeout=1):
        ran = cli("check", "instruments_2.csv")
    assert ran.code == 0
    assert "a test" in ran.out
    assert "as far as the file alone can tell" in ran.out


def test_hostile_names(cli: Any) -> None:
    names = ("instruments_\n\x1b[31m.csv", os.fsdecode(b"instruments_\xff.csv"))
    for name in names:
        cli.land(name, 'a\n"x\n')
        ran = cli("check", name)
        assert ran.code == 1
        assert "\x1b" not in ran.out + ran.err
        assert cli("check", name, "--json").json()["error"]["code"] == "csv.unclosed_quote"


def test_a_detected_dialect_is_told(cli: Any) -> None:
    tables = cli.zones.tables / "tables.yaml"
    tables.write_text(
        "auto_*.csv: {table: raw_auto, csv: auto, settle_seconds: 0, grace_seconds: 0}\n"
    )
    cli.land("auto_1.csv", "id;a\n1;x\n")
    words = "delimiter ';', quote '\"'"
    assert _would(cli, "auto_1.csv")["dialect_detected"] == words
    assert f"dialect   {words}  (detected)" in cli("check", "auto_1.csv").out
    cli.land("auto_2.csv", "id;a,b\n1;2,5\n")
    refused = cli("check", "auto_2.csv")
    assert refused.code == 1
    assert "csv.ambiguous_dialect" in refused.out + refused.err


def test_a_file_that_has_not_settled_is_inspected_and_said_to_be_so(cli: Any) -> None:
    tables = cli.zones.tables / "tables.yaml"
    tables.write_text("slow_*.csv: {table: raw_slow, settle_seconds: 3600}\n")
    path = cli.zones.landing / "slow_1.csv"
    path.write_text("id,a\n1,x\n2,y\n")
    ran = cli("check", "slow_1.csv")
    assert ran.code == 0
    assert "settled   not yet: " in ran.out
    text = " ".join(ran.out.split())
    assert "load 2 rows" in text
    assert "once it has settled" in text
    document = _would(cli, "slow_1.csv")
    assert (document["settled"], document["records"]) == (False, 2)
    path.write_text("id,a\n1,x\n2,y,z\n")
    assert cli("check", "slow_1.csv").code == 1
    os.utime(path, (0, 0))
    path.write_text("id,a\n1,x\n")
    os.utime(path, (0, 0))
    assert _would(cli, "slow_1.csv")["settled"]
    with path.open("a"):
        ran = cli("check", "slow_1.csv")
    assert ran.code == 0
    assert "open for writing" in " ".join(ran.out.split())


def test_lines_above_and_below(cli: Any) -> None:
    (cli.zones.tables / "ends.yaml").write_text(
        "ends_*.csv: {table: raw_ends, csv: {data_end: END}, "
        r"header_record: {match: '^H(?P<count>\d+)$'}, trailer: {match: '^T(?P<count>\d+)$'}}"
        "\n"
    )
    cli.land("ends_1.csv", "H2\nid\n1\n2\nEND\nT02\nbell\x07\n")
    document = _would(cli, "ends_1.csv")
    assert document["header_record"] == {"line": 1, "count": 2}
    assert document["trailer"] == {"line": 6, "count": 2}
    assert document["head"] == {"line": 1, "lines": 1}
    assert document["footer"] == {"line": 5, "lines": 3}
    out = cli("check", "ends_1.csv").out
    assert "proof     trailer and header record and end of data" in out
    for line in ("head      line 1, not loaded", "footer    lines 5 to 7, not loaded", "| END"):
        assert line in out
    assert "\x07" not in out
    assert cli("run", "--once").code == 0
    assert "equal" in cli("verify", "ends_1.csv").out


def test_what_types_and_quality_would_do(cli: Any) -> None:
    (cli.zones.tables / "more.yaml").write_text(
        "fills_*.csv:\n  table: raw_fills\n  settle_seconds: 0\n  types: {venue: VARCHAR}\n"
        "  quality: {required: [id], unique: [[id, venue]], fail_below: 99.5}\n"
    )
    cli.land("fills_1.csv", "id\n1\n")
    assert cli("run", "--once").code == 0
    cli.land("fills_2.csv", "id,venue,other\n2,x,y\n")
    told = cli("check", "fills_2.csv").out
    assert "types would make 'venue' a column of the table first" in told
    assert "id has a value, id and venue are unique; a score below 99.5 fails the file" in told
    ahead = cli("check", "fills_2.csv", "--json").json()
    assert "other" in str(ahead)
    assert cli("run", "--once").code == 0
    assert "quality 100.00" in cli("status").out


@pytest.mark.parametrize(
    ("listed", "code", "told"),
    [
        ("set_1.csv,1\n", 0, "names 1 data file: all are loaded, or none"),
        ("set_1.csv,1\nset_2.csv,1\n", 0, "names set_2.csv, too, which is not there yet"),
        ("set_1.csv,1\nother.csv,1\n", 1, "[go_file.unknown_member]"),
        ("other.csv,1\n", 0, "not there yet: the file waits for it"),
    ],
)
def test_a_set_whose_go_file_is_refused_is_told_as_run_tells_it(
    cli: Any, listed: str, code: int, told: str
) -> None:
    go_file = "{pattern: day_*.ctl, format: csv, lists_files: 1, row_count: 2}"
    (cli.zones.tables / "more.yaml").write_text(
        f"set_*.csv:\n  table: raw_set\n  settle_seconds: 0\n  grace_seconds: 0\n"
        f"  go_file: {go_file}\n"
    )
    cli.land("set_1.csv", "id\n1\n")
    cli.land("day_1.ctl", listed)
    ran = cli("check", "set_1.csv")
    assert (bool(ran.code), told in ran.out + ran.err) == (bool(code), True)
