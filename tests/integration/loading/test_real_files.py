"""Real deliveries: ninety daily files with drift half way."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

PATTERN = "dpc-covid19-ita-regioni-*.csv"
DRIFT_FROM = "dpc-covid19-ita-regioni-20210115.csv"


def deliver(world: Any, files: list[Path]) -> None:
    for file in files:
        world.deliver(file.name, file.read_bytes())


def cells(files: list[Path]) -> dict[str, list[dict[str, str | None]]]:
    """What Python's csv module reads, unquoted empty fields as NULL."""
    result = {}
    for file in files:
        with file.open(encoding="utf-8", newline="") as stream:
            result[file.name] = [
                {k: v or None for k, v in row.items()} for row in csv.DictReader(stream)
            ]
    return result


def loaded(world: Any) -> dict[str, list[dict[str, str | None]]]:
    result: dict[str, list[dict[str, str | None]]] = {}
    with world.database() as con:
        query = con.execute(
            "SELECT m.filename, r.* EXCLUDE (_load_id) FROM raw_regions r "
            "JOIN load_metadata m ON m.load_id = r._load_id"
        )
        names = [column[0] for column in query.description][1:]
        for filename, *values in query.fetchall():
            row = {k: v or None for k, v in zip(names, values, strict=True)}
            row |= json.loads(row.pop("_extra") or "{}")
            result.setdefault(filename, []).append(row)
    return result


def same(one: list[dict[str, Any]], other: list[dict[str, Any]]) -> bool:
    def multiset(rows: list[dict[str, Any]]) -> list[str]:
        return sorted(
            json.dumps({k: v for k, v in row.items() if v is not None}, sort_keys=True)
            for row in rows
        )

    return multiset(one) == multiset(other)


def test_ninety_days_load_and_new_columns_go_to_extra(world: Any, shared_data: Path) -> None:
    files = sorted((shared_data / "italy_covid_regions").glob("*.csv"))
    world.map(PATTERN, "raw_regions")
    deliver(world, files)
    outcomes = world.run()
    assert {o.status for o in outcomes.values()} == {"loaded"}
    assert sum(o.rows for o in outcomes.values()) == 1890
    drift = {name: list(columns) for name, columns in world.sql(
        "SELECT filename, drift_columns FROM load_metadata"
    )}  # fmt: skip
    assert all(len(c) == (6 if name >= DRIFT_FROM else 0) for name, c in drift.items())
    expected, found = cells(files), loaded(world)
    assert found.keys() == expected.keys()
    assert [name for name in expected if not same(expected[name], found[name])] == []


def test_a_table_made_after_the_change_has_no_extra(world: Any, shared_data: Path) -> None:
    files = sorted((shared_data / "italy_covid_regions").glob("*.csv"))
    late = [file for file in files if file.name >= DRIFT_FROM]
    world.map(PATTERN, "raw_regions")
    deliver(world, late)
    world.run()
    assert world.sql("SELECT count(*) FROM raw_regions WHERE _extra IS NOT NULL") == [(0,)]
    deliver(world, [file for file in files if file not in late])
    world.run()
    assert world.sql("SELECT count(*), count(_extra) FROM raw_regions") == [(1890, 0)]
    assert world.sql("SELECT count(*) FROM load_metadata WHERE len(missing_columns) = 6") == [
        (len(files) - len(late),)
    ]
