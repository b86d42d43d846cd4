"""`verify` says in its exit code, in words and as JSON whether the table is as delivered."""

from __future__ import annotations

from typing import Any

import duckdb


def _load(cli: Any) -> str:
    cli.land("instruments_1.csv", "id,name\n1,Ann\n2,\n")
    assert cli("run", "--once").code == 0
    return str(cli("status", "--json").json()["loads"][0]["load_id"])


def test_a_load_as_delivered(cli: Any) -> None:
    load_id = _load(cli)
    ran = cli("verify", load_id)
    assert (ran.code, ran.err) == (0, "")
    assert "Proved: raw_instruments holds exactly the 2 records of instruments_1.csv." in ran.out
    document = cli("verify", load_id, "--json").json()
    assert document["equal"] is True
    assert document["error"] is None
    assert document["sum_file"] == document["sum_table"]
    assert (document["records"], document["rows"], document["rejected"]) == (2, 2, 0)


def test_rows_that_somebody_changed(cli: Any) -> None:
    load_id = _load(cli)
    with duckdb.connect(str(cli.zones.root / "warehouse.duckdb")) as con:
        con.execute("UPDATE raw_instruments SET name = 'Eve' WHERE id = '1'")
    ran = cli("verify", load_id)
    assert ran.code == 1
    assert "load.rows_differ" in ran.err
    assert "columns that differ: name" in ran.err
    assert "Eve" not in ran.out + ran.err
    ran = cli("verify", load_id, "--json")
    assert ran.code == 1
    assert ran.json()["error"]["code"] == "load.rows_differ"
    assert [c["name"] for c in ran.json()["columns"] if not c["equal"]] == ["name"]


def test_no_such_load(cli: Any) -> None:
    load_id = _load(cli)
    for text in ("nope", load_id[:3], "ffffffff", "instruments", "other.csv", "%", ""):
        ran = cli("verify", text, "--json")
        assert (ran.code, ran.json()["error"]["code"]) == (1, "load.unknown")


def test_a_load_by_what_people_see_of_it(cli: Any) -> None:
    load_id = _load(cli)
    (shown,) = (line for line in cli("status").out.splitlines() if "instruments_1.csv" in line)
    assert shown.split()[0] == load_id[:8]
    archived = str(cli.zones.archive / "instruments_1.csv")
    for text in (load_id[:4], load_id[:8].upper(), "instruments_1.csv", archived):
        assert cli("verify", text, "--json").json()["load_id"] == load_id


def test_the_archive_is_away(cli: Any) -> None:
    load_id = _load(cli)
    cli.zones.archive.rename(cli.zones.root / "away")
    assert cli("verify", load_id).code == 3
