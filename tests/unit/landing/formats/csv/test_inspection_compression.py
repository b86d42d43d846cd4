"""Compressed files that are damaged, cut, or not what their name says."""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib

import zstandard
from tests.support.hostile.delivered import source_at
from tests.support.inspecting import Landing, mapping
from tests.support.packing import zipped

from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.formats.csv.detection.detect import with_dialect
from airflow_landing_loader.landing.formats.csv.inspection import inspect


class TestCompression:
    def test_name_and_content_disagree(self, landing: Landing) -> None:
        wrong = (ErrorCode.COMPRESSION_WRONG_NAME, None)
        text = b"id\n1\n"
        frame = zstandard.ZstdCompressor().compress(text)
        assert landing.code(text, "t.csv.gz") == wrong
        assert landing.code(gzip.compress(text), "t.csv") == wrong
        assert landing.code(frame, "t.csv.gz") == wrong
        assert landing.code(frame, "t.csv") == wrong

    def test_the_mapping_says_what_the_name_does_not(self, landing: Landing) -> None:
        text = b"id;n\n1;2\n"
        packed = {
            "gzip": gzip.compress(text),
            "zstd": zstandard.compress(text),
            "bzip2": bz2.compress(text),
            "xz": lzma.compress(text),
            "zip": zipped(text),
        }
        for kind, data in packed.items():
            for csv in ({"delimiter": ";"}, {"auto": True}):
                detected = with_dialect(
                    source_at(landing.put(data)), mapping(csv=csv, compression=kind)
                )
                found = inspect(source_at(landing.put(data)), detected)
                assert (found.records, found.compression) == (1, kind)
            assert landing.code(text, compression=kind) == ("compression.wrong_name", None)
            code, _ = landing.code(data, "t.csv.gz", compression="none")
            assert code in ("compression.wrong_name", "file.binary")
        assert landing.inspect(text, "t.csv.gz", compression="none").records == 1
        assert landing.code(b"", compression="zip") == ("file.empty", None)

    def test_nothing_in_a_compressed_file(self, landing: Landing) -> None:
        assert landing.code(gzip.compress(b""), "t.csv.gz") == ("file.empty", None)
        assert landing.code(b"", "t.csv.gz") == ("file.empty", None)

    def test_damage_explains_broken_text(self, landing: Landing) -> None:
        """A wrong byte shows as broken text before the checksum at the end can tell."""
        broken = b'id\n1"\n' * 500
        end = struct.pack("<LL", zlib.crc32(b"other"), len(broken))
        packed = gzip.compress(broken)
        assert landing.code(packed, "t.csv.gz")[0] == "csv.stray_quote"
        assert landing.code(packed[:-8] + end, "t.csv.gz")[0] == "compression.corrupt"
        assert landing.code(packed[:-1], "t.csv.gz")[0] == "compression.cut"
        assert landing.code(packed + b"\0", "t.csv.gz")[0] == "compression.trailing_bytes"

    def test_a_cut_file_never_passes(self, landing: Landing) -> None:
        text = b"".join(b"%d,%d\n" % (i, i * i) for i in range(40))
        zstd = zstandard.ZstdCompressor(write_checksum=True).compress(text)
        for name, data in (("t.csv.gz", gzip.compress(text)), ("t.csv.zst", zstd)):
            for size in range(1, len(data)):
                code, _ = landing.code(data[:size], name)
                assert code == "compression.cut"
