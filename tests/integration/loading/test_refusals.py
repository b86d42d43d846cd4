"""What becomes of every bad input: zone, rows, code and line."""

from __future__ import annotations

import gzip
import zlib
from typing import Any

import pytest
import zstandard

from airflow_landing_loader.exceptions import ErrorCode as Code

GOOD = "id,x\n1,a\n2,b\n"
GZIPPED = gzip.compress(GOOD.encode(), mtime=0)
ZSTD = zstandard.ZstdCompressor(write_checksum=True).compress(GOOD.encode())


@pytest.mark.parametrize(
    ("content", "keys", "code", "line"),
    [
        (b"", {}, Code.FILE_EMPTY, None),
        (b"\n\n", {}, Code.FILE_EMPTY, None),
        (b"PK\x03\x04\x00\x01\x02\xff\xfe" + bytes(range(256)), {}, Code.FILE_BINARY, None),
        (b"id,x\n1,a\n2,\xff\n", {}, Code.ENCODING_INVALID, 3),
        (b"id,x\n1,a\n2,b\x00c\n", {}, Code.ENCODING_NUL_BYTE, 3),
        (b"id,x\n1,a\n2,b,c\n", {}, Code.CSV_RAGGED, 3),
        (b'id,x\n1,a\n2,"b\nc\n3,d\n', {}, Code.CSV_UNCLOSED_QUOTE, 3),
        (b'id,x\n1,a\n2,b"c\n', {}, Code.CSV_STRAY_QUOTE, 3),
        (b'id,x\n1,a\n2, "b"\n', {}, Code.CSV_STRAY_QUOTE, 3),
        (b"id,x\r\n1,a\r\n2,b\n", {}, Code.CSV_MIXED_LINE_ENDS, 3),
        (
            b"id,x\n1,a\n2," + b"b" * 200 + b"\n",
            {"max_record_bytes": 100},
            Code.CSV_RECORD_TOO_LONG,
            3,
        ),
        (
            b'id,x\n1,a\n2,"' + b"\n" * 9 + b'"\n',
            {"max_record_lines": 5},
            Code.CSV_RECORD_TOO_MANY_LINES,
            3,
        ),
        (b"id,ID\n1,a\n", {}, Code.HEADER_DUPLICATE_NAME, 1),
        (b"id,\n1,a\n", {}, Code.HEADER_EMPTY_NAME, 1),
        (b"id,_extra\n1,a\n", {}, Code.HEADER_RESERVED_NAME, 1),
        (b"a b,a-b\n1,a\n", {}, Code.HEADER_NAME_COLLISION, 1),
        (b"id,x\n1,a,b\n2,b\n", {"on_bad_row": "reject"}, Code.CSV_TOO_MANY_REJECTED, 2),
        (b"id,x\n1,a,b\n", {"on_bad_row": "reject", "max_rejected": 0.99}, "csv.too_many", 2),
    ],
    ids=lambda value: value.value if isinstance(value, Code) else None,
)
def test_bad_text_goes_to_failed_with_its_line(
    world: Any, content: bytes, keys: dict[str, Any], code: Code, line: int | None
) -> None:
    error = world.refused(content, **keys)
    assert error.code.startswith(code)
    assert error.line == line
    assert error.hint


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a_1.csv.gz", GZIPPED[:-9], Code.COMPRESSION_CUT),
        (
            "a_1.csv.gz",
            GZIPPED[:-8] + zlib.crc32(b"other").to_bytes(4, "little") + GZIPPED[-4:],
            Code.COMPRESSION_CORRUPT,
        ),
        ("a_1.csv.gz", GZIPPED + b"more", Code.COMPRESSION_TRAILING_BYTES),
        ("a_1.csv.gz", GOOD.encode(), Code.COMPRESSION_WRONG_NAME),
        ("a_1.csv", GZIPPED, Code.COMPRESSION_WRONG_NAME),
        ("a_1.csv.zst", ZSTD[:-5], Code.COMPRESSION_CUT),
        ("a_1.csv.zst", ZSTD[:-4] + b"\x00\x00\x00\x00", Code.COMPRESSION_CORRUPT),
        ("a_1.csv.zst", ZSTD + b"more", Code.COMPRESSION_TRAILING_BYTES),
        ("a_1.csv.zst", GOOD.encode(), Code.COMPRESSION_WRONG_NAME),
    ],
)
def test_broken_compression_goes_to_failed(
    world: Any, name: str, content: bytes, code: Code
) -> None:
    world.map("a_*")
    assert world.refused(content, name).code == code


