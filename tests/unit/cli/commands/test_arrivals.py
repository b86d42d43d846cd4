"""`arrivals` says what should have come; what it decides is kept once."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from airflow_landing_loader.cli.grid import laid_out
from airflow_landing_loader.loading.warehouses.duckdb import kept_summary
from airflow_landing_loader.loading.warehouses.duckdb.lock import DatabaseLock

NOW = datetime.now(UTC)


def clock(hours: float) -> str:
    """A time of day so many hours from now, in UTC."""
    return f"{NOW + timedelta(hours=hours):%H:%M}"


def expecting(cli: Any, more: str = "", *, by: float = -2, until: float = 3) -> None:
    (cli.zones.tables / "expected.yaml").write_text(
        f"pos_*.csv:\n  table: raw_pos\n  settle_seconds: 0\n  grace_seconds: 0\n"
        f'  expect: {{by: "{clock(by)}", until: "{clock(until)}"{more}}}\n'
    )


def database(cli: Any) -> Path:
    return Path(cli.zones.root / "warehouse.duckdb")


def sql(cli: Any, statement: str) -> list[Any]:
    with duckdb.connect(str(database(cli))) as con:
        return con.execute(statement).fetchall()


def outcomes(cli: Any) -> list[Any]:
    return sql(cli, "SELECT outcome, mended_at IS NULL, file_count FROM load_arrivals ORDER BY day")


def yesterday(cli: Any) -> None:
    """Put the window that is watched, and what came in it, a day back."""
    day = (NOW - timedelta(days=3)).date().isoformat()
    sql(cli, f"UPDATE load_arrivals SET day = '{day}' WHERE outcome = 'expected'")


def test_nothing_is_expected_where_no_mapping_says_so(cli: Any) -> None:
    ran = cli("arrivals")
    assert (ran.code, ran.out) == (
        0,
        "No mapping says when its files are expected: the key is expect.\n",
    )


def test_what_is_overdue_is_told_and_what_came_is_there(cli: Any) -> None:
    expecting(cli)
    ran = cli("arrivals")
    assert ran.code == 1
    assert "overdue" in ran.out
    assert ran.out.splitlines()[-1] == "1 overdue"
    cli.land("pos_1.csv", "a\n1\n")
    assert cli("run", "--once").code == 0
    ran = cli("arrivals")
    assert ran.code == 0
    assert re.search("arrived +raw_pos", ran.out)
    assert outcomes(cli) == [("expected", True, 0)]


def test_windows_are_decided_once_and_mended_by_a_later_file(cli: Any) -> None:
    expecting(cli, by=-3, until=-1)
    cli("arrivals")
    yesterday(cli)
    cli("run", "--once")
    first = outcomes(cli)
    assert first[0][0] == "missing"
    page = Path(__file__).parents[4] / "docs/production.md"
    (query,) = re.findall(r"```sql\n([^`]*FROM load_arrivals[^`]*);\n```", page.read_text())
    assert len(sql(cli, query)) == len(first)
    assert {outcome for outcome, *_ in first} == {"missing"}
    assert cli("arrivals").code == 1
    assert outcomes(cli) == first
    cli.land("pos_1.csv", "a\n1\n")
    ran = cli("run", "--once")
    assert ran.code == 0
    assert "mended" in ran.err
    assert outcomes(cli) == [*first[:-1], ("missing", False, 0)]


def test_a_file_that_is_too_small_is_wrong(cli: Any) -> None:
    expecting(cli, ", rows: {min: 2}")
    cli.land("pos_1.csv", "a\n1\n")
    cli("run", "--once")
    ran = cli("arrivals")
    assert ran.code == 1
    assert "pos_1.csv has 1 row, at least 2 expected" in ran.out


def test_another_time_is_told_and_nothing_is_written(cli: Any) -> None:
    expecting(cli, by=1, until=2)
    cli("arrivals")
    before = outcomes(cli)
    later = (NOW + timedelta(hours=30)).isoformat()
    ran = cli("arrivals", "--at", later)
    assert ran.code == 1
    assert "missing" in ran.out
    assert outcomes(cli) == before
    ran = cli("arrivals", "--at", "tomorrow")
    assert "config.bad_value" in ran.err


def test_only_one_table(cli: Any) -> None:
    expecting(cli)
    assert cli("arrivals", "--table", "raw_pos").code == 1
    ran = cli("arrivals", "--table", "raw_trades")
    assert ran.code == 1
    assert "config.bad_value" in ran.err


def test_it_answers_while_a_writer_works(cli: Any) -> None:
    expecting(cli)
    cli.land("pos_1.csv", "a\n1\n")
    cli("run", "--once")
    cli("arrivals")
    with DatabaseLock(database(cli)).exclusive("loading pos_2.csv", timeout=1):
        ran = cli("arrivals")
    assert ran.code == 0
    assert "The database is busy: " in ran.out
    assert re.search("arrived +raw_pos", ran.out)


def test_what_is_not_known_while_a_writer_works_is_not_said_to_be_late(cli: Any) -> None:
    expecting(cli)
    cli("arrivals")
    kept_summary.path_of(database(cli)).unlink()
    with DatabaseLock(database(cli)).exclusive("loading pos_2.csv", timeout=1):
        ran = cli("arrivals")
        document = json.loads(cli("arrivals", "--json").out)
    assert ran.code == 0
    assert ran.out.splitlines()[-1] == "1 not known"
    assert {window["state"] for window in document["expected"]} == {"unknown", "expected"}
    assert cli("arrivals").code == 1


def test_a_calendar_that_nobody_knows_keeps_its_mapping_only(cli: Any) -> None:
    expecting(cli, ", calendar: GX")
    cli.land("pos_1.csv", "a\n1\n")
    ran = cli("run", "--once")
    assert ran.code == 0
    assert ran.err.count("[mapping.unknown_calendar] expected.yaml:1") == 1
    ran = cli("validate")
    assert ran.code == 1
    assert "[mapping.unknown_calendar] expected.yaml:1 (key expect.calendar)" in ran.err
    assert cli("arrivals").code == 1


@pytest.mark.parametrize("width", [80, 200])
def test_the_tables_fit_their_screens(cli: Any, width: int) -> None:
    from airflow_landing_loader.cli.commands import arrivals
    from airflow_landing_loader.loading.model import ArrivalRecord

    at = datetime(2024, 7, 2, 6)  # noqa: DTZ001 (as the books have it)
    record = ArrivalRecord(
        table_name="risk.raw_positions_of_all_books",
        pattern="pos_{business_date:%Y%m%d}_{region}.csv",
        day="2024-07-02",
        opens_at=at,
        due_at=at,
        until_at=at,
        outcome="missing",
        reason="no file of region EU, US; pos_20240701_EU.csv was refused: csv.ragged",
        file_count=0,
        row_count=12_345_678,
        arrived_at=None,
        mended_at=None,
        recorded_at=at,
    )
    lines = list(laid_out(arrivals._incidents([record]), width, str))
    texts = ["".join(" " * c.before + c.text for c in line) for line in lines]
    assert max(map(len, texts)) <= width
    assert texts[1].split()[0] == "missing"
    assert any("12,345,678" in text for text in texts)
