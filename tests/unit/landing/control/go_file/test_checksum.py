"""Checksum go files, as the usual programs write them."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.support.go_files import DATA, GO, delivery, read, refusal

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.control.go_file.reading import read_go_file
from airflow_landing_loader.landing.model import Checksum
from airflow_landing_loader.storage.local.zone import LocalZone

CHECKSUM = {"format": "checksum"}
MD5 = "d41d8cd98f00b204e9800998ecf8427e"
SHA256 = hashlib.sha256(b"").hexdigest()
OTHER = "0" * 32


@pytest.mark.parametrize(
    "content",
    [
        MD5,
        f" {MD5.upper()}\r\n\n",
        f"{MD5}  {DATA}\n",
        f"{MD5} *{DATA}\n",
        f"{MD5}\t./{DATA}\n",
        f"{MD5}  whatever\n",
        f"\\{MD5}  C:\\\\out\\\\{DATA}\n",
        f"MD5 ({DATA}) = {MD5}\n",
        f"MD5({DATA})= {MD5}\n",
        f"# made by x\n; and y\n{MD5}  {DATA}\n",
        f"{OTHER}  other.csv\n{MD5}  {DATA}\nSHA256 (x.csv) = {SHA256}\n",
        f"{MD5}  {DATA}\n{MD5} */out/{DATA}\n",
    ],
)
def test_the_forms_that_are_read(tmp_path: Path, content: str) -> None:
    found = read(tmp_path, content, **CHECKSUM)
    assert found.checksum == Checksum(algorithm="md5", hexdigest=MD5)
    assert (found.expected_records, found.size) == (None, None)


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ("", ErrorCode.GO_FILE_NO_LINE, 1),
        ("#\n", ErrorCode.GO_FILE_NO_LINE, 1),
        (f"{MD5}\n{MD5}\n", ErrorCode.GO_FILE_NO_LINE, 1),
        (f"{MD5}  a.csv\n{MD5}  b.csv\n", ErrorCode.GO_FILE_NO_LINE, 1),
        (f"\n{MD5}  trades_1.csv\n", ErrorCode.GO_FILE_OTHER_FILE, 2),
        (f"MD5 (x.csv) = {MD5}\n", ErrorCode.GO_FILE_OTHER_FILE, 1),
        (f"{MD5}  {DATA}\n{OTHER}  {DATA}\n", ErrorCode.GO_FILE_BAD_CHECKSUM, 2),
        ("\n" + MD5[:-1], ErrorCode.GO_FILE_BAD_CHECKSUM, 2),
        (f"{MD5}x", ErrorCode.GO_FILE_BAD_CHECKSUM, 1),
        (f"{MD5}\n{DATA}", ErrorCode.GO_FILE_BAD_CHECKSUM, 2),
        ("ﬀ" * 16, ErrorCode.GO_FILE_BAD_CHECKSUM, 1),
        (f"SHA256 ({DATA}) = {MD5}", ErrorCode.GO_FILE_BAD_CHECKSUM, 1),
        (f"CRC32 ({DATA}) = {MD5}", ErrorCode.GO_FILE_BAD_CHECKSUM, 1),
        (b"\xff" + MD5.encode(), ErrorCode.GO_FILE_UNREADABLE, 1),
    ],
)
def test_refusals(tmp_path: Path, content: str | bytes, code: ErrorCode, line: int) -> None:
    error = refusal(tmp_path, content, **CHECKSUM)
    assert (error.code, error.detail.line) == (code, line)


@pytest.mark.parametrize("ending", ["md5", "MD5", "md5sum"])
def test_the_ending_of_the_name_says_the_algorithm_too(tmp_path: Path, ending: str) -> None:
    zone = LocalZone(str(tmp_path))
    for content, good in ((MD5, True), (SHA256, False)):
        seen = delivery(tmp_path, content, **CHECKSUM)
        (tmp_path / GO).rename(tmp_path / f"{DATA}.{ending}")
        seen = replace(seen, go=zone.stat(f"{DATA}.{ending}"))
        if good:
            assert read_go_file(zone, seen).checksum is not None
            continue
        with pytest.raises(TerminalError) as caught:
            read_go_file(zone, seen)
        assert caught.value.code is ErrorCode.GO_FILE_BAD_CHECKSUM
        assert "md5" in caught.value.detail.message


@pytest.mark.parametrize("program", ["md5sum", "sha1sum", "sha256sum", "sha512sum"])
@pytest.mark.parametrize("option", [[], ["--tag"], ["--binary"]])
def test_what_the_programs_write_is_read(tmp_path: Path, program: str, option: list[str]) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"no {program} here")
    for name in (DATA, "other.csv", "a\nb.csv"):
        (tmp_path / name).write_text("a,b\n")
    names = sorted(path.name for path in tmp_path.iterdir())
    command = [program, *option, *names]
    written = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout
    found = read(tmp_path, written, **CHECKSUM).checksum
    assert found is not None
    assert found.algorithm == program.removesuffix("sum")
    assert found.hexdigest == hashlib.new(found.algorithm, b"a,b\n").hexdigest()


@pytest.mark.parametrize(
    ("said", "algorithm"),
    [("0" * 32, "md5"), ("aB" * 20, "sha1"), ("F" * 64, "sha256"), ("1" * 128, "sha512")],
)
def test_a_checksum_among_other_values(tmp_path: Path, said: str, algorithm: str) -> None:
    for rules, content in (
        ({"format": "properties", "checksum": "hash"}, f"hash={said}"),
        ({"format": "csv", "checksum": 2}, f"{DATA},{said}"),
        ({"format": "json", "checksum": "$.hash"}, f'{{"hash": "{said}"}}'),
    ):
        found: Any = read(tmp_path, content, **rules)
        assert found.checksum == Checksum(algorithm=algorithm, hexdigest=said.lower())  # type: ignore[arg-type]
        error = refusal(tmp_path, content.replace(said, said[:-1]), **rules)
        assert error.code is ErrorCode.GO_FILE_BAD_CHECKSUM


def test_numbers_of_sequences(tmp_path: Path) -> None:
    rules: dict[str, Any] = {"format": "properties", "size": "size", "sequence_number": "seq"}
    for said, number in (("0", 0), ("0042", 42), ("9" * 18, 10**18 - 1)):
        assert read(tmp_path, f"size=4\nseq={said}\n", **rules).sequence_number == number
    for wrong in ("", "-1", "1.0", "1,000", "\N{ARABIC-INDIC DIGIT TWO}", "0x1", str(10**18)):
        error = refusal(tmp_path, f"size=4\nseq={wrong}\n", **rules)
        assert error.code is ErrorCode.GO_FILE_BAD_NUMBER
    assert refusal(tmp_path, "size=4\n", **rules).code is ErrorCode.GO_FILE_NO_KEY


def test_sizes_and_business_dates(tmp_path: Path) -> None:
    rules = {"format": "csv", "size": 1, "business_date": 2}
    for day in ("2024-02-29", "20240229"):
        found = read(tmp_path, f"007,{day}", **rules)
        assert (found.size, found.business_date) == (7, "2024-02-29")
    for content, code in (
        ("7x,20240115", ErrorCode.GO_FILE_BAD_SIZE),
        ("-7,20240115", ErrorCode.GO_FILE_BAD_SIZE),
        (",20240115", ErrorCode.GO_FILE_BAD_SIZE),
        ("7,2023-02-29", ErrorCode.GO_FILE_BAD_DATE),
        ("7,2024-0115", ErrorCode.GO_FILE_BAD_DATE),
        ("7,15.01.2024", ErrorCode.GO_FILE_BAD_DATE),
        ("7,2024-W03-1", ErrorCode.GO_FILE_BAD_DATE),
        ("7,\N{ARABIC-INDIC DIGIT TWO}0240115", ErrorCode.GO_FILE_BAD_DATE),
        ("7,", ErrorCode.GO_FILE_BAD_DATE),
        ("7", ErrorCode.GO_FILE_NO_KEY),
    ):
        error = refusal(tmp_path, content, **rules)
        assert error.code is code
        assert "2024" not in error.detail.message.replace("2024-01-15 or 20240115", "")
