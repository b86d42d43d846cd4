from __future__ import annotations

import errno
import gzip
import hashlib
import os
from itertools import islice
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st
from tests.support.hostile.delivered import source_at

from airflow_landing_loader.config.mapping.fields import Compression
from airflow_landing_loader.exceptions import ErrorCode, LandingError, TerminalError, TransientError
from airflow_landing_loader.landing.text import stream as text_module
from airflow_landing_loader.landing.text.compression import Expansion
from airflow_landing_loader.landing.text.encoding import UndecodableTextError
from airflow_landing_loader.landing.text.stream import (
    BLOCK_BYTES,
    HEAD_BYTES,
    HashedBlocks,
    TextPass,
    open_text,
)

TEXT = "".join(f"{i},naïve {i}\r\n" for i in range(300))
UTF8 = TEXT.encode()


def deliver(folder: Path, name: str, data: bytes) -> str:
    path = folder / name
    path.write_bytes(data)
    return str(path)


@pytest.fixture(scope="module")
def streams(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Compression, str]]:
    """One text in many dresses: path, compression, encoding."""
    folder = tmp_path_factory.mktemp("streams")
    latin = TEXT.encode("latin-1")
    zstd = zstandard.ZstdCompressor(write_checksum=True)
    return [
        (deliver(folder, "plain.csv", UTF8), "none", "utf-8"),
        (deliver(folder, "bom.csv", b"\xef\xbb\xbf" + UTF8), "none", "utf-8"),
        (deliver(folder, "latin.csv", latin), "none", "latin-1"),
        (deliver(folder, "wide.csv", TEXT.encode("utf-16")), "none", "utf-16"),
        (deliver(folder, "a.csv.gz", gzip.compress(b"\xef\xbb\xbf" + UTF8)), "gzip", "utf-8"),
        (deliver(folder, "a.csv.zst", zstd.compress(latin)), "zstd", "latin-1"),
    ]


ANY_SIZE = Expansion(ratio=1, free_bytes=1 << 40)