def test_a_file_of_another_table_is_refused(world: Any) -> None:
    world.load(GOOD)
    outcome = world.load("other,columns\n1,2\n", "a_2.csv")
    assert outcome.status == "failed"
    assert outcome.error.code == Code.HEADER_NO_KNOWN_COLUMN
    assert world.rows() == [("1", "a", None), ("2", "b", None)]


GO_PROPERTIES = {"pattern": "a_*.go", "format": "properties", "row_count_key": "count"}
GO_CSV = {
    "pattern": "a_*.go",
    "format": "csv",
    "row_count_column": 2,
    "status_column": 3,
}


@pytest.mark.parametrize(
    ("go_file", "go", "code"),
    [
        (GO_PROPERTIES, "count=3\n", Code.COUNT_TOO_FEW),
        (GO_PROPERTIES, "count=1\n", Code.COUNT_TOO_MANY),
        (GO_PROPERTIES, b"count=\xff\n", Code.GO_FILE_UNREADABLE),
        (GO_PROPERTIES, "rows=2\n", Code.GO_FILE_NO_KEY),
        (GO_PROPERTIES, "count=two\n", Code.GO_FILE_BAD_COUNT),
        (GO_PROPERTIES, "count=-2\n", Code.GO_FILE_BAD_COUNT),
        (GO_PROPERTIES, "count=2\ncount=3\n", Code.GO_FILE_BAD_COUNT),
        (GO_CSV, "a_1.csv,2,BROKEN\n", Code.GO_FILE_BAD_STATUS),
        (GO_CSV, "b.csv,2,SUCCESS\nc.csv,3,SUCCESS\n", Code.GO_FILE_NO_LINE),
    ],
)
def test_bad_go_files_take_their_data_file_to_failed(
    world: Any, go_file: dict[str, Any], go: str | bytes, code: Code
) -> None:
    world.map(go_file=go_file)
    world.deliver("a_1.go", go)
    assert world.refused(GOOD).code == code
    data = go.encode() if isinstance(go, str) else go
    assert (world.zones.failed / "a_1.go").read_bytes() == data
    assert world.zones.names()["landing"] == []


@pytest.mark.parametrize(
    ("content", "trailer", "code"),
    [
        ("id,x\n1,a\n", {"row_count_column": 1}, Code.TRAILER_MISSING),
        ("id,x\n", {"row_count_column": 1}, Code.TRAILER_MISSING),
        (
            "id,x\n1,a\nEND,2,EOF\n",
            {"row_count_column": 1, "tag": "TRAILER"},
            Code.TRAILER_WRONG_TAG,
        ),
        ("id,x\n1,a\nTRAILER\n", {"row_count_column": 1, "tag": "TRAILER"}, Code.TRAILER_CUT),
        ("id,x\n1,a\nTRAILER,-1\n", {"row_count_column": 1, "tag": "TRAILER"}, "trailer.bad_count"),
        ("id,x\n1,a\nTRAILER,2,EOF\n", {"row_count_column": 1}, Code.COUNT_TOO_FEW),
        ("id,x\n1,a\n2,b\nTRAILER,1,EOF\n", {"row_count_column": 1}, Code.COUNT_TOO_MANY),
    ],
)
def test_bad_trailers_go_to_failed(
    world: Any, content: str, trailer: dict[str, Any], code: str
) -> None:
    assert world.refused(content, trailer=trailer).code == code


def test_a_young_file_with_too_few_records_waits_and_loads_once_it_is_whole(world: Any) -> None:
    world.map(go_file=GO_PROPERTIES)
    world.deliver("a_1.go", "count=2\n")
    world.deliver("a_1.csv", "id,x\n1,a\n", age=1)
    outcome = world.run()["a_1.csv"]
    assert (outcome.status, outcome.error.code) == ("left", Code.COUNT_TOO_FEW)
    assert outcome.error.transient
    assert world.zones.names()["landing"] == ["a_1.csv", "a_1.go"]

    world.deliver("a_1.csv", GOOD, age=0.5)
    assert world.run()["a_1.csv"].status == "loaded"
    assert world.zones.names() == {
        "landing": [],
        "archive": ["a_1.csv", "a_1.go"],
        "failed": [],
    }
    assert world.count("raw_a") == 2


