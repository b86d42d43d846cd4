"""Go files that say all by being there."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from tests.support.go_files import DATA, read, refusal

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.control.go_file.text import SIZE_LIMIT
from airflow_landing_loader.landing.model import GoFileContent

PRESENCE = {"format": "presence"}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"done",
        b"\0\xff\xfe",
        b"x" * (SIZE_LIMIT * 3),
        DATA.encode(),
        b"/out/TRADES_20240115.CSV.gz\r\n",
        b"record_count=5",
        b"other.csv",  # of no pattern here: a job's name, say
        b"trades_20240114.csv\ntrades_20240115.csv\n",
        b"trades_20240114.csv".ljust(5000),
    ],
    ids=lambda content: repr(content[:12]),
)
def test_any_content_will_do(tmp_path: Path, content: bytes) -> None:
    found = read(tmp_path, content, **PRESENCE)
    assert found == GoFileContent(sha256=hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    "content", ["trades_20240114.csv", "\ufeff /out/TRADES_1.csv.gz \r\n", "'trades_2.go'\n\n"]
)
def test_one_line_that_names_another_data_file_is_refused(tmp_path: Path, content: str) -> None:
    error = refusal(tmp_path, content, **PRESENCE)
    assert error.code is ErrorCode.GO_FILE_OTHER_FILE
    assert content.strip("\ufeff \r\n") in error.detail.message
