from __future__ import annotations

import codecs
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.encodings import ENCODINGS
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.text.encoding import UndecodableTextError, decoded

SAMPLE = "id,naïve café\n1,ÿÀ\n"
WESTERN = (
    "utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "latin-1", "iso-8859-15",
    "windows-1252", "cp1140", "gb18030",
)  # fmt: skip
SIZES = (1, 2, 3, 4, 1000)


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    return (data[i : i + size] for i in range(0, len(data), size))


def read(data: bytes, encoding: str, size: int = 1000) -> tuple[bytes, UndecodableTextError | None]:
    """The text as far as it goes, and what ends it."""
    text, found = b"", None
    try:
        for block in decoded(blocks(data, size), encoding, "t.csv"):
            assert block
            text += block
    except UndecodableTextError as error:
        found = error
    if found is not None:
        assert found.code is ErrorCode.ENCODING_INVALID
        assert found.detail.file == "t.csv"
    return text, found


@pytest.mark.parametrize("encoding", WESTERN)
@pytest.mark.parametrize("size", SIZES)
def test_the_encodings_that_have_the_sample(encoding: str, size: int) -> None:
    assert read(SAMPLE.encode(encoding), encoding, size) == (SAMPLE.encode(), None)
    assert read(b"", encoding, size)[0] == b""


@pytest.mark.parametrize("size", SIZES)
def test_marks_are_dropped(size: int) -> None:
    wanted = (SAMPLE.encode(), None)
    assert read(codecs.BOM_UTF8 + SAMPLE.encode(), "utf-8", size) == wanted
    for mark, order in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        assert read(mark + SAMPLE.encode(order), "utf-16", size) == wanted
        assert read(mark + SAMPLE.encode(order), order, size) == wanted


@pytest.mark.parametrize("size", SIZES)
def test_marks_behind_the_first_one_are_dropped_and_later_ones_are_text(size: int) -> None:
    text = '"a"\ufeff'
    for encoding in ("utf-8", "utf-16", "gb18030"):
        marked = ("\ufeff" * 3 + text).encode(encoding)
        assert read(marked, encoding, size) == (text.encode(), None)
    assert read(codecs.BOM_UTF8 * 2, "utf-8", size) == (b"", None)


@pytest.mark.parametrize(
    ("mark", "encoding"),
    [
        (codecs.BOM_UTF16_LE, "utf-8"),
        (codecs.BOM_UTF16_BE, "utf-8"),
        (codecs.BOM_UTF16_BE, "utf-16-le"),
        (codecs.BOM_UTF16_LE, "utf-16-be"),
        (codecs.BOM_UTF8, "utf-16"),
        (codecs.BOM_UTF8, "latin-1"),
        (codecs.BOM_UTF16_LE, "windows-1252"),
    ],
)
def test_a_mark_of_another_encoding_is_refused(mark: bytes, encoding: str) -> None:
    text, error = read(mark + b"a\0b\0", encoding)
    assert text == b""
    assert error is not None
    assert "csv.encoding" in (error.detail.hint or "")


def test_utf_16_needs_a_mark() -> None:
    text, error = read(SAMPLE.encode("utf-16-le"), "utf-16")
    assert text == b""
    assert error is not None


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("bad", "encoding"),
    [
        (b"\xff", "utf-8"),
        (b"\xc3(", "utf-8"),
        (b"\xc0\xaf", "utf-8"),
        (b"\xed\xa0\x80", "utf-8"),
        (b"\xf4\x90\x80\x80", "utf-8"),
        (b"\xe2\x82", "utf-8"),
        (b"\x81", "windows-1252"),
        (b"\x00\xdc\x00\x00", "utf-16-le"),
        (b"\xd8\x00\x00a", "utf-16-be"),
        (b"\x41", "utf-16-le"),
    ],
)
def test_everything_before_the_bad_byte_is_given(bad: bytes, encoding: str, size: int) -> None:
    text, error = read(SAMPLE.encode(encoding) + bad, encoding, size)
    assert text == SAMPLE.encode()
    assert error is not None


@given(st.binary(max_size=60), st.sampled_from(tuple(ENCODINGS)), st.sampled_from(SIZES))
def test_agrees_with_python(data: bytes, encoding: str, size: int) -> None:
    text, error = read(data, encoding, size)
    marks = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if data.startswith(marks) or encoding in ("utf-16", "utf-32"):
        return
    good, wrong = len(data), False
    try:
        data.decode(encoding)
    except UnicodeDecodeError as refusal:
        good, wrong = refusal.start, True
    wanted = data[:good].decode(encoding)
    wanted = wanted.replace("\x85", "\n") if "A".encode(encoding) == b"\xc1" else wanted
    assert text == (wanted if wrong else wanted.removesuffix("\x1a")).encode()
    assert (error is not None) == wrong
