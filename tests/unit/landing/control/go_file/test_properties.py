r"""Properties as Java reads them: what its own writer writes, and what people write by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.go_files import DATA, PROPERTIES, read, refusal

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.landing.control.go_file import properties
from fuzzing.model import go_properties
from fuzzing.model.go_names import UnfitError

shared_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.parametrize(
    "content",
    [
        "record_count 5",
        "record_count\t5",
        "record_count\f:\f5",
        "record_count\\\n  = \\\r\n\t5",
        "record_\\\n   count=5",
        "\\\nrecord_count=5",
        "record_count=5\\",
        r"record\u005fcount=\u0035",
        r"re\cord_count=\5",
        r"record_count=\u0020 5\t",
        "  # record_count=1 \\\nrecord_count=5",
        "a=1\\\n#not a comment\nrecord_count=5",
        "a banner\nkey alone\nrecord_count=5",
        "a=x\\\\\nrecord_count=5",
        "é=ü\nrecord_count=5",
        r"smile=\ud83d\ude00" + "\nrecord_count=5",
    ],
)
def test_what_java_writes_is_read(tmp_path: Path, content: str) -> None:
    assert read(tmp_path, content, **PROPERTIES).expected_records == 5


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (r"record\ count=5", "record count"),
        ("Record Count: 5", "Record Count"),
        ("Record Count :5\nRecord Date: 7", "Record Count"),
        ("Record Count: 5\ndir \\\\server\\users\nfrom \\\\server\\users=x", "Record Count"),
        (r"a\=b=5", "a=b"),
        (r"a\:b 5", "a:b"),
        ("=5", ""),
        (r"\\=5", "\\"),
    ],
)
def test_keys_with_signs_and_blanks(tmp_path: Path, content: str, key: str) -> None:
    if key:
        found = read(tmp_path, content, format="properties", row_count=key)
        assert found.expected_records == 5
    else:
        assert refusal(tmp_path, content, **PROPERTIES).code is ErrorCode.GO_FILE_NO_KEY


@pytest.mark.parametrize(
    ("content", "code", "line"),
    [
        ("a=b\nrecord_count=\\u12", ErrorCode.GO_FILE_UNREADABLE, 2),
        ("a=b\n\\u123x=5\nrecord_count=5", ErrorCode.GO_FILE_UNREADABLE, 2),
        ("record_count=5\nfile=users\\upload", ErrorCode.GO_FILE_UNREADABLE, 2),
        ("record_count=5\nx=a\\\nb\\ud83d", ErrorCode.GO_FILE_UNREADABLE, 2),
        ("a=b\n\nrecord_count=\\\n\n6x", ErrorCode.GO_FILE_BAD_COUNT, 3),
        ("record_count 5\nrecord_count: 6", ErrorCode.GO_FILE_BAD_COUNT, 2),
        ("Record Count: 5", ErrorCode.GO_FILE_NO_KEY, 1),
    ],
)
def test_refusals(tmp_path: Path, content: str, code: ErrorCode, line: int) -> None:
    error = refusal(tmp_path, content, **PROPERTIES)
    assert (error.code, error.detail.line) == (code, line)


def test_a_line_swallowed_by_a_backslash_is_told(tmp_path: Path) -> None:
    error = refusal(tmp_path, "dir=C:\\out\\\nrecord_count=5\n", **PROPERTIES)
    assert error.code is ErrorCode.GO_FILE_NO_KEY
    assert "ends in a backslash goes on in the next one" in (error.detail.hint or "")


def test_names_are_compared_with_their_backslashes_and_without(tmp_path: Path) -> None:
    for line in (
        f"file=C:\\data\\{DATA}",
        f"file=C:\\users\\{DATA}",
        f"file \\\\server\\upload\\{DATA}",
        f"file=C:\\\\data\\\\{DATA}",
        "file=trades_2024\\u00301\\\n   15.csv",
    ):
        text = f"{line}\nrecord_count=5"
        assert read(tmp_path, text, **PROPERTIES).expected_records == 5
    for line in (
        "dir=C:\\out\\\nfile=trades_1.csv",
        "file=C:\\users\\trades_1.csv",
        "file=C:\\data\\trades_1.csv",
        "about=C:\\\\trades_1.csv",
        "file=trades\\u005f1.csv",
    ):
        error = refusal(tmp_path, f"record_count=5\n{line}", **PROPERTIES)
        assert error.code is ErrorCode.GO_FILE_OTHER_FILE
        assert error.detail.line == 2 + line.count("\n")


def test_a_key_of_only_a_status_or_a_checksum(tmp_path: Path) -> None:
    found = read(tmp_path, "state=SUCCESS", format="properties", status="state")
    assert (found.status, found.expected_records) == ("SUCCESS", None)


def java_store(key: str, value: str) -> str:
    """A line as ``java.util.Properties.store`` writes it."""

    def escaped(text: str, *, key: bool) -> str:
        pieces = []
        for place, char in enumerate(text):
            if char == " ":
                pieces.append("\\ " if key or place == 0 else " ")
            elif char in "\t\n\r\f":
                pieces.append("\\" + {"\t": "t", "\n": "n", "\r": "r", "\f": "f"}[char])
            elif char in "\\=:#!":
                pieces.append("\\" + char)
            elif " " < char <= "~":
                pieces.append(char)
            else:
                units = char.encode("utf-16-be").hex()
                pieces += [f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4)]
        return "".join(pieces)

    return f"{escaped(key, key=True)}={escaped(value, key=False)}\n"


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
names = texts.map(lambda text: text.strip(" \t\f"))


@shared_folder
@given(key=names.filter(bool), value=names, others=st.dictionaries(texts, texts, max_size=3))
def test_what_java_stores_comes_back(
    tmp_path: Path, key: str, value: str, others: dict[str, str]
) -> None:
    others = {name: text for name, text in others.items() if name.strip(" \t\f") != key}
    lines = [java_store(*pair) for pair in others.items()] + [java_store(key, value)]
    rules = {"format": "properties", "status": key, "status_ok": [value or "-"]}
    if not value:
        assert refusal(tmp_path, "".join(lines), **rules).code is ErrorCode.GO_FILE_BAD_STATUS
    else:
        assert read(tmp_path, "".join(lines), **rules).status == value


signs = st.sampled_from(
    ["a", "b", "\\", "\\u0041", "=", ":", " ", "\t", "\f", "\n", "\r", "#", "!", "u"]
)


@given(st.lists(signs, max_size=25).map("".join))
def test_lines_are_cut_as_java_cuts_them(text: str) -> None:
    """Against a reader that goes character by character."""
    lines = [list(line.pieces) for line in properties._lines(text)]
    assert lines == list(go_properties.logical_lines(text))


def test_a_line_of_a_mebibyte_takes_no_time(tmp_path: Path) -> None:
    """Of blanks, signs or backslashes: an expression that goes back would take hours."""
    for filling in (" ", "\\", "a", "a ", "\\\n"):
        text = "x y" + filling * (500_000 // len(filling))
        with pytest.raises((TerminalError, UnfitError)):
            read(tmp_path, text, format="properties", row_count="x z")
