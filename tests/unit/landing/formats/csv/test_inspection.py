"""What the inspection finds in a good file, of any size."""

from __future__ import annotations

import gzip
import hashlib
import re
import tracemalloc
from pathlib import Path

import pytest
import zstandard
from tests.support.hostile.delivered import source_at
from tests.support.inspecting import Landing, mapping

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from airflow_landing_loader.landing.model import Inspection, TrailerContent
from airflow_landing_loader.landing.text import stream


class TestFound:
    def test_everything_that_is_found(self, landing: Landing) -> None:
        data = b'\xef\xbb\xbf id ,Name\r\n1,a\r\n\r\n2,"b\r\nc"\r\nEND,2\r\n\r\n'
        found = landing.inspect(data, trailer={"row_count_column": 1, "tag": "END"})
        assert found == Inspection(
            sha256=hashlib.sha256(data).hexdigest(),
            size=len(data),
            compression="none",
            line_end="\r\n",
            columns=("id", "Name"),
            body_start=11,
            body_end=28,
            body_line=2,
            records=2,
            ragged=0,
            longest_record=10,
            longest_gap=2,
            header_line=1,
            trailer=TrailerContent(expected_records=2, tag="END", line=6),
        )
        assert data[3:][found.body_start : found.body_end] == b'1,a\r\n\r\n2,"b\r\nc"\r\n'

    @pytest.mark.parametrize("end", [b"", b"\n", b"\n\n\n"])
    def test_header_only(self, landing: Landing, end: bytes) -> None:
        found = landing.inspect(b"id,name" + end)
        assert (found.records, found.columns) == (0, ("id", "name"))
        assert found.body_start == found.body_end == 7 + len(end[:1])
        assert (found.header_line, found.longest_record, found.trailer) == (1, 0, None)

    def test_no_line_end_at_the_end(self, landing: Landing) -> None:
        found = landing.inspect(b"id,name\n1,ab")
        assert (found.records, found.longest_record, found.body_end) == (1, 4, 12)

    def test_without_header(self, landing: Landing) -> None:
        found = landing.inspect(b"1,a\n2,b\n", csv={"header": False, "columns": [" id ", "name"]})
        assert (found.records, found.columns, found.header_line) == (2, ("id", "name"), None)
        assert (found.body_start, found.body_line) == (0, 1)

    def test_header_of_several_lines(self, landing: Landing) -> None:
        found = landing.inspect(b'\n"a\nb",c\n\n1,2\n')
        assert (found.columns, found.header_line, found.body_line) == (("a\nb", "c"), 2, 5)
        only = landing.inspect(b'\n"a\nb",c\n')
        assert (only.body_line, only.body_start) == (4, 9)

    def test_skipped_lines(self, landing: Landing) -> None:
        found = landing.inspect(b'Report "x\r\n\r\nid\n1\n', csv={"skip_rows": 2})
        assert (found.columns, found.header_line, found.records) == (("id",), 3, 1)
        assert found.line_end == "\n"

    def test_blank_lines_are_records_of_one_column_only(self, landing: Landing) -> None:
        assert landing.inspect(b"\n\na,b\n\n1,2\n\n\n").records == 1
        assert landing.inspect(b"\n\na\n\n1\n\n\n").records == 4
        assert landing.inspect(b"a\n1\n").records == 1
        assert landing.inspect(b"\n\n", csv={"header": False, "columns": ["a"]}).records == 2

    def test_spaces_make_a_record(self, landing: Landing) -> None:
        assert landing.inspect(b"a\n  \n").records == 1
        assert landing.code(b"a,b\n  \n") == ("csv.ragged", 2)

    def test_names_are_not_judged_here(self, landing: Landing) -> None:
        assert landing.inspect(b"a,,A,_id,a\n").columns == ("a", "", "A", "_id", "a")

    def test_more_columns_than_a_byte_counts(self, landing: Landing) -> None:
        wide = b",".join(b"c%d" % i for i in range(300)) + b"\n"
        found = landing.inspect(wide + b"," * 299 + b"\n")
        assert (len(found.columns), found.records, found.ragged) == (300, 1, 0)
        assert landing.code(wide + b"," * 43 + b"\n") == ("csv.ragged", 2)

    @pytest.mark.parametrize(
        "encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "windows-1252"]
    )
    def test_encodings(self, landing: Landing, encoding: str) -> None:
        text = "id,größe\n1,é\n2,ü\n"
        found = landing.inspect(text.encode(encoding), csv={"encoding": encoding})
        assert (found.columns, found.records) == (("id", "größe"), 2)
        assert found.body_end == len(text.encode())

    def test_compressed(self, landing: Landing) -> None:
        text = b"id\n1\n2\n"
        packed = gzip.compress(text)
        found = landing.inspect(packed, "t.csv.gz")
        assert (found.compression, found.records, found.body_end) == ("gzip", 2, len(text))
        assert (found.sha256, found.size) == (hashlib.sha256(packed).hexdigest(), len(packed))
        frame = zstandard.ZstdCompressor(write_checksum=True).compress
        found = landing.inspect(frame(text) + frame(b"3\n"), "t.csv.zst")
        assert (found.compression, found.records) == ("zstd", 3)


def test_examples_in_the_docs(tmp_path: Path) -> None:
    docs = Path(__file__).parents[5] / "docs" / "csv.md"
    page = docs.read_text("utf-8").partition("## Detected dialects")[0]
    examples = re.findall(r"^\| `([^`]*[⏎␍][^`]*)` \| (.*) \|$", page, re.MULTILINE)
    assert len(examples) == 6
    words = {"one record": 1, "two records": 2, "three records": 3}
    landing = Landing(tmp_path)
    for text, meaning in examples:
        data = text.replace("⏎", "\n").replace("␍", "\r").encode()
        refusal = re.fullmatch(r"refused: `(.*)`, line (\d+)", meaning)
        if refusal:
            assert landing.code(data) == (refusal[1], int(refusal[2]))
        else:
            count = next(n for start, n in words.items() if meaning.startswith(start))
            assert landing.inspect(data).records == count


def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    peaks = []
    for rows in (200_000, 1_000_000):
        path = tmp_path / f"{rows}.csv"
        path.write_bytes(b"id,a\n" + b"".join(b'%d,"x y"\n' % i for i in range(rows)))
        tracemalloc.start()
        inspect(source_at(path), mapping())
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + (4 << 20)
    assert peaks[1] < 40 << 20, peaks


def test_a_large_file_whose_hash_has_its_own_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_THREAD_FROM_BYTES", 1000)
    data = b"id,a\n" + b"".join(b"%d,x\n" % i for i in range(100_000))
    path = tmp_path / "t.csv"
    path.write_bytes(data)
    found = inspect(source_at(path), mapping())
    assert (found.records, found.sha256) == (100_000, hashlib.sha256(data).hexdigest())
    path.write_bytes(data + b'"')
    with pytest.raises(TerminalError) as caught:
        inspect(source_at(path), mapping())
    assert (caught.value.code, caught.value.detail.line) == (ErrorCode.CSV_UNCLOSED_QUOTE, 100_002)