def test_a_bad_file_does_not_hold_up_the_good_ones(world: Any) -> None:
    world.map()
    for number in range(5):
        world.deliver(f"a_{number}.csv", GOOD if number != 2 else "id,x\n1\n")
    outcomes = world.run()
    assert [o.status for o in outcomes.values()] == [
        "loaded",
        "loaded",
        "failed",
        "loaded",
        "loaded",
    ]
    assert world.count("raw_a") == 8


def test_who_is_at_fault_in_a_batch_is_found_by_halves(world: Any) -> None:
    """Only the engine knows of the constraint; the others need no transaction each."""
    world.map()
    world.sql("CREATE TABLE raw_a (id VARCHAR NOT NULL, x VARCHAR)")
    for number in range(16):
        world.deliver(f"a_{number:02}.csv", f"id,x\n{'' if number == 11 else number},a\n")
    outcomes = world.run()
    failed = [o for o in outcomes.values() if o.status == "failed"]
    assert [(o.name, o.error.code) for o in failed] == [("a_11.csv", Code.LOAD_BAD_VALUE)]
    together = world.sql(
        "SELECT min(filename), count(*) FROM load_metadata GROUP BY completed_at ORDER BY ALL"
    )
    assert together == [("a_00.csv", 8), ("a_08.csv", 2), ("a_10.csv", 1), ("a_12.csv", 4)]


def test_logs_and_xcom_never_see_a_cell_value(world: Any, caplog: pytest.LogCaptureFixture) -> None:
    from airflow_landing_loader.xcom import values

    caplog.set_level("DEBUG")
    world.map()
    world.load(GOOD)
    with world.database() as con:
        con.execute("ALTER TABLE raw_a ALTER COLUMN id TYPE INTEGER")
    outcome = world.load("id,x\nsecret-7731,b\n", "a_2.csv")
    assert outcome.error.code == Code.LOAD_BAD_VALUE
    assert outcome.error.value == "secret-7731"
    assert "secret-7731" not in str(values.dump(outcome))
    assert "secret-7731" not in outcome.error.text()
    assert "secret-7731" not in caplog.text
    assert world.sidecar("a_2.csv").error.value == "secret-7731"


def test_a_reader_that_finds_other_records_than_were_counted_loads_nothing(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one place where a stand-in is needed: no file is known on which the two disagree."""
    from dataclasses import replace

    from airflow_landing_loader.pipeline import validation

    world.sql("CREATE TABLE raw_a (id VARCHAR, x VARCHAR)")  # a first file is looked at again
    inspect = validation.inspect

    def one_more(*arguments: Any, **keys: Any) -> Any:
        found = inspect(*arguments, **keys)
        return replace(found, records=found.records + 1)

    monkeypatch.setattr(validation, "inspect", one_more)
    assert world.refused(GOOD).code == Code.LOAD_READER_DISAGREES


def test_a_disk_that_is_full_or_broken_is_transient_and_says_so() -> None:
    import duckdb

    from airflow_landing_loader.loading.warehouses.duckdb.session import translate

    full = translate(duckdb.IOException("Could not write file: No space left on device"))
    assert (full.code, full.transient) == (Code.WAREHOUSE_DISK_FULL, True)
    broken = translate(duckdb.IOException("Cannot open file: Permission denied"))
    assert (broken.code, broken.transient) == (Code.WAREHOUSE_UNAVAILABLE, True)


def test_a_database_that_is_no_database_is_reported_and_nothing_moves(world: Any) -> None:
    from pathlib import Path

    from airflow_landing_loader.exceptions import TransientError

    Path(world.settings.duckdb_path).write_text("not a database" * 1000)
    world.map()
    world.deliver("a_1.csv", GOOD)
    with pytest.raises(TransientError) as caught:
        world.run()
    assert caught.value.code is Code.WAREHOUSE_UNAVAILABLE
    assert world.zones.names()["landing"] == ["a_1.csv"]
