"""`replay` brings failures back under their own names and never overwrites."""

from __future__ import annotations

from typing import Any

from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock


def _fail(cli: Any, *names: str) -> None:
    for name in names:
        cli.land(name, "")
    assert cli("run", "--once").code == 1


def test_a_delivery_comes_back_with_its_go_file(cli: Any) -> None:
    cli.land("trades_1.csv", "a\n1\n")
    cli.land("trades_1.go", "record_count=5\n")
    assert cli("run", "--once").code == 1
    assert len(cli.zones.names()["failed"]) == 3
    ran = cli("replay", "trades_1.csv")
    assert ran.code == 0
    assert "count.too_few" in ran.out
    names = cli.zones.names()
    assert names["landing"] == ["trades_1.csv", "trades_1.go"]
    assert [name for name in names["failed"] if not name.startswith(".")] == []
    outcomes = [d["outcome"] for d in cli("status", "--json").json()["deliveries"]]
    assert outcomes == ["replayed"]


def test_several_as_json_by_path_and_by_sidecar(cli: Any) -> None:
    _fail(cli, "instruments_1.csv", "instruments_2.csv", "instruments_3.csv")
    ran = cli(
        "replay",
        "--json",
        "instruments_1.csv",
        str(cli.zones.failed / "instruments_2.csv"),
        "instruments_3.csv.error.json",
    )
    assert ran.code == 0
    document = ran.json()
    assert document["record_error"] is None
    assert document["replayed"][0] == {
        "data": str(cli.zones.landing / "instruments_1.csv"),
        "go": None,
        "stored": "instruments_1.csv",
        "code": "file.empty",
        "booked": True,
    }
    assert len(cli.zones.names()["landing"]) == 3


def test_one_that_cannot_go_back_keeps_all_where_they_are(cli: Any) -> None:
    _fail(cli, "instruments_1.csv", "instruments_2.csv")
    cli.land("instruments_2.csv", "a\n1\n")
    ran = cli("replay", "instruments_1.csv", "instruments_2.csv", "--json")
    assert ran.code == 1
    assert ran.json()["error"]["code"] == "replay.name_taken"
    assert cli.zones.names()["landing"] == ["instruments_2.csv"]
    assert (cli.zones.landing / "instruments_2.csv").read_text() == "a\n1\n"


def test_what_is_not_there(cli: Any) -> None:
    ran = cli("replay", "nope\n\x1b[31m.csv")
    assert ran.code == 1
    assert "replay.no_sidecar" in ran.err
    assert "\x1b" not in ran.err


def test_files_are_back_though_the_database_could_not_be_told(cli: Any) -> None:
    _fail(cli, "instruments_1.csv")
    cli.set(AIRFLOW__LANDING_LOADER__LOCK_TIMEOUT="0")
    with DatabaseLock(cli.zones.root / "warehouse.duckdb").exclusive("a load", timeout=1):
        ran = cli("replay", "instruments_1.csv", "--json")
    assert ran.code == 3
    assert ran.json()["record_error"]["code"] == "warehouse.locked"
    assert "in the landing zone" in ran.err
    assert cli.zones.names()["landing"] == ["instruments_1.csv"]
    cli.land("instruments_1.csv", "a\n1\n")  # as if it had been mended; and it loads
    assert cli("run", "--once").code == 0
    again = cli("replay", "instruments_1.csv", "--json")
    assert (again.code, again.json()["replayed"][0]["booked"]) == (0, True)
    assert [name for name in cli.zones.names()["failed"] if not name.startswith(".")] == []
    outcomes = sorted(d["outcome"] for d in cli("status", "--json").json()["deliveries"])
    assert outcomes == ["loaded", "replayed"]


def test_of_two_files_of_one_name_the_books_tell_which_went_back(cli: Any) -> None:
    """The second has another name in the failed zone."""
    for content in ("a,b\n1\n", "a,b\n2\n"):
        cli.land("instruments_1.csv", content)
        assert cli("run", "--once").code == 1
    first, second = (f["name"] for f in _failures(cli))
    if "~" in first:
        first, second = second, first
    assert cli("replay", first).code == 0
    outcomes = {d["final_uri"]: d["outcome"] for d in _deliveries(cli)}
    assert outcomes == {
        str(cli.zones.failed / first): "replayed",
        str(cli.zones.failed / second): "failed",
    }
    assert cli("discard", second, "--reason", "why").code == 0
    assert sorted(d["outcome"] for d in _deliveries(cli)) == ["discarded", "replayed"]
    assert _failures(cli) == []


def test_what_the_books_do_not_know_is_told(cli: Any) -> None:
    _fail(cli, "instruments_1.csv", "instruments_2.csv")
    (cli.zones.root / "warehouse.duckdb").unlink()
    ran = cli("replay", "instruments_1.csv", "--json")
    assert (ran.code, ran.json()["replayed"][0]["booked"]) == (0, False)
    assert "instruments_1.csv: load_deliveries has no open failure of it" in ran.err
    ran = cli("discard", "instruments_2.csv", "--reason", "why", "--json")
    assert (ran.code, ran.json()["discarded"][0]["booked"]) == (0, False)
    assert "instruments_2.csv: load_deliveries has no open failure of it" in ran.err


def _failures(cli: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cli("status", "--json").json()["open_failures"]
    return found


def _deliveries(cli: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cli("status", "--json").json()["deliveries"]
    return found
