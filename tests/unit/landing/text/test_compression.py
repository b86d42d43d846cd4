from __future__ import annotations

import bz2
import gzip
import itertools
import lzma
import tracemalloc
import zlib
from collections.abc import Iterator
from functools import partial

import pytest
import zstandard

from airflow_landing_loader.config.mapping.fields import Compression
from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.text.compression import compression_of, decompressed
from airflow_landing_loader.landing.text.packings.faults import PIECE_BYTES
from airflow_landing_loader.landing.text.packings.members import MAX_XZ_MEMORY

TEXT = b"".join(b"%d,row number %d\n" % (i, i * i) for i in range(60))
KINDS: tuple[Compression, ...] = ("gzip", "zstd", "bzip2", "xz")


def zstd(data: bytes, *, checksum: bool = True, level: int = 3) -> bytes:
    return zstandard.ZstdCompressor(level=level, write_checksum=checksum).compress(data)


def packed(kind: Compression, data: bytes = TEXT) -> bytes:
    pack = {"gzip": partial(gzip.compress, mtime=0), "bzip2": bz2.compress, "xz": lzma.compress}
    return zstd(data) if kind == "zstd" else pack[kind](data)


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[i : i + size] for i in range(0, len(data), size))


def unpacked(kind: Compression, data: bytes, size: int = 1 << 20) -> bytes:
    return b"".join(decompressed(blocks(data, size), kind, "t.csv"))


def refused(kind: Compression, data: bytes, size: int = 1 << 20) -> ErrorCode:
    with pytest.raises(TerminalError) as caught:
        unpacked(kind, data, size)
    assert caught.value.detail.file == "t.csv"
    return caught.value.code


def skippable(data: bytes) -> bytes:
    return b"\x5a\x2a\x4d\x18" + len(data).to_bytes(4, "little") + data


class TestName:
    @pytest.mark.parametrize("name", ["a.csv.gz", "A.CSV.GZ", ".gz"])
    def test_gzip(self, name: str) -> None:
        assert compression_of(name, b"\x1f\x8b\x08\x00") == "gzip"

    @pytest.mark.parametrize("name", ["a.csv.zst", "a.zstd", "a.ZST"])
    def test_zstd(self, name: str) -> None:
        assert compression_of(name, b"\x28\xb5\x2f\xfd") == "zstd"
        assert compression_of(name, skippable(b"")[:4]) == "zstd"

    @pytest.mark.parametrize(
        ("name", "head", "kind"),
        [
            ("a.csv.bz2", b"BZh91A", "bzip2"),
            ("a.XZ", b"\xfd7zXZ\x00", "xz"),
            ("a.csv.zip", b"PK\x03\x04\x14\x00", "zip"),
            ("a.zip", b"PK\x05\x06\x00\x00", "zip"),
        ],
    )
    def test_others(self, name: str, head: bytes, kind: Compression) -> None:
        assert compression_of(name, head) == kind
        assert compression_of("a.csv", head, kind) == kind
        # Under another name nothing but what follows can tell that it is no text.
        assert compression_of("a.csv", head) == "none"

    @pytest.mark.parametrize("said", ["none", "gzip", "zstd", "bzip2", "xz", "zip"])
    def test_the_mapping_is_held_against_the_content(self, said: Compression) -> None:
        for kind in KINDS:
            head = packed(kind)[:6]
            for name in ("a.csv", "a.csv.gz"):
                if kind == said:
                    assert compression_of(name, head, said) == said
                elif said != "none" or kind in ("gzip", "zstd"):
                    with pytest.raises(TerminalError) as caught:
                        compression_of(name, head, said)
                    assert caught.value.code is ErrorCode.COMPRESSION_WRONG_NAME
                    assert "mapping says" in caught.value.detail.message

    @pytest.mark.parametrize("name", ["a.csv", "gz", "a.gz.csv", "zst", "a.csv~1f8b0808"])
    def test_none(self, name: str) -> None:
        assert compression_of(name, b"a,b\n") == "none"
        assert compression_of(name, b"P") == "none"

    @pytest.mark.parametrize(
        ("name", "head"),
        [
            ("a.csv", b"\x1f\x8b\x08\x00"),
            ("a.csv", b"\x28\xb5\x2f\xfd"),
            ("a.csv.gz", b"a,b\n"),
            ("a.csv.gz", b"\x28\xb5\x2f\xfd"),
            ("a.csv.zst", b"a,b\n"),
            ("a.csv.zst", b"\x1f\x8b\x08\x00"),
            ("a.csv.zst", b"P*M"),
            ("a.csv.bz2", b"a,b\n"),
            ("a.csv.xz", b"BZh91A"),
            ("a.csv.zip", b"\x1f\x8b\x08\x00"),
        ],
    )
    def test_name_and_content_disagree(self, name: str, head: bytes) -> None:
        with pytest.raises(TerminalError) as caught:
            compression_of(name, head)
        assert caught.value.code is ErrorCode.COMPRESSION_WRONG_NAME

    @pytest.mark.parametrize(
        ("name", "magic"),
        [
            ("a.gz", b"\x1f"),
            ("a.zst", b"\x28\xb5\x2f"),
            ("a.bz2", b"BZ"),
            ("a.xz", b"\xfd7zXZ"),
            ("a.zip", b"PK\x03"),
        ],
    )
    def test_cut_within_the_first_bytes(self, name: str, magic: bytes) -> None:
        for size in range(1, len(magic) + 1):
            with pytest.raises(TerminalError) as caught:
                compression_of(name, magic[:size])
            assert caught.value.code is ErrorCode.COMPRESSION_CUT


