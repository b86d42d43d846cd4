"""Go files that promise bytes: while they are young, when they are mended, and afterwards."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from airflow_landing_loader.exceptions import ErrorCode as Code
from airflow_landing_loader.landing.model import Checksum, GoFileContent

GOOD = "id,x\n1,a\n2,b\n"
CHECKSUM = {"pattern": "a_*.csv.sha256", "format": "checksum"}
PATHS = {
    "row_count": "$.n",
    "checksum": "$.sum",
    "size": "$.size",
    "business_date": "$.day",
    "status": "$.ok",
}
SIZE = {"pattern": "a_*.go", "format": "csv", "size": 1}


def _sum(content: str) -> str:
    return f"{hashlib.sha256(content.encode()).hexdigest()}  a_1.csv\n"


@pytest.mark.parametrize(
    ("rules", "go", "code"),
    [
        (CHECKSUM, _sum(GOOD), Code.CHECKSUM_WRONG),
        (CHECKSUM, _sum(GOOD)[:50], Code.GO_FILE_BAD_CHECKSUM),
        (SIZE, f"{len(GOOD)}\n", Code.SIZE_WRONG),
        (SIZE, "x\n", Code.GO_FILE_BAD_SIZE),
        (
            {"pattern": "a_*.go", "format": "json", "size": "$.n"},
            '{"n": 1',
            Code.GO_FILE_UNREADABLE,
        ),
    ],
)
def test_what_may_still_be_written_is_left_while_it_is_young(
    world: Any, rules: dict[str, Any], go: str, code: Code
) -> None:
    world.map(go_file=rules)
    go_name = "a_1.csv.sha256" if rules is CHECKSUM else "a_1.go"
    world.deliver(go_name, go)
    world.deliver("a_1.csv", "id,x\n1,a\n", age=5.0)
    outcome = world.run()["a_1.csv"]
    assert (outcome.status, outcome.error.code, outcome.error.transient) == ("left", code, True)
    assert world.zones.names()["landing"] == sorted(["a_1.csv", go_name])
    world.deliver("a_1.csv", "id,x\n1,a\n")
    outcome = world.run()["a_1.csv"]
    assert (outcome.status, outcome.error.code) == ("failed", code)
    assert world.zones.names()["landing"] == []


def test_a_file_cut_in_a_record_is_told_by_its_size(world: Any) -> None:
    world.map(go_file=SIZE)
    world.deliver("a_1.go", f"{len(GOOD)}\n")
    error = world.refused(GOOD[:-2])
    assert error.code == Code.SIZE_WRONG
    assert "11 bytes delivered, the go file a_1.go promises 13" in error.message


def test_another_file_of_the_right_count_is_told_by_its_checksum(world: Any) -> None:
    form = {"pattern": "a_*.go", "format": "csv", "row_count": 1, "checksum": 2}
    world.map(go_file=form)
    world.deliver("a_1.go", f"2,{_sum(GOOD)[:64]}\n")
    assert world.refused(GOOD.replace("a", "A")).code == Code.CHECKSUM_WRONG
    world.deliver("a_1.go", f"2,{_sum(GOOD)[:64]}\n")
    assert world.load(GOOD).status == "loaded"
    world.deliver("a_2.go", f"3,{_sum(GOOD)[:64]}\n")
    assert world.load(GOOD, "a_2.csv").error.code == Code.COUNT_TOO_FEW


def test_what_is_promised_goes_from_task_to_task(world: Any) -> None:
    from airflow_landing_loader.xcom import values

    world.map(go_file={"pattern": "a_*.json", "format": "json", **PATHS})
    world.deliver("a_1.csv", GOOD)
    content = {
        "n": 2,
        "sum": _sum(GOOD)[:64],
        "size": len(GOOD),
        "day": "20240115",
        "ok": "SUCCESS",
    }
    world.deliver("a_1.json", json.dumps(content))
    (validated,) = world.pipeline.validate_batch(["a_1.csv"])
    received = values.load(json.loads(json.dumps(values.dump(validated))))
    assert received == validated
    assert received.go == GoFileContent(
        sha256=hashlib.sha256(json.dumps(content).encode()).hexdigest(),
        expected_records=2,
        status="SUCCESS",
        checksum=Checksum(algorithm="sha256", hexdigest=_sum(GOOD)[:64]),
        size=len(GOOD),
        business_date="2024-01-15",
    )
    (outcome,) = world.pipeline.finish(world.pipeline.load([received]))
    assert (outcome.status, outcome.rows) == ("loaded", 2)
