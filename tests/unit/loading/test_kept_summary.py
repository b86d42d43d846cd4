"""The summary beside the database and its copy: whatever lies there, it is one or none."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from airflow_landing_loader.codec import adapter_of
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.model import Overview
from airflow_landing_loader.loading.summary import Summary
from airflow_landing_loader.loading.warehouses.duckdb import kept_summary
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.names import WORK_FOLDER

NOTHING = Summary(
    overview=Overview(as_of=now(), loads=(), deliveries=(), dbt_due=()), counted_at=now()
)
PACKED = gzip.compress(adapter_of(Summary).dump_json(NOTHING))


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Where the copy lies in an archive."""
    folder = tmp_path / "archive" / WORK_FOLDER
    folder.mkdir(parents=True)
    return folder / kept_summary.ARCHIVE_NAME


def read_copy(copy: Path) -> Summary | None:
    return kept_summary.read_copy(LocalZone(str(copy.parent.parent)))


def test_a_copy_that_is_damaged_anywhere_is_none(copy: Path) -> None:
    copy.write_bytes(PACKED)
    assert read_copy(copy) == NOTHING
    for at in range(len(PACKED)):
        for content in (PACKED[:at], PACKED[:at] + bytes([PACKED[at] ^ 0xFF]) + PACKED[at + 1 :]):
            copy.write_bytes(content)
            assert read_copy(copy) in (None, NOTHING)
