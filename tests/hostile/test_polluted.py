"""Every polluted file is loaded with exactly the right records, or refused at the right line."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from tests.support import worlds
from tests.support.hostile.polluted import GENERATORS
from tests.support.hostile.writing import Row

SEEDS = range(6)


def by_text(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=repr)


@pytest.fixture
def side(tmp_path: Path) -> worlds.Side:
    """A world whose table is there: three text columns."""
    made = worlds.duckdb_side(tmp_path)
    made.sql("CREATE TABLE raw_a (id VARCHAR, a VARCHAR, b VARCHAR)")
    return made


@pytest.mark.parametrize("name", GENERATORS)
def test_polluted_files(side: worlds.Side, name: str) -> None:
    cases = {}
    for seed in SEEDS:
        file = f"a_{seed}.csv"
        cases[file] = GENERATORS[name](Random(f"{name} {seed}"))
        side.map(file, **cases[file].mapping)
        side.deliver(file, cases[file].content)
    outcomes = side.run()  # holds what was loaded against the files, too
    for file, case in cases.items():
        outcome = outcomes[file]
        where = f"{name} in {file}: {outcome}"
        held = [
            tuple(row.values())
            for row in side.sql(
                f"SELECT id, a, b FROM raw_a WHERE _load_id = '{outcome.load_id or ''}'"
            )
        ] if outcome.load_id else []  # fmt: skip
        if case.rows is None:
            assert outcome.status == "failed", where
            assert outcome.error is not None
            assert (outcome.error.code, outcome.error.line) == (case.code, case.line), where
            assert (side.folder("failed") / file).read_bytes() == case.content
        else:
            assert outcome.status == "loaded", where
            assert by_text(held) == by_text(list(case.rows)), where
            assert outcome.rejected == case.rejected, where
    total = sum(len(case.rows or ()) for case in cases.values())
    (counted,) = side.sql("SELECT count(*) AS n FROM raw_a")
    assert counted["n"] == total
