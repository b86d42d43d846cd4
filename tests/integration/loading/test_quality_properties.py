"""What the reader counts is what a count by hand finds, for all records and rules."""

from __future__ import annotations

import itertools
from pathlib import Path
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.proofs import proof_of
from tests.support.worlds import duckdb_side

from airflow_landing_loader.loading.reading import quality_counts

_COLUMNS = ("a", "b", "c")
_cells = st.sampled_from(
    ["", '""', "x", "X", "1", "01", "+1", "1.0", "1.25", "1e3", " ", "\t \n", "\u00a0", "true",
     "fal\u017fe", "2024-02-29", "2023-02-29", "2024-02-29T01:02:03", "99999999999999999999",
     "\u0661", "0000-01-01", "1e400", "!", "é", "1.", ".5", "-0.0", "00.50", "1.2500",
     "1.25000", "-"]
)  # fmt: skip
_names = st.sampled_from([*_COLUMNS, "nobody"])
_types = st.sampled_from(
    [
        "VARCHAR",
        "BIGINT",
        "DOUBLE",
        "BOOLEAN",
        "DATE",
        "TIMESTAMP",
        "DECIMAL(3,1)",
        "DECIMAL(18,4)",
        "DECIMAL(38,0)",
    ]
)
_rules = st.fixed_dictionaries(
    {
        "required": st.lists(_names, unique=True),
        "types": st.dictionaries(_names, _types),
        "unique": st.lists(st.lists(_names, min_size=1, unique=True), max_size=2),
    }
)
_numbers = itertools.count()


def _written(cell: str) -> str:
    quoted = cell != '""' and (cell != cell.strip() or "\n" in cell)
    return f'"{cell}"' if quoted else cell


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(records=st.lists(st.tuples(_cells, _cells, _cells), min_size=1, max_size=12), rules=_rules,
       typed=st.booleans(), hashes=st.sampled_from([1, 3, 1000]))  # fmt: skip
def test_two_ways_of_counting_agree(
    tmp_path: Path,
    records: list[tuple[str, ...]],
    rules: dict[str, object],
    typed: bool,
    hashes: int,
) -> None:
    """By the engine over the table, by the engine over the file, and by `verify` without one."""
    side = duckdb_side(tmp_path / str(next(_numbers)))
    types = {"c": "BIGINT"} if typed else {}
    side.map(quality=rules, types=types, on_bad_row="reject", max_rejected=0.99)
    lines = [",".join(map(_written, record)) for record in records]
    side.deliver("a_1.csv", "\n".join(["a,b,c", *lines, "x,y,1", ""]))
    with patch.object(quality_counts, "_MOST_HASHES", hashes):
        outcome = side.run()["a_1.csv"]
    assert outcome.status == "loaded"
    proof = proof_of(side.settings, side.mappings, str(outcome.load_id))
    (quality,) = [column for column in proof.columns if column.name == "load_quality"]
    assert quality.equal, side.sql("SELECT * FROM load_quality")
