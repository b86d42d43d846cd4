"""The figures of quality are those of the file, whatever the warehouse."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_landing_loader.exceptions import ErrorCode as Code

RULES: dict[str, Any] = {
    "required": ["id", "name", "nobody"],
    "types": {"price": "DECIMAL(6,2)", "day": "DATE", 'extra "one" of': "BIGINT"},
    "unique": ["id", ["day", "name"]],
}
FILE = """\
id,name,price,day,"extra ""one"" of "
1,Ann,1.50,2024-01-01,1
2,,x,2024-02-30,x
2,Bob,1.234,2024-01-02,
3," \t",,,2
4,Cy,99999.00,2024-01-02,1.0
5,Bob,"",2024-01-02,
6
"""


@pytest.mark.parametrize("commit", ["transaction", "load_job"])
def test_large_and_small_files(both: Any, commit: str) -> None:
    both.map(quality=RULES, on_bad_row="reject", max_rejected=0.9, bigquery={"commit": commit})
    both.map("b_*.csv", "raw_a", quality={"required": ["day"], "fail_below": 50})
    both.deliver("a_0.csv", "id,name,price,day\n1,Ann,1,\n", age=9)
    both.deliver("a_1.csv", FILE, age=8)
    both.deliver("a_2.csv", FILE.replace("Bob", "Ben"), age=7)
    both.deliver("b_1.csv", "id,day\n1,\n2,\n3,x\n", age=6)
    both.deliver("b_2.csv", "id,day\n1,x\n2,\n", age=5)
    outcomes = both.run()
    assert outcomes["b_1.csv"].error.code == Code.QUALITY_TOO_LOW
    asked = "SELECT filename, quality_score FROM load_metadata ORDER BY filename"
    scores = both.bigquery.sql(asked)
    assert [tuple(row.values()) for row in scores] == [
        ("a_0.csv", 0.0),
        ("a_1.csv", 0.0),
        ("a_2.csv", 0.0),
        ("b_2.csv", 50.0),
    ]
    counted = both.bigquery.sql("SELECT COUNT(*) AS n FROM load_quality WHERE failed_count > 0")
    assert counted[0]["n"] > 12


def test_typed_columns(both: Any) -> None:
    both.map(types={"n": "DOUBLE"}, quality={"types": {"n": "BIGINT"}, "unique": ["n"]})
    both.load("id,n\n1,1e3\n2,1000\n3,7\n4,7\n")
    rows = both.bigquery.sql("SELECT rule, failed_count FROM load_quality ORDER BY rule")
    assert [tuple(row.values()) for row in rows] == [
        ("all", 3),
        ("rejected", 0),
        ("types", 1),
        ("unique", 2),
    ]
