"""The go files that the page of mappings shows prove a delivery, and one byte less does not."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from airflow_landing_loader.config.mapping.reader import read_mappings
from airflow_landing_loader.exceptions import ErrorCode as Code

PAGE = (Path(__file__).parents[3] / "docs/mappings.md").read_text()
EXAMPLES = re.findall(
    r"```yaml\n(.*?)```", PAGE.partition("### The forms of go files")[2].partition("\n## ")[0], re.S
)
TEXT = b"id\n1\n2\n"


def _sum(algorithm: str, content: bytes) -> str:
    return hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()


def _manifest(content: bytes) -> str:
    files = [{"name": "orders_0.csv", "rows": 12}, {"name": "orders_1.csv", "rows": 2}]
    files[1] |= {"bytes": len(content), "sha256": _sum("sha256", content)}
    return json.dumps({"business_date": "2024-01-15", "files": files})


GO_FILES: dict[str, Any] = {
    "positions_*.csv": lambda _: "",
    "fx_*.csv": lambda content: f"record_count=2\nmd5={_sum('md5', content)}\nstate=COMPLETE\n",
    "holdings_*.csv": lambda content: (
        f"file|rows|bytes|status\nholdings_1.csv|2|{len(content)}|SUCCESS\n"
    ),
    "orders_*.csv": _manifest,
    "quotes_*.csv.gz": lambda content: f"{_sum('sha256', content)}  quotes_1.csv.gz\n",
}


def test_each_form_is_shown() -> None:
    assert len(EXAMPLES) == len(GO_FILES)


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_what_is_shown_proves_a_delivery(world: Any, tmp_path: Path, number: int) -> None:
    (tmp_path / "a.yaml").write_text(EXAMPLES[number])
    (mapping,) = read_mappings(tmp_path).mappings
    world.mappings.append(mapping.model_copy(update={"settle_seconds": 0}))
    assert mapping.go_pattern is not None
    for name, is_whole in (("1", True), ("2", False)):
        data, go = mapping.data_pattern.fill([name]), mapping.go_pattern.fill([name])
        content = gzip.compress(TEXT, mtime=0) if data.endswith("gz") else TEXT
        said = GO_FILES[mapping.pattern](content).replace("_1.csv", f"_{name}.csv")
        world.deliver(data, content if is_whole else content[:-1])
        world.deliver(go, said)
        outcome = world.run()[data]
        if is_whole or not said:
            assert (outcome.status, outcome.rows) == ("loaded", 2), outcome
        else:
            codes = (Code.CHECKSUM_WRONG, Code.SIZE_WRONG, Code.COMPRESSION_CUT)
            assert outcome.error.code in codes, outcome
