"""Files that wait for a number of their sequence, as the command line tells them."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def counted(cli: Any) -> Any:
    """A table whose files are counted, with the first of them loaded and the third in landing."""
    (cli.zones.tables / "counted.yaml").write_text(
        "t_{seq:0d}.csv:\n  table: raw_t\n  settle_seconds: 0\n  grace_seconds: 0\n"
        "  sequence: {part: seq}\n"
    )
    cli.land("t_1.csv", "a\n1\n")
    assert cli("run", "--once").code == 0
    cli.land("t_3.csv", "a\n3\n")
    return cli


def test_a_held_file_is_told_and_is_no_failure(counted: Any) -> None:
    ran = counted("run", "--once")
    assert ran.code == 0
    assert "t_3.csv waits for number 2 of its sequence." in ran.err
    (entry,) = counted("list", "--json").json()["files"]
    assert (entry["state"], entry["why"]) == ("waiting", "waits for number 2 of its sequence")
    assert "number 2 of its sequence is missing: it waits" in counted("check", "t_3.csv").out


def test_the_number_that_was_missing_lets_both_go_in_one_run(counted: Any) -> None:
    counted.land("t_2.csv", "a\n2\n")
    ran = counted("run", "--once")
    assert ran.code == 0
    assert "2 loaded" in ran.out