@pytest.mark.parametrize("kind", KINDS)
class TestAll:
    @pytest.mark.parametrize("size", [1, 2, 3, 7, 100_000])
    def test_round_trip(self, kind: Compression, size: int) -> None:
        assert unpacked(kind, packed(kind), size) == TEXT
        assert unpacked(kind, packed(kind, b""), size) == b""

    def test_members_follow_each_other(self, kind: Compression) -> None:
        data = packed(kind) + packed(kind, b"") + packed(kind, b"more")
        for size in (1, 5, 100_000):
            assert unpacked(kind, data, size) == TEXT + b"more"

    def test_a_cut_anywhere(self, kind: Compression) -> None:
        data = packed(kind)
        for size in range(6, len(data)):
            assert refused(kind, data[:size]) is ErrorCode.COMPRESSION_CUT
        for size in range(1, len(data)):
            assert refused(kind, data + data[:size], 16) is ErrorCode.COMPRESSION_CUT

    def test_a_flipped_bit_anywhere_never_changes_the_text(self, kind: Compression) -> None:
        data = packed(kind)
        refusals = 0
        for at, bit in itertools.product(range(len(data)), range(8)):
            flipped = bytearray(data)
            flipped[at] ^= 1 << bit
            try:
                assert unpacked(kind, bytes(flipped)) == TEXT
            except TerminalError:
                refusals += 1
        assert refusals > 7 * len(data)

    @pytest.mark.parametrize(
        "extra", [b"\0", b"\0" * 512, b"a,b\n", b"\n", b"\x1f\x00", b"\x28\xb6"]
    )
    def test_trailing_bytes(self, kind: Compression, extra: bytes) -> None:
        for size in (1, 100_000):
            found = refused(kind, packed(kind) + extra, size)
            assert found is ErrorCode.COMPRESSION_TRAILING_BYTES

    def test_a_bomb_takes_no_memory(self, kind: Compression) -> None:
        data = packed(kind, bytes(64 << 20))
        tracemalloc.start()
        try:
            total = largest = 0
            for piece in decompressed(blocks(data, 1 << 20), kind, "t.csv"):
                total += len(piece)
                largest = max(largest, len(piece))
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert total == 64 << 20
        assert largest <= 2 * PIECE_BYTES
        assert peak < 12 << 20  # the dictionary of xz alone takes 8


def test_wrong_checksum_and_length_of_gzip() -> None:
    data = packed("gzip")
    for at in range(1, 9):
        broken = data[:-at] + bytes([data[-at] ^ 1]) + data[len(data) - at + 1 :]
        assert refused("gzip", broken) is ErrorCode.COMPRESSION_CORRUPT


