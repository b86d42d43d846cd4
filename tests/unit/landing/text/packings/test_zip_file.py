"""Archives of one file: read whole or refused, whoever wrote them and whatever they hide."""

from __future__ import annotations

import io
import itertools
import random
import struct
import zipfile
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.text.compression import decompressed

TEXT = b"".join(b"%d,row number %d\n" % (i, i * i) for i in range(60))
NOISE = random.Random(1).randbytes(700_000)


class Pipe(io.RawIOBase):
    """Something to write to that cannot be sought: a writer has to put sizes behind."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: bytes | bytearray | memoryview, /) -> int:  # type: ignore[override]
        self.written += data
        return len(data)


def archive(
    *members: tuple[str, bytes],
    method: int = zipfile.ZIP_DEFLATED,
    streamed: bool = False,
    zip64: bool = False,
    comment: bytes = b"",
) -> bytes:
    target = Pipe() if streamed else io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as file:
        for name, data in members:
            with file.open(name, "w", force_zip64=zip64) as member:
                member.write(data)
        file.comment = comment
    return bytes(target.written) if isinstance(target, Pipe) else target.getvalue()


def unpacked(data: bytes, size: int = 1 << 20) -> bytes:
    blocks: Iterator[bytes] = (data[i : i + size] for i in range(0, len(data), size))
    return b"".join(decompressed(blocks, "zip", "t.zip"))


def refused(data: bytes) -> ErrorCode:
    with pytest.raises(TerminalError) as caught:
        unpacked(data)
    assert caught.value.detail.file == "t.zip"
    assert caught.value.detail.hint
    return caught.value.code


PLAIN = archive(("a.csv", TEXT))


@pytest.mark.parametrize("size", [1, 3, 100, 1 << 20])
@pytest.mark.parametrize("keys", [{}, {"streamed": True}, {"zip64": True}, {"comment": b"PK\x05"}])
def test_one_file(keys: dict[str, object], size: int) -> None:
    assert unpacked(archive(("a.csv", TEXT), **keys), size) == TEXT  # type: ignore[arg-type]


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("zip64", [False, True])
def test_pieces_that_are_full(streamed: bool, zip64: bool) -> None:
    text = NOISE + bytes(3 << 20) + NOISE
    assert unpacked(archive(("a", text), streamed=streamed, zip64=zip64)) == text


def test_stored() -> None:
    for text in (b"", TEXT, NOISE):
        assert unpacked(archive(("a.csv", text), method=zipfile.ZIP_STORED), 1000) == text
    data = archive(("a.csv", TEXT), method=zipfile.ZIP_STORED, streamed=True)
    assert refused(data) is ErrorCode.COMPRESSION_UNSUPPORTED


@given(st.binary(max_size=400), st.booleans(), st.booleans(), st.integers(1, 50))
def test_whatever_is_in_it(text: bytes, streamed: bool, zip64: bool, size: int) -> None:
    assert unpacked(archive(("a.csv", text), streamed=streamed, zip64=zip64), size) == text


def test_a_descriptor_without_a_mark_and_with_wide_sizes() -> None:
    """Java writes wide sizes without saying so in front; others leave the mark out."""
    data = archive(("a.csv", TEXT), streamed=True)
    at = data.index(b"PK\x07\x08")
    crc, packed, size = struct.unpack_from("<III", data, at + 4)
    for form in (
        struct.pack("<III", crc, packed, size),
        struct.pack("<IQQ", crc, packed, size),
        b"PK\x07\x08" + struct.pack("<IQQ", crc, packed, size),
    ):
        changed = data[:at] + form + data[at + 16 :]
        end = changed.rindex(b"PK\x05\x06")
        moved = struct.unpack_from("<I", changed, end + 16)[0] + len(form) - 16
        changed = changed[: end + 16] + struct.pack("<I", moved) + changed[end + 20 :]
        assert unpacked(changed) == TEXT
        assert refused(changed.replace(form, bytes(len(form)))) is ErrorCode.COMPRESSION_CORRUPT


def test_names_mean_nothing() -> None:
    for name in ("../../etc/passwd", "/a", "C:\\a.csv", "a\nb", "ü.csv", "x" * 5000):
        assert unpacked(archive((name, TEXT))) == TEXT


def test_folders_and_what_macos_adds_do_not_count() -> None:
    beside = [("d/", b""), ("d/a.csv", TEXT), ("__MACOSX/", b""), ("__MACOSX/d/._a.csv", b"\0\1")]
    for members in itertools.permutations(beside):
        assert unpacked(archive(*members)) == TEXT


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ((), "compression.not_one_file"),
        ((("d/", b""),), "compression.not_one_file"),
        ((("a.csv", TEXT), ("b.csv", TEXT)), "compression.not_one_file"),
        ((("a.csv", TEXT), ("b.csv", b"")), "compression.not_one_file"),
        ((("a.csv", TEXT), ("d/", b"1,hidden\n")), "compression.not_one_file"),
        ((("a.csv", TEXT), ("__MACOSX/x", bytes(2 << 20))), "compression.not_one_file"),
        ((("a.csv", TEXT), *((f"{n}/", b"") for n in range(100))), "compression.not_one_file"),
    ],
)
def test_not_one_file(members: tuple[tuple[str, bytes], ...], code: str) -> None:
    assert refused(archive(*members)).value == code


def test_unsupported() -> None:
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        data = archive(("a.csv", TEXT), method=method)
        assert refused(data) is ErrorCode.COMPRESSION_UNSUPPORTED
    for flag in (0x01, 0x40):
        data = PLAIN[:6] + bytes([PLAIN[6] | flag]) + PLAIN[7:]
        assert refused(data) is ErrorCode.COMPRESSION_UNSUPPORTED


@pytest.mark.parametrize("keys", [{}, {"streamed": True}, {"zip64": True}, {"comment": b"end"}])
def test_a_cut_anywhere(keys: dict[str, object]) -> None:
    data = archive(("a.csv", TEXT), **keys)  # type: ignore[arg-type]
    for size in range(4, len(data)):
        assert refused(data[:size]) is ErrorCode.COMPRESSION_CUT


@pytest.mark.parametrize("extra", [b"\0", b"PK\x03\x04", b"\n", PLAIN])
def test_trailing_bytes(extra: bytes) -> None:
    assert refused(PLAIN + extra) is ErrorCode.COMPRESSION_TRAILING_BYTES


@pytest.mark.parametrize("keys", [{}, {"streamed": True}, {"zip64": True}])
def test_a_flipped_bit_anywhere_never_changes_the_text(keys: dict[str, object]) -> None:
    data = archive(("a.csv", TEXT), **keys)  # type: ignore[arg-type]
    refusals = 0
    for at, bit in itertools.product(range(len(data)), range(8)):
        flipped = bytearray(data)
        flipped[at] ^= 1 << bit
        try:
            assert unpacked(bytes(flipped)) == TEXT
        except TerminalError:
            refusals += 1
    assert refusals > 6 * len(data)  # times and rights of the member mean nothing


def _moved(data: bytes, by: int, count: int = 0) -> bytes:
    """An archive whose end says that its directory lies elsewhere, and of more members."""
    end = data.rindex(b"PK\x05\x06")
    fields = list(struct.unpack_from("<4H2I", data, end + 4))
    fields[2] += count
    fields[3] += count
    fields[5] += by
    return data[: end + 4] + struct.pack("<4H2I", *fields) + data[end + 20 :]


def _before(data: bytes) -> bytes:
    return b"#!/bin/sh\n" + data


def _between(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02")
    return _moved(data[:at] + b"hidden" + data[at:], 6)


def _two_directories(data: bytes) -> bytes:
    other = archive(("a.csv", TEXT[::-1]))
    return _moved(other[: other.index(b"PK\x01\x02")] + data, other.index(b"PK\x01\x02"))


def _listed_twice(data: bytes) -> bytes:
    at, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    return _moved(data[:end] + data[at:end] + data[end:], 0, 1)


def _listed_elsewhere(data: bytes) -> bytes:
    at = data.index(b"PK\x01\x02") + 42
    return data[:at] + struct.pack("<I", 7) + data[at + 4 :]


def _other_name(data: bytes) -> bytes:
    at = data.rindex(b"a.csv")
    return data[:at] + b"b.csv" + data[at + 5 :]


@pytest.mark.parametrize(
    "hostile",
    [_before, _between, _two_directories, _listed_twice, _listed_elsewhere, _other_name],
)
def test_what_only_some_readers_see_is_refused(hostile: Callable[[bytes], bytes]) -> None:
    assert refused(hostile(PLAIN)) in (
        ErrorCode.COMPRESSION_CORRUPT,
        ErrorCode.COMPRESSION_NOT_ONE_FILE,
    )
