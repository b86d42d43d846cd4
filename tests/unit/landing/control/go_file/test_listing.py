"""Go files that name their data files: which they name, and what they say of each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.go_files import DATA, delivery, read, refusal

from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.control.go_file import listing
from airflow_landing_loader.storage.local.zone import LocalZone

CSV = {"format": "csv", "lists_files": 1, "row_count": 2}
JSON = {"format": "json", "lists_files": "$.files[*].name", "row_count": "$.files[*].rows"}
HEX = "0" * 64


def named(folder: Path, content: bytes | str, **rules: Any) -> tuple[str, ...]:
    """The names in a go file of this content."""
    found = delivery(folder, content, **rules)
    assert found.go is not None
    assert found.mapping.go_file is not None
    return listing.files_named(LocalZone(str(folder)), found.go, found.mapping.go_file)


@pytest.mark.parametrize(
    ("rules", "content"),
    [
        (CSV, f"{DATA},5\nb.csv,7\n"),
        (CSV, f'\n "{DATA}" , 5\n\nb.csv,7\n'),
        (CSV, f"{DATA},5\nb.csv,7\n{DATA},5\n"),
        ({**CSV, "lists_files": "file", "row_count": "n"}, f"n,file\n5,{DATA}\n7,b.csv\n"),
        ({**CSV, "delimiter": "|", "encoding": "utf-16"}, f"{DATA}|5\nb.csv|7\n".encode("utf-16")),
        (JSON, {"files": [{"name": DATA, "rows": 5}, {"name": "b.csv", "rows": 7}]}),
        (JSON, {"files": {"x": {"rows": 5, "name": DATA}, "y": {"name": "b.csv", "rows": 7}}}),
        # Another text of an entry is no name of it.
        (
            JSON,
            {"files": [{"name": DATA, "rows": 5}, {"name": "b.csv", "rows": 7, "after": DATA}]},
        ),
        # What stands once is of all.
        ({**JSON, "row_count": "$.n"}, {"n": 5, "files": [{"name": DATA}, {"name": "b.csv"}]}),
        (
            {**JSON, "lists_files": "$.a[*].b[*]", "row_count": "$.a[*].n"},
            {"a": [{"n": 5, "b": [DATA]}, {"n": 7, "b": ["b.csv"]}]},
        ),
    ],
)
def test_each_data_file_has_what_stands_beside_its_name(
    tmp_path: Path, rules: dict[str, Any], content: Any
) -> None:
    text = json.dumps(content) if isinstance(content, dict) else content
    assert named(tmp_path, text, **rules) == (DATA, "b.csv")
    assert read(tmp_path, text, **rules).expected_records == 5


def test_what_is_read_once_has_the_totals_of_each_mapping(tmp_path: Path) -> None:
    text = f"{DATA},5,1.5,-2\nb.csv,7,8,9\n"
    for column in (3, 4):
        rules = {**CSV, "totals": {"amount": {"sum_at": column}}}
        assert named(tmp_path, text, **rules) == (DATA, "b.csv")
        (total,) = read(tmp_path, text, **rules).totals
        assert total.value == {3: "1.5", 4: "-2"}[column]


def test_checksums_name_their_files(tmp_path: Path) -> None:
    rules = {"format": "checksum", "lists_files": True}
    text = f"# of today\n{HEX}  {DATA}\n{'1' * 64} *b.csv\nSHA256 (c.csv) = {HEX}\n"
    assert named(tmp_path, text, **rules) == (DATA, "b.csv", "c.csv")
    checksum = read(tmp_path, text, **rules).checksum
    assert checksum is not None
    assert checksum.hexdigest == HEX


@pytest.mark.parametrize(
    ("rules", "content", "code"),
    [
        (CSV, "", ErrorCode.GO_FILE_NO_FILES),
        (JSON, '{"files": []}', ErrorCode.GO_FILE_NO_FILES),
        (CSV, f"{DATA},5\n{DATA},6\n", ErrorCode.GO_FILE_BAD_COUNT),
        (CSV, "b.csv,5\n", ErrorCode.GO_FILE_NO_LINE),
        ({**CSV, "lists_files": 3}, f"x,5,{DATA}\ny,5\n", ErrorCode.GO_FILE_NO_KEY),
        (JSON, json.dumps({"files": [{"rows": 5}]}), ErrorCode.GO_FILE_NO_KEY),
        (
            {**JSON, "lists_files": "$.files"},
            json.dumps({"files": [DATA]}),
            ErrorCode.GO_FILE_NO_KEY,
        ),
        # Of another array nothing says which element is whose.
        (
            {**JSON, "row_count": "$.counts[*]"},
            json.dumps({"files": [{"name": DATA}, {"name": "b"}], "counts": [5, 7]}),
            ErrorCode.GO_FILE_BAD_COUNT,
        ),
        ({"format": "checksum", "lists_files": True}, HEX, ErrorCode.GO_FILE_NO_KEY),
        (CSV, "".join(f"{n},1\n" for n in range(1001)), ErrorCode.GO_FILE_UNREADABLE),
    ],
)
def test_what_is_refused(tmp_path: Path, rules: Any, content: str, code: ErrorCode) -> None:
    assert refusal(tmp_path, content, **rules).code is code


RULES = st.sampled_from(
    [CSV, {**CSV, "lists_files": "file"}, JSON, {"format": "checksum", "lists_files": True}]
)
PIECES = (
    "a.csv",
    ",",
    "\n",
    '"',
    "file",
    "{",
    "}",
    "[",
    "]",
    ":",
    "name",
    "rows",
    "files",
    HEX,
    " ",
    "../x",
    "\0",
    "\\",
)


@given(RULES, st.lists(st.sampled_from(PIECES)).map("".join).map(str.encode) | st.binary())
def test_whatever_stands_there_gives_names_or_one_of_our_errors(
    tmp_path_factory: pytest.TempPathFactory, rules: Any, content: bytes
) -> None:
    folder = tmp_path_factory.mktemp("go")
    try:
        names = named(folder, content, **rules)
    except LandingError as error:
        code = error.code
    else:
        assert 1 <= len(names) <= listing.MOST_FILES
        assert len(set(names)) == len(names)
        return
    assert code.startswith("go_file.")


def test_an_arrival_is_read_once_for_all_looks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = []
    real = listing._read
    monkeypatch.setattr(listing, "_read", lambda *args: (reads.append(args), real(*args))[1])
    found = delivery(tmp_path, f"{DATA},5\n", **CSV)
    zone, go, rules = LocalZone(str(tmp_path)), found.go, found.mapping.go_file
    assert go is not None
    assert rules is not None
    for _ in range(3):
        assert listing.files_named(zone, go, rules) == (DATA,)
    assert len(reads) == 1
    assert named(tmp_path, "b.csv,5\n", **CSV) == ("b.csv",)  # another arrival
    assert len(reads) == 2
