"""`list` shows each file in the landing zone with its state, and touches none."""

from __future__ import annotations

import os
from typing import Any


def _states(cli: Any) -> dict[str, str]:
    return {file["name"]: file["state"] for file in cli("list", "--json").json()["files"]}


def test_every_state(cli: Any) -> None:
    (cli.zones.tables / "more.yaml").write_text("slow_*.csv: {table: raw_slow}\n")
    cli.land("instruments_1.csv", "a\n1\n")
    cli.land("slow_1.csv", "a\n1\n")
    cli.land("trades_1.csv", "a\n1\n")
    cli.land("trades_1.go", "record_count=1\n")
    cli.land("trades_2.csv", "a\n1\n")
    cli.land("trades_3.go", "record_count=1\n")
    cli.land("readme.txt", "")
    cli.land(".hidden.csv", "")
    (cli.zones.landing / "instruments_dir.csv").mkdir()
    assert _states(cli) == {
        "instruments_1.csv": "ready",
        "instruments_dir.csv": "refused",
        "readme.txt": "unmatched",
        "slow_1.csv": "unsettled",
        "trades_1.csv": "ready",
        "trades_2.csv": "waiting",
        "trades_3.go": "orphan",
    }


def test_a_file_that_rests_is_ready_in_one_look(cli: Any) -> None:
    (cli.zones.tables / "more.yaml").write_text("slow_*.csv: {table: raw_slow}\n")
    cli.land("slow_1.csv", "a\n1\n")
    os.utime(cli.zones.landing / "slow_1.csv", (1_700_000_000, 1_700_000_000))
    assert _states(cli) == {"slow_1.csv": "ready"}


def test_the_json_document(cli: Any) -> None:
    cli.land("trades_2.csv", "a\n1\n")
    document = cli("list", "--json").json()
    assert list(document) == [
        "zones",
        "mapping_folder",
        "warehouse",
        "mappings",
        "channels",
        "problems",
        "files",
    ]
    assert document["zones"]["archive"] == str(cli.zones.archive)
    assert document["mappings"][1] == {
        "pattern": "trades_*.csv",
        "table": "raw_trades",
        "go_file": "trades_*.go",
        "trailer": False,
        "expect": None,
        "origin": "tables.yaml:5",
    }
    assert document["files"] == [
        {
            "name": "trades_2.csv",
            "state": "waiting",
            "table": "raw_trades",
            "size": 4,
            "partner": "trades_2.go",
            "why": "its go file is not there yet",
        }
    ]


def test_text_shows_the_same(cli: Any) -> None:
    cli.land("trades_2.csv", "a\n1\n")
    ran = cli("list")
    assert ran.code == 0
    for word in (str(cli.zones.landing), "go file trades_*.go", "trades_2.csv", "waiting"):
        assert word in ran.out


def test_hostile_names(cli: Any) -> None:
    names = ["a\nb [red]x[bold].csv", "\x1b[31m.csv", os.fsdecode(b"\xff.csv"), "%s ' \" $(x).csv"]
    for name in names:
        cli.land(name, "x")
    assert sorted(_states(cli)) == sorted(names)
    out = cli("list").out
    assert "\x1b" not in out
    assert r"$'a\nb [red]x[bold].csv'" in out
    assert r"$'\xff.csv'" in out


def test_wrong_mappings_do_not_hide_the_good_ones(cli: Any) -> None:
    (cli.zones.tables / "bad.yaml").write_text("x\n")
    ran = cli("list")
    assert ran.code == 1
    assert "trades_*.csv" in ran.out
    assert "landing-loader validate" in ran.out
    document = cli("list", "--json").json()
    assert len(document["mappings"]) == 2
    assert len(document["problems"]) == 1


def test_a_missing_landing_zone_is_the_environments_fault(cli: Any) -> None:
    cli.zones.landing.rmdir()
    ran = cli("list", "--json")
    assert ran.code == 3
    assert ran.json()["error"]["code"] == "zone.unavailable"


def test_nothing_changes(cli: Any) -> None:
    cli.land("instruments_1.csv", "a\n1\n")
    before = sorted(cli.zones.root.rglob("*"))
    cli("list")
    assert sorted(cli.zones.root.rglob("*")) == before
