"""`generate` makes what its expected.json says, and `run` finds it so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def _run(cli: Any) -> dict[str, tuple[str, str | None]]:
    """What `run` made of each file; codes of what failed."""
    cli("run", "--once")
    found = cli("status", "--json", "--limit", "500").json()
    became: dict[str, tuple[str, str | None]] = {}
    for load in found["loads"]:
        became[load["filename"]] = ("loaded", None)
    for failure in found["open_failures"]:
        became[failure["delivered_as"]] = ("failed", failure["error"]["code"])
    return became


@pytest.mark.parametrize("table", ["raw_trades", "raw_instruments"])
def test_what_is_made_becomes_what_stands_beside_it(cli: Any, table: str) -> None:
    ran = cli("generate", table, "--into", str(cli.zones.landing), "--faults")
    assert (ran.code, ran.err) == (0, "")
    expected = json.loads((cli.zones.landing / f".expected.{table}.json").read_text())["deliveries"]
    first = [one for one in expected if one["turn"] == 1]
    for one in first:
        assert one["name"] in ran.out or one["go_file"] in ran.out
    became = _run(cli)
    taken = [one for one in first if one["status"] in ("loaded", "failed")]
    assert {one["name"]: (one["status"], one["code"]) for one in taken} == became
    states = {one["name"]: one["state"] for one in cli("list", "--json").json()["files"]}
    names = {one["name"] if one["status"] == "waiting" else one["go_file"] for one in first}
    assert states.keys() <= names
    assert {*states.values()} <= {"waiting", "orphan"}


def test_a_mapping_file_needs_no_settings(
    cli: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TABLE_CONFIG_PATH")
    path = tmp_path / "mine.yaml"
    path.write_text("mine_*.csv.gz: raw_mine\n")
    into = tmp_path / "new"
    ran = cli("generate", str(path), "--into", str(into), "--days", "3", "--rows", "5")
    assert ran.code == 0
    assert "3 deliveries in" in ran.out
    assert len([one for one in into.iterdir() if one.name.endswith(".csv.gz")]) == 3


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a_*.csv: raw_a\nb_*.csv: raw_b\n", "generate.no_example"),
        ("a_*.csv: {tabel: raw_a}\n", "mapping.unknown_key"),
    ],
)
def test_a_file_that_is_no_one_mapping_is_refused(
    cli: Any, tmp_path: Path, text: str, code: str
) -> None:
    (tmp_path / "mine.yaml").write_text(text)
    ran = cli("generate", str(tmp_path / "mine.yaml"), "--into", str(tmp_path / "new"))
    assert (ran.code, code in ran.err) == (1, True)
    assert not (tmp_path / "new").exists()


def test_a_table_that_nobody_knows_is_refused(cli: Any, tmp_path: Path) -> None:
    ran = cli("generate", "raw_x", "--into", str(tmp_path / "new"))
    assert (ran.code, "generate.no_example" in ran.err) == (1, True)
