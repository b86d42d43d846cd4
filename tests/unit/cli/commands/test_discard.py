"""`discard` puts failures away with who said so and why; nothing is deleted or overwritten."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Any

from tests.support.sidecars import read_sidecar

from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

WHY = "sent by mistake"


def _fail(cli: Any, *names: str) -> None:
    for name in names:
        cli.land(name, "")
    assert cli("run", "--once").code == 1


def _discard(cli: Any, *names: str, reason: str = WHY) -> Any:
    return cli("discard", *names, "--reason", reason, "--json")


def _deliveries(cli: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cli("status", "--json").json()["deliveries"]
    return found


def test_a_delivery_goes_away_with_its_go_file_and_its_explanation(cli: Any) -> None:
    cli.land("trades_1.csv", "a\n1\n")
    cli.land("trades_1.go", "record_count=5\n")
    assert cli("run", "--once").code == 1
    (before,) = _deliveries(cli)
    ran = _discard(cli, "trades_1.csv")
    assert ran.code == 0
    (done,) = ran.json()["discarded"]
    assert (done["stored"], done["code"]) == ("trades_1.csv", "count.too_few")
    folder = Path(done["data"]).parent
    assert folder.parent == cli.zones.archive / "_discarded"
    assert sorted(path.name for path in folder.iterdir()) == [
        "trades_1.csv",
        "trades_1.csv.error.json",
        "trades_1.go",
    ]
    assert Path(done["data"]).read_text() == "a\n1\n"
    assert Path(done["go"]).read_text() == "record_count=5\n"
    sidecar = read_sidecar(f"{done['data']}.error.json")
    assert sidecar.error.code == "count.too_few"
    assert (sidecar.discarded_by, sidecar.discard_reason) == (getpass.getuser(), WHY)
    assert sidecar.discarded_at
    assert [name for name in cli.zones.names()["failed"] if not name.startswith(".")] == []
    (after,) = _deliveries(cli)
    assert (after["outcome"], after["code"]) == ("discarded", "count.too_few")
    assert after["final_uri"] == done["data"]
    assert WHY in after["message"]
    assert before["message"] in after["message"]
    assert after["failed_at"] == before["failed_at"]
    assert cli("status", "--json").json()["open_failures_total"] == 0


def test_one_that_is_not_there_keeps_no_other_from_going(cli: Any) -> None:
    _fail(cli, "instruments_1.csv", "instruments_2.csv")
    ran = cli("discard", "instruments_1.csv", "no\x1b[31m.csv", "instruments_2.csv.error.json",
              "--reason", WHY)  # fmt: skip
    assert ran.code == 1
    assert "replay.no_sidecar" in ran.err
    assert "\x1b" not in ran.err
    assert "instruments_1.csv" in ran.out
    assert "instruments_2.csv" in ran.out
    assert [d["outcome"] for d in _deliveries(cli)] == ["discarded", "discarded"]


def test_an_equal_file_again_keeps_the_explanation_of_the_first(cli: Any) -> None:
    found = []
    for reason in ("the first", "the second"):
        _fail(cli, "instruments_1.csv")
        (done,) = _discard(cli, "instruments_1.csv", reason=reason).json()["discarded"]
        found.append(read_sidecar(f"{done['data']}.error.json"))
    assert [sidecar.discard_reason for sidecar in found] == ["the first", "the second"]
    kept = [p for p in cli.zones.archive.rglob("*.csv") if p.is_file()]
    assert len(kept) == 2
    messages = [delivery["message"] for delivery in _deliveries(cli)]
    assert any("the first" in text for text in messages)
    assert any("the second" in text for text in messages)


def test_other_content_of_the_name_is_not_overwritten(cli: Any) -> None:
    for content in ("a,a\n1,1\n", "b,b\n1,1\n"):
        cli.land("instruments_1.csv", content)
        assert cli("run", "--once").code == 1
        assert _discard(cli, "instruments_1.csv").code == 0
    kept = [p.read_text() for p in cli.zones.archive.rglob("instruments*.csv")]
    assert sorted(kept) == ["a,a\n1,1\n", "b,b\n1,1\n"]


def test_the_same_call_finishes_once_the_database_is_free(cli: Any) -> None:
    _fail(cli, "instruments_1.csv")
    cli.set(AIRFLOW__LANDING_LOADER__LOCK_TIMEOUT="0")
    with DatabaseLock(cli.zones.root / "warehouse.duckdb").exclusive("a load", timeout=1):
        ran = _discard(cli, "instruments_1.csv")
    assert ran.code == 3
    assert ran.json()["errors"][0]["code"] == "warehouse.locked"
    assert cli("status", "--json").json()["open_failures_total"] == 1
    assert _discard(cli, "instruments_1.csv", reason="another").code == 0
    (delivery,) = _deliveries(cli)
    assert delivery["outcome"] == "discarded"
    assert WHY in delivery["message"]  # as the sidecar has it
    assert len([p for p in cli.zones.archive.rglob("*") if p.name == "instruments_1.csv"]) == 1


def test_a_file_of_which_only_the_sidecar_is_left(cli: Any) -> None:
    _fail(cli, "instruments_1.csv")
    (cli.zones.failed / "instruments_1.csv").unlink()
    ran = _discard(cli, "instruments_1.csv")
    assert ran.code == 1
    assert ran.json()["errors"][0]["code"] == "landing.unknown_file"
    assert (cli.zones.failed / "instruments_1.csv.error.json").exists()


def test_a_reason_is_needed(cli: Any) -> None:
    _fail(cli, "instruments_1.csv")
    assert cli("discard", "instruments_1.csv").code == 2
    assert _discard(cli, "instruments_1.csv", reason=" ").code == 2
    assert (cli.zones.failed / "instruments_1.csv").exists()


def test_it_is_replayed_from_where_it_was_moved_back_to(cli: Any) -> None:
    _fail(cli, "instruments_1.csv")
    (done,) = _discard(cli, "instruments_1.csv").json()["discarded"]
    for path in Path(done["data"]).parent.iterdir():
        path.rename(cli.zones.failed / path.name)
    assert cli("replay", "instruments_1.csv").code == 0
    assert cli.zones.names()["landing"] == ["instruments_1.csv"]
    assert [d["outcome"] for d in _deliveries(cli)] == ["discarded"]


def test_one_that_was_unloaded(cli: Any) -> None:
    cli.land("instruments_1.csv", "a\n1\n")
    assert cli("run", "--once").code == 0
    assert cli("unload", "instruments_1.csv").code == 0
    (done,) = _discard(cli, "instruments_1.csv").json()["discarded"]
    assert done["code"] == "load.unloaded"
    (delivery,) = _deliveries(cli)
    assert (delivery["outcome"], delivery["final_uri"]) == ("unloaded", done["data"])
    assert WHY in delivery["message"]
    # It stays where it is: that its rows are out is known.
    assert cli("unload", "instruments_1.csv").code == 0
    assert Path(done["data"]).exists()
