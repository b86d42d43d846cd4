"""The summary beside the database and its copy: whatever lies there, it is one or none."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from airflow_landing_loader.codec import adapter_of
from airflow_landing_loader.loading.ledger.tables import now
from airflow_landing_loader.loading.model import Load, Overview
from airflow_landing_loader.loading.summary import Summary
from airflow_landing_loader.loading.warehouses.duckdb import kept_summary
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
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


def wide(number: int, columns: int) -> Load:
    """A load whose file lacks many columns."""
    return Load(
        load_id=f"{number:032}",
        filename="a.csv",
        table_name="raw_a",
        row_count=1,
        started_at=now(),
        completed_at=now(),
        sequence=number,
        uri="/landing/a.csv",
        size_bytes=1,
        sha256="0" * 64,
        delivery_token="t",
        go_filename=None,
        go_sha256=None,
        record_count=1,
        expected_count=None,
        rejected_count=0,
        drift_columns=(),
        missing_columns=tuple(f"column {c:025}" for c in range(columns)),
        restates_load_id=None,
        same_content_load_id=None,
        archive_uri="/archive/a.csv",
        dag_id=None,
        run_id=None,
    )


def summary(loads: int, columns: int) -> Summary:
    found = tuple(wide(number, columns) for number in range(loads, 0, -1))
    return replace(NOTHING, overview=replace(NOTHING.overview, loads=found))


def size(told: Summary) -> int:
    return len(adapter_of(Summary).dump_json(told))


def test_wide_files_do_not_make_it_larger_than_can_be_read() -> None:
    whole = summary(500, 4000)
    kept = kept_summary.fitting(whole, 64 * 1024 * 1024)
    assert kept is not None
    assert size(kept) < 4 * 1024 * 1024 < 64 * 1024 * 1024 < size(whole)
    assert len(kept.overview.loads) == kept_summary.KEPT
    assert kept.overview.loads[0].missing_columns == whole.overview.loads[0].missing_columns[:100]


def test_where_it_is_too_large_all_the_same_the_newest_are_kept() -> None:
    whole = summary(40, 2)
    kept = kept_summary.fitting(whole, 20_000)
    assert kept is not None
    assert size(kept) <= 20_000
    assert kept.overview.loads == whole.overview.loads[: len(kept.overview.loads)] != ()
    assert kept_summary.fitting(whole, 10) is None


@pytest.mark.parametrize("columns", [3, 4000])
def test_what_a_writer_has_left_is_read_while_the_next_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setattr(kept_summary, "_MOST_BYTES", 300_000)
    archive = LocalZone(str(tmp_path / "archive"))
    Path(archive.path).mkdir()
    database = tmp_path / "w.duckdb"
    books = Ledger(duckdb.connect(str(database)))
    books.ensure_tables()
    books.insert_loads([wide(number, columns) for number in range(1, 101)])
    kept_summary.renew(books, database, archive, ())
    kept = kept_summary.read(database)
    assert kept is not None
    assert kept.overview.loads[0].sequence == 100
    assert [table.loads for table in kept.tables] == [100]
    assert kept_summary.read_copy(archive) == kept


def test_a_copy_that_was_not_made_is_made_by_the_next(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    archive, database = LocalZone(str(tmp_path / "archive")), tmp_path / "w.duckdb"
    books = Ledger(duckdb.connect(str(database)))
    books.ensure_tables()
    kept_summary.renew(books, database, archive, ())
    kept = kept_summary.read(database)
    assert kept is not None
    assert (kept.copied_at, kept.copy_tried_at) == (None, kept.overview.as_of)
    assert "was not copied into the archive" in caplog.text
    Path(archive.path).mkdir()
    kept_summary.renew(books, database, archive, ())
    copy = kept_summary.read_copy(archive)
    assert copy == kept_summary.read(database)
    assert copy is not None
    assert copy.copied_at == copy.overview.as_of


def test_a_copy_that_is_damaged_anywhere_is_none(copy: Path) -> None:
    copy.write_bytes(PACKED)
    assert read_copy(copy) == NOTHING
    for at in range(len(PACKED)):
        for content in (PACKED[:at], PACKED[:at] + bytes([PACKED[at] ^ 0xFF]) + PACKED[at + 1 :]):
            copy.write_bytes(content)
            assert read_copy(copy) in (None, NOTHING)
