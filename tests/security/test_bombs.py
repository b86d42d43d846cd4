"""Small deliveries that are made to cost much: bombs, headers without end, empty parts."""

from __future__ import annotations

import bz2
import gzip
import lzma
import tracemalloc
from functools import partial
from pathlib import Path

import pytest
import zstandard
from tests.support.hostile.delivered import source_at
from tests.support.packing import zipped

from airflow_landing_loader.config.mapping.fields import MAX_COLUMNS
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, ErrorDetail, TerminalError
from airflow_landing_loader.landing.formats.csv.inspection import inspect
from airflow_landing_loader.landing.model import Inspection
from airflow_landing_loader.landing.text.compression import decompressed

MIB = 1024 * 1024

PACK = {
    "gz": gzip.compress,
    "zst": zstandard.compress,
    "bz2": bz2.compress,
    "xz": partial(lzma.compress, preset=0),
    "zip": zipped,
}
# A zstd frame header (window 2 MiB, no checksum, no size), empty raw blocks, and the last of them.
EMPTY_BLOCKS = b"\x28\xb5\x2f\xfd\x00\x58" + bytes(3) * 100_000 + b"\x01\0\0"


def look(folder: Path, name: str, content: bytes, **keys: object) -> Inspection:
    (folder / name).write_bytes(content)
    mapping = TableMapping.model_validate({"pattern": "*", "table": "t", **keys})
    return inspect(source_at(folder / name), mapping)


def refused(folder: Path, name: str, content: bytes, **keys: object) -> ErrorDetail:
    with pytest.raises(TerminalError) as caught:
        look(folder, name, content, **keys)
    return caught.value.detail


@pytest.mark.parametrize("ending", PACK)
class TestBombs:
    def test_a_bomb_is_refused_before_it_has_gone_off(self, tmp_path: Path, ending: str) -> None:
        bomb = PACK[ending](b"a,b\n" + b"1,2\n" * (64 * MIB // 4))
        tracemalloc.start()
        try:
            error = refused(tmp_path, f"t.csv.{ending}", bomb, free_expansion_bytes=MIB)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert error.code == ErrorCode.COMPRESSION_BOMB
        assert "max_expansion" in (error.hint or "")
        assert peak < 24 * MIB

    def test_only_what_passes_both_limits_is_a_bomb(self, tmp_path: Path, ending: str) -> None:
        text = b"a,b\n" + b"1,2\n" * MIB
        packed, name = PACK[ending](text), f"t.csv.{ending}"
        ratio = len(text) / len(packed)
        within = (
            {},  # below 1 GiB the ratio is nobody's business
            {"free_expansion_bytes": len(text), "max_expansion": 1},
            {"free_expansion_bytes": 0, "max_expansion": ratio + 1},
        )
        for keys in within:
            assert look(tmp_path, name, packed, **keys).records == MIB
        beyond = {"free_expansion_bytes": len(text) - 1, "max_expansion": int(ratio)}
        assert refused(tmp_path, name, packed, **beyond).code == ErrorCode.COMPRESSION_BOMB

    def test_broken_text_in_front_does_not_set_it_off(self, tmp_path: Path, ending: str) -> None:
        """A refused text makes the rest be looked through, for damage that would explain it."""
        bomb = PACK[ending](b"a,b\n" + bytes(64 * MIB))
        error = refused(tmp_path, f"t.csv.{ending}", bomb, free_expansion_bytes=MIB)
        assert error.code == ErrorCode.COMPRESSION_BOMB

    def test_many_small_parts_are_one_bomb(self, tmp_path: Path, ending: str) -> None:
        parts = PACK[ending](b"a,b\n") + PACK[ending](b"1,2\n" * MIB) * 8
        if ending == "zip":
            code = ErrorCode.COMPRESSION_TRAILING_BYTES  # it has one part
            assert refused(tmp_path, "t.csv.zip", parts).code == code
            return
        error = refused(tmp_path, f"t.csv.{ending}", parts, free_expansion_bytes=MIB)
        assert error.code == ErrorCode.COMPRESSION_BOMB


def test_a_plain_file_is_never_a_bomb(tmp_path: Path) -> None:
    keys = {"free_expansion_bytes": 0, "max_expansion": 1}
    assert look(tmp_path, "t.csv", b"a,b\n1,2\n", **keys).records == 1


def test_empty_zstd_blocks_take_no_memory() -> None:
    blocks = (EMPTY_BLOCKS[at : at + 4096] for at in range(0, len(EMPTY_BLOCKS), 4096))
    tracemalloc.start()
    try:
        assert list(decompressed(blocks, "zstd", "t.csv.zst")) == []
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MIB // 4  # a list of the blocks would take three times as much


def test_a_file_of_empty_parts_is_empty(tmp_path: Path) -> None:
    for ending, content in (("zst", EMPTY_BLOCKS), ("gz", gzip.compress(b"") * 1000)):
        error = refused(tmp_path, f"t.csv.{ending}", content)
        assert error.code == ErrorCode.FILE_EMPTY


def test_a_bomb_in_a_bomb_is_opened_once(tmp_path: Path) -> None:
    error = refused(tmp_path, "t.csv.gz", gzip.compress(gzip.compress(bytes(64 * MIB))))
    assert error.code == ErrorCode.FILE_BINARY


def test_a_header_may_have_so_many_columns_and_no_more(tmp_path: Path) -> None:
    most = ",".join(f"c{i}" for i in range(MAX_COLUMNS))
    assert len(look(tmp_path, "t.csv", most.encode()).columns) == MAX_COLUMNS
    error = refused(tmp_path, "t.csv", f"\n{most},one_more\n".encode())
    assert error.code == ErrorCode.HEADER_TOO_MANY_COLUMNS
    assert error.line == 2


def test_an_oversized_header_is_a_record_that_is_too_long(tmp_path: Path) -> None:
    error = refused(tmp_path, "t.csv", b"x" * (2 * MIB) + b"\n1\n")
    assert error.code == ErrorCode.CSV_RECORD_TOO_LONG
    # one that is all delimiters shows its length first
    assert refused(tmp_path, "t.csv", b"," * (2 * MIB)).code == ErrorCode.CSV_RECORD_TOO_LONG
    assert refused(tmp_path, "t.csv", b"," * (MIB - 1)).code == ErrorCode.HEADER_TOO_MANY_COLUMNS