class TestPass:
    @pytest.mark.parametrize("block", [1, 7, 1000, 1 << 20])
    def test_hash_and_size_are_of_the_delivered_bytes(
        self,
        streams: list[tuple[str, Compression, str]],
        block: int,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(text_module, "BLOCK_BYTES", block)
        for path, compression, encoding in streams:
            delivered = Path(path).read_bytes()
            with TextPass(source_at(path), encoding, ANY_SIZE) as found:
                assert b"".join(found.blocks()) == UTF8
                assert found.compression == compression
                assert found.size == len(delivered)
                assert found.sha256() == hashlib.sha256(delivered).hexdigest()
                assert found.name == Path(path).name

    def test_a_large_file_is_hashed_beside(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(text_module, "_THREAD_FROM_BYTES", 1)
        monkeypatch.setattr(text_module, "BLOCK_BYTES", 10)
        with TextPass(source_at(deliver(tmp_path, "a.csv", UTF8)), "utf-8", ANY_SIZE) as found:
            assert b"".join(found.blocks()) == UTF8
            assert found.sha256() == hashlib.sha256(UTF8).hexdigest()

    def test_the_head_is_decompressed(self, tmp_path: Path) -> None:
        path = deliver(tmp_path, "a.csv.gz", gzip.compress(UTF8))
        with TextPass(source_at(path), "utf-8", ANY_SIZE) as found:
            next(found.blocks())
            assert found.head() == UTF8[:HEAD_BYTES]

    def test_finish_follows_compression_to_its_end(self, tmp_path: Path) -> None:
        path = deliver(tmp_path, "a.csv.gz", gzip.compress(UTF8)[:-1])
        with TextPass(source_at(path), "utf-8", ANY_SIZE) as found:
            next(found.blocks())
            with pytest.raises(TerminalError) as caught:
                found.finish()
        assert caught.value.code is ErrorCode.COMPRESSION_CUT

    def test_an_empty_file(self, tmp_path: Path) -> None:
        for name in ("a.csv", "a.csv.gz", "a.csv.zst"):
            with TextPass(source_at(deliver(tmp_path, name, b"")), "utf-8", ANY_SIZE) as text:
                assert list(text.blocks()) == []  # whether it may be empty, the inspection knows


class Bytes:
    """A delivered file that cannot be read from some place on."""

    token = ""

    def __init__(self, content: bytes, *, size: int, broken_at: int | None = None) -> None:
        self.content, self.size, self.broken_at = content, size, broken_at

    def read_at(self, size: int, position: int) -> bytes:
        if self.broken_at is not None and position >= self.broken_at:
            raise TransientError(ErrorCode.LANDING_UNREADABLE, "broken")
        return self.content[position : position + size]

    def close(self) -> None: ...


@pytest.mark.parametrize("size", [0, 1 << 40], ids=["one thread", "a thread that reads ahead"])
class TestHashedBlocks:
    CONTENT = bytes(range(251)) * (11 * BLOCK_BYTES // 251)

    def test_blocks_come_in_order(self, size: int) -> None:
        blocks = HashedBlocks(Bytes(self.CONTENT, size=size))
        assert b"".join(blocks) == self.CONTENT
        assert blocks.size == len(self.CONTENT)
        assert blocks.hexdigest() == hashlib.sha256(self.CONTENT).hexdigest()
        blocks.close()

    def test_an_error_comes_after_all_before_it(self, size: int) -> None:
        blocks = HashedBlocks(Bytes(self.CONTENT, size=size, broken_at=7 * BLOCK_BYTES))
        given = iter(blocks)
        assert b"".join(islice(given, 7)) == self.CONTENT[: 7 * BLOCK_BYTES]
        with pytest.raises(TransientError):
            next(given)
        blocks.close()

    def test_it_ends_before_its_end(self, size: int) -> None:
        blocks = HashedBlocks(Bytes(self.CONTENT, size=size))
        assert next(iter(blocks)) == self.CONTENT[:BLOCK_BYTES]
        blocks.close()


class TestOpen:
    def error(self, path: str) -> LandingError:
        with pytest.raises(LandingError) as of_stream:
            open_text(source_at(path), "none", "utf-8")
        with pytest.raises(LandingError) as of_pass:
            TextPass(source_at(path), "utf-8", ANY_SIZE)
        assert of_pass.value.code is of_stream.value.code
        return of_stream.value

    def test_nothing_there(self, tmp_path: Path) -> None:
        error = self.error(str(tmp_path / "a.csv"))
        assert error.code is ErrorCode.LANDING_DISAPPEARED
        assert isinstance(error, TransientError)

    def test_links_folders_and_pipes_are_no_files(self, tmp_path: Path) -> None:
        target = deliver(tmp_path, "target.csv", UTF8)
        (tmp_path / "link.csv").symlink_to(target)
        (tmp_path / "folder.csv").mkdir()
        os.mkfifo(tmp_path / "pipe.csv")
        for name in ("link.csv", "folder.csv", "pipe.csv"):
            error = self.error(str(tmp_path / name))
            assert error.code is ErrorCode.LANDING_NOT_A_FILE
            assert isinstance(error, TerminalError)

    @pytest.mark.parametrize("number", [errno.EACCES, errno.EIO, errno.ENAMETOOLONG])
    def test_a_file_that_cannot_be_opened(
        self, tmp_path: Path, number: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = deliver(tmp_path, "a.csv", UTF8)

        def fail(*_: object) -> int:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(os, "open", fail)
        error = self.error(path)
        assert error.code is ErrorCode.LANDING_UNREADABLE
        assert isinstance(error, TransientError)

    def test_a_disk_that_fails_while_reading(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = deliver(tmp_path, "a.csv", UTF8)
        real = os.pread

        def fail(descriptor: int, size: int, offset: int) -> bytes:
            if offset >= 100:
                raise OSError(errno.EIO, os.strerror(errno.EIO))
            return real(descriptor, size, offset)

        monkeypatch.setattr(text_module, "BLOCK_BYTES", 50)
        monkeypatch.setattr(os, "pread", fail)
        with (
            TextPass(source_at(path), "utf-8", ANY_SIZE) as found,
            pytest.raises(TransientError) as of_pass,
        ):
            list(found.blocks())
        with open_text(source_at(path), "none", "utf-8") as stream:
            assert stream.read(100) == UTF8[:100]
            with pytest.raises(TransientError) as of_stream:
                stream.read(1)
        assert of_pass.value.code is of_stream.value.code is ErrorCode.LANDING_UNREADABLE

    def test_strange_names(self, tmp_path: Path) -> None:
        for raw in (b"a b.csv", b"\xff\xfe.csv", b"new\nline.csv", b"[a]*?{}.csv"):
            path = os.fsdecode(os.fsencode(tmp_path) + b"/" + raw)
            with open(path, "wb") as file:
                file.write(UTF8)
            with TextPass(source_at(path), "utf-8", ANY_SIZE) as found:
                assert b"".join(found.blocks()) == UTF8


class TestStream:
    def test_reads_all(self, streams: list[tuple[str, Compression, str]]) -> None:
        for arguments in streams:
            with open_text(source_at(arguments[0]), *arguments[1:]) as stream:
                assert stream.readable()
                assert stream.seekable()
                assert stream.read() == UTF8
                assert stream.read() == stream.read(5) == b""
                assert stream.tell() == len(UTF8)
            assert stream.closed

    def test_reads_exactly_what_is_asked_for(
        self, streams: list[tuple[str, Compression, str]], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(text_module, "BLOCK_BYTES", 11)
        for arguments in streams:
            with open_text(source_at(arguments[0]), *arguments[1:]) as stream:
                assert stream.read(0) == b""
                assert stream.read(100) == UTF8[:100]
                buffer = bytearray(50)
                assert stream.readinto(buffer) == 50
                assert bytes(buffer) == UTF8[100:150]
                assert stream.read() == UTF8[150:]
                assert stream.readinto(buffer) == 0

    @given(st.lists(st.tuples(st.integers(0, len(UTF8) + 9), st.integers(0, 99)), max_size=6))
    def test_seeks_anywhere(
        self, streams: list[tuple[str, Compression, str]], steps: list[tuple[int, int]]
    ) -> None:
        for arguments in streams:
            with open_text(source_at(arguments[0]), *arguments[1:]) as stream:
                for offset, size in steps:
                    assert stream.seek(offset) == stream.tell() == offset
                    assert stream.read(size) == UTF8[offset : offset + size]
                    at = stream.tell()
                    assert at == offset + len(UTF8[offset : offset + size])
                    assert stream.seek(3, os.SEEK_CUR) == at + 3

    def test_seeks_that_make_no_sense(self, streams: list[tuple[str, Compression, str]]) -> None:
        for arguments in streams:
            with open_text(source_at(arguments[0]), *arguments[1:]) as stream:
                with pytest.raises(ValueError, match="before the start"):
                    stream.seek(-1)
                with pytest.raises(ValueError, match="end of the text"):
                    stream.seek(0, os.SEEK_END)

    def test_damage_shows_while_reading(self, tmp_path: Path) -> None:
        path = deliver(tmp_path, "a.csv", b"abc\xe9")
        with open_text(source_at(path), "none", "utf-8") as stream:
            assert stream.read() == b"abc\xe9"
        with open_text(source_at(path), "none", "utf-16-le") as stream:
            assert stream.read(100) == b"abc\xe9".decode("utf-16-le").encode()
        path = deliver(tmp_path, "b.csv", b"abc\x81")
        with (
            open_text(source_at(path), "none", "windows-1252") as stream,
            pytest.raises(UndecodableTextError),
        ):
            stream.read()
