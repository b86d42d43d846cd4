"""`promote` shows what it would do, asks, and does it."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def drifted(cli: Any) -> Any:
    """A table with a load of its own columns and one that brought two more."""
    cli.land("instruments_1.csv", "id\n1\n")
    assert cli("run", "--once").code == 0
    cli.land("instruments_2.csv", "id,Lot Size,note\n2,100,\n3,007,x\n4,,secret\n")
    assert cli("run", "--once").code == 0
    return cli


def test_shown_then_asked_then_done(drifted: Any) -> None:
    ran = drifted("promote", "raw_instruments", "lot size", answer="n\n")
    assert ran.code == 1
    assert "becomes the column Lot_Size of raw_instruments, VARCHAR: 2 values in 3 rows" in ran.out
    assert 'ALTER TABLE "raw_instruments" ADD COLUMN IF NOT EXISTS "Lot_Size" VARCHAR' in ran.out
    assert "secret" not in ran.out
    ran = drifted("promote", "raw_instruments", "lot size", answer="y\n")
    assert ran.code == 0
    assert "Done: 'Lot Size' became the column" in ran.out
    for name in ("instruments_1.csv", "instruments_2.csv"):
        assert drifted("verify", name).code == 0
    ran = drifted("promote", "raw_instruments", "Lot Size")
    assert ran.code == 0
    assert "nothing is left in _extra" in ran.out


def test_a_dry_run_changes_nothing(drifted: Any) -> None:
    first = drifted("promote", "raw_instruments", "note", "--dry-run", "--json").json()
    assert (first["promoted"], first["loads"], first["values"]) == (False, 1, 2)
    assert drifted("promote", "raw_instruments", "note", "--dry-run", "--json").json() == first
    assert drifted("promote", "raw_instruments", "note", "--yes", "--json").json()["promoted"]


def test_a_type_is_proposed_and_a_chosen_one_held_against_all_values(drifted: Any) -> None:
    drifted.land("instruments_3.csv", "id,qty\n5,10\n6,2.50\n")
    assert drifted("run", "--once").code == 0
    ran = drifted("promote", "raw_instruments", "qty", "--dry-run")
    assert "Every value so far is a DECIMAL(4,2) (--type 'DECIMAL(4,2)')" in ran.out
    ran = drifted("promote", "raw_instruments", "note", "--type", "date", "--yes")
    assert ran.code == 1
    assert ran.err.startswith("[promote.bad_value] instruments_2.csv (column note): 2 values")
    assert "secret" not in ran.err
    ran = drifted("promote", "raw_instruments", "lot size", "--dry-run")
    assert "No narrower type than VARCHAR keeps every value as it is." in ran.out


def test_what_a_chosen_number_does_not_keep_is_told(drifted: Any) -> None:
    ran = drifted("promote", "raw_instruments", "lot size", "--type", "bigint", "--dry-run")
    assert "1 value with a sign or zeros that BIGINT does not keep" in ran.out
    done = drifted("promote", "raw_instruments", "lot size", "--type", "bigint", "--yes", "--json")
    assert (done.json()["promoted"], done.json()["padded_values"]) == (True, 1)
    assert drifted("verify", "instruments_2.csv").code == 0
    ran = drifted("promote", "raw_instruments", "note", "--dry-run", "--json")
    assert ran.json()["padded_values"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("raw_instruments", "id", "--type", "x; DROP TABLE y"), 2, "is not a type"),
        (("raw_instrument", "note"), 1, "Did you mean 'raw_instruments'?"),
        (("raw_instruments", "notes"), 1, "Did you mean 'note'?"),
        (("raw_instruments", ""), 1, "[promote.unknown]"),
    ],
)
def test_what_cannot_be(drifted: Any, arguments: tuple[str, ...], code: int, told: str) -> None:
    ran = drifted("promote", *arguments, "--yes")
    assert (ran.code, told in ran.err) == (code, True)


def test_without_a_database(cli: Any) -> None:
    assert cli("promote", "raw_x", "a", "--json").json()["error"]["code"] == "promote.unknown"
