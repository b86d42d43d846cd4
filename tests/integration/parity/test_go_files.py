"""Go files of every form, on all warehouses: what they promise is proved, or the file fails."""

from __future__ import annotations

import gzip
import hashlib
import json
from typing import Any

import pytest
from tests.support.deliveries import PEOPLE

from airflow_landing_loader.exceptions import ErrorCode as Code

PACKED = gzip.compress(PEOPLE.encode(), mtime=0)


def test_a_go_file_of_no_bytes_opens_the_gate(both: Any) -> None:
    both.map(go_file={"pattern": "a_*.done", "format": "presence"})
    both.deliver("a_1.csv", PEOPLE)
    assert both.run() == {}
    both.deliver("a_1.done", b"")
    outcomes = both.run()
    assert [(o.status, o.rows) for o in outcomes.values()] == [("loaded", 2)]


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_checksum_and_size_of_the_delivered_bytes(both: Any, algorithm: str) -> None:
    both.map("a_*.csv.gz", go_file={"pattern": f"a_*.csv.gz.{algorithm}", "format": "checksum"})
    form = {"format": "properties", "size": "bytes", "business_date": "day"}
    both.map("b_*.csv.gz", "raw_b", go_file={"pattern": "b_*.go", **form})
    right = hashlib.new(algorithm, PACKED).hexdigest()
    unpacked = hashlib.new(algorithm, PEOPLE.encode()).hexdigest()
    for number, said in ((1, right), (2, unpacked)):
        both.deliver(f"a_{number}.csv.gz", PACKED)
        both.deliver(f"a_{number}.csv.gz.{algorithm}", f"{said.upper()}  a_{number}.csv.gz\n")
    for number, size in ((1, len(PACKED)), (2, len(PEOPLE.encode()))):
        both.deliver(f"b_{number}.csv.gz", PACKED)
        both.deliver(f"b_{number}.go", f"bytes={size}\nday=20240115\n")
    outcomes = both.run()
    assert {name: o.status for name, o in outcomes.items()} == {
        "a_1.csv.gz": "loaded",
        "a_2.csv.gz": "failed",
        "b_1.csv.gz": "loaded",
        "b_2.csv.gz": "failed",
    }
    codes = [outcomes[name].error.code for name in ("a_2.csv.gz", "b_2.csv.gz")]
    assert codes == [Code.CHECKSUM_WRONG, Code.SIZE_WRONG]
    counts = both.bigquery.sql("SELECT expected_count, record_count FROM load_metadata")
    assert [dict(row) for row in counts] == [{"expected_count": None, "record_count": 2}] * 2


def test_a_manifest_beside_each_file(both: Any) -> None:
    path = "$.files[*]"
    go = {"pattern": "a_*.json", "format": "json", "row_count": f"{path}.rows"}
    both.map(go_file={**go, "checksum": f"{path}.sha256"}, csv={"header": True})
    sha256 = hashlib.sha256(PEOPLE.encode()).hexdigest()
    files = [{"name": f"out/a_{n}.csv", "rows": n + 1, "sha256": sha256} for n in (1, 2)]
    for number in (1, 2):
        both.deliver(f"a_{number}.csv", PEOPLE)
        both.deliver(f"a_{number}.json", json.dumps({"files": files}))
    outcomes = both.run()
    assert [outcomes[f"a_{n}.csv"].status for n in (1, 2)] == ["loaded", "failed"]
    assert outcomes["a_2.csv"].error.code == Code.COUNT_TOO_FEW


def test_no_byte_at_all_where_that_is_what_is_promised(both: Any) -> None:
    both.map(go_file={"pattern": "a_*.md5", "format": "checksum"})
    both.map("b_*.csv", "raw_b", go_file={"pattern": "b_*.go", "format": "csv", "size": 1})
    both.map("c_*.csv", "raw_c", go_file={"pattern": "c_*.ok", "format": "presence"})
    said = {"a": f"{hashlib.md5(b'', usedforsecurity=False).hexdigest()}\n", "b": "0\n", "c": ""}
    for name, ending in (("a", "md5"), ("b", "go"), ("c", "ok")):
        both.deliver(f"{name}_1.csv", b"")
        both.deliver(f"{name}_1.{ending}", said[name])
    outcomes = both.run()
    assert [outcomes[f"{name}_1.csv"].status for name in "abc"] == ["loaded", "loaded", "failed"]
    assert outcomes["c_1.csv"].error.code == Code.FILE_EMPTY
