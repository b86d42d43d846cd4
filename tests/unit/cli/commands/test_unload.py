"""`unload` says what went where; the loop takes the file up again."""

from __future__ import annotations

from typing import Any


def _load(cli: Any) -> str:
    cli.land("instruments_1.csv", "id,name\n1,Ann\n2,\n")
    assert cli("run", "--once").code == 0
    return str(cli("status", "--json").json()["loads"][0]["load_id"])


def test_to_failed_then_replay(cli: Any) -> None:
    load_id = _load(cli)
    ran = cli("unload", load_id)
    assert ran.code == 0
    assert f"2 rows of load {load_id[:8]} went out of raw_instruments." in ran.out
    assert str(cli.zones.failed / "instruments_1.csv") in ran.out
    assert cli("verify", load_id, "--json").json()["error"]["code"] == "load.removed"
    assert "its rows are out of the table again" in cli("status").out
    document = cli("status", "--json").json()
    assert document["deliveries"][0]["outcome"] == "unloaded"
    assert document["open_failures"][0]["error"]["code"] == "load.unloaded"
    assert cli("replay", "instruments_1.csv").code == 0
    assert cli("run", "--once").code == 0
    loads = cli("status", "--json").json()["loads"]
    assert [load["row_count"] for load in loads] == [2, 2]
    assert cli("verify", loads[0]["load_id"]).code == 0


def test_to_landing_as_json(cli: Any) -> None:
    load_id = _load(cli)
    document = cli("unload", load_id, "--to", "landing", "--json").json()
    assert document == {
        "load_id": load_id,
        "filename": "instruments_1.csv",
        "table_name": "raw_instruments",
        "rows": 2,
        "uri": str(cli.zones.landing / "instruments_1.csv"),
        "stay_loaded": [],
    }
    again = cli("unload", load_id, "--to", "landing")
    assert again.code == 0
    assert "were out of raw_instruments already" in again.out


def test_what_stays_loaded_of_its_set_is_said(cli: Any) -> None:
    go_file = "go_file: {pattern: s_*.ctl, format: csv, lists_files: 1}"
    mappings = "".join(
        f"{letter}_*.csv: {{table: raw_{letter}, settle_seconds: 0, {go_file}}}\n"
        for letter in "ab"
    )
    (cli.zones.tables / "set.yaml").write_text(mappings)
    cli.land("a_1.csv", "x\n1\n")
    cli.land("b_1.csv", "x\n1\n2\n")
    cli.land("s_1.ctl", "a_1.csv\nb_1.csv\n")
    assert cli("run", "--once").code == 0
    assert "names other files that stay loaded: b_1.csv." in cli("unload", "a_1.csv").out
    done = cli("unload", "b_1.csv")
    assert "stay loaded" not in done.out
    assert cli("replay", "a_1.csv").code == 0
    assert cli("run", "--once").code == 0
    assert {path.name for path in cli.zones.archive.iterdir()} >= {"a_1.csv", "b_1.csv", "s_1.ctl"}


def test_wrong_use(cli: Any) -> None:
    assert cli("unload", "nope", "--json").json()["error"]["code"] == "load.unknown"
    assert cli("unload", "nope", "--to", "archive").code == 2


def test_what_may_be_several_loads_takes_none_back(cli: Any) -> None:
    first = _load(cli)
    cli.land("instruments_1.csv", "id,name\n1,Ann\n2,Bob\n3,Cy\n")
    assert cli("run", "--once").code == 0
    ran = cli("unload", "instruments_1.csv")
    assert ran.code == 1
    newest = cli("status", "--json").json()["loads"][0]["load_id"]
    assert ran.err.startswith("[load.ambiguous] instruments_1.csv may be any of 2 loads: ")
    assert ran.err.index(newest[:8]) < ran.err.index(first[:8])
    assert all(load["removed_sequence"] is None for load in cli("status", "--json").json()["loads"])
    assert cli("unload", newest[:8]).code == 0
    # Still two of the name: a second call must not take back the other one.
    assert cli("unload", "instruments_1.csv", "--json").json()["error"]["code"] == "load.ambiguous"