def test_wrong_checksum_of_zstd() -> None:
    data = packed("zstd")
    assert refused("zstd", data[:-1] + bytes([data[-1] ^ 1])) is ErrorCode.COMPRESSION_CORRUPT


def test_zstd_without_a_checksum_is_legal() -> None:
    assert unpacked("zstd", zstd(TEXT, checksum=False)) == TEXT


def test_zstd_as_a_stream_of_unknown_size() -> None:
    stream = zstandard.ZstdCompressor(write_checksum=True).compressobj()
    parts = [stream.compress(TEXT), stream.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)]
    data = b"".join([*parts, stream.compress(TEXT), stream.flush()])
    assert unpacked("zstd", data, 3) == TEXT * 2


def test_skippable_frames_are_skipped() -> None:
    data = skippable(b"x" * 300) + packed("zstd") + skippable(b"") + packed("zstd", b"more")
    for size in (1, 100, 100_000):
        assert unpacked("zstd", data + skippable(b"end"), size) == TEXT + b"more"
    assert refused("zstd", data + skippable(b"end")[:-1]) is ErrorCode.COMPRESSION_CUT


def test_a_large_zstd_window_is_refused() -> None:
    parameters = zstandard.ZstdCompressionParameters(window_log=28, write_checksum=1)
    stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj()
    data = stream.compress(TEXT) + stream.flush()
    assert refused("zstd", data) is ErrorCode.COMPRESSION_CORRUPT
    assert unpacked("zstd", zstd(TEXT, level=22)) == TEXT


def test_zstd_frames_that_need_a_dictionary_are_refused() -> None:
    dictionary = zstandard.ZstdCompressionDict(TEXT[:500], zstandard.DICT_TYPE_RAWCONTENT)
    data = zstandard.ZstdCompressor(dict_data=dictionary, write_checksum=True).compress(TEXT)
    assert refused("zstd", data) is ErrorCode.COMPRESSION_CORRUPT


def test_an_impossible_zstd_block() -> None:
    frame = b"\x28\xb5\x2f\xfd\x20\x05" + (5 << 3 | 3 << 1 | 1).to_bytes(3, "little") + b"hello"
    assert refused("zstd", frame) is ErrorCode.COMPRESSION_CORRUPT


def test_gzip_headers_with_all_optional_fields() -> None:
    body = zlib.compressobj(wbits=-15)
    raw = body.compress(TEXT) + body.flush()
    end = zlib.crc32(TEXT).to_bytes(4, "little") + len(TEXT).to_bytes(4, "little")
    head = b"\x1f\x8b\x08\x1c" + bytes(6) + b"\x02\x00xy" + b"name\0" + b"comment\0"
    assert unpacked("gzip", head + raw + end, 1) == TEXT


def test_a_large_xz_dictionary_is_refused() -> None:
    def made(size: int) -> bytes:
        filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": size}]
        return lzma.compress(TEXT, filters=filters)

    assert unpacked("xz", made(64 << 20)) == TEXT
    assert refused("xz", made(2 * MAX_XZ_MEMORY)) is ErrorCode.COMPRESSION_CORRUPT


def test_xz_without_a_check_is_legal_and_one_of_an_unknown_kind_is_not() -> None:
    data = lzma.compress(TEXT, check=lzma.CHECK_NONE)
    assert unpacked("xz", data) == TEXT
    unknown = bytearray(lzma.compress(TEXT, check=lzma.CHECK_CRC32))
    for flags in (7, len(unknown) - 3):  # the kind of check, at both ends of the stream
        unknown[flags] = 2  # reserved, as many bytes as CRC32
    unknown[8:12] = zlib.crc32(unknown[6:8]).to_bytes(4, "little")
    unknown[-12:-8] = zlib.crc32(unknown[-8:-2]).to_bytes(4, "little")
    assert lzma.decompress(unknown) == TEXT  # the library computes nothing, and says nothing
    assert refused("xz", bytes(unknown)) is ErrorCode.COMPRESSION_CORRUPT


def test_padding_between_xz_streams_is_refused() -> None:
    data = packed("xz") + bytes(4) + packed("xz")
    assert refused("xz", data) is ErrorCode.COMPRESSION_TRAILING_BYTES
