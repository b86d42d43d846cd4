"""A sender who has another file under the name of a delivery for one opening, and then the first
one again: by renames only, so that whoever looks at the name sees nothing."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import zstandard

from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import status as file_status
from tests.support.worlds import Side

ROWS = 40
_OLD = 1_700_000_000_000_000_000


@dataclass(frozen=True)
class Kind:
    """Files of one kind, and those of equal size and time that take their place.

    :param keys: of the mapping.
    :param files: by name, the file and the other one.
    """

    keys: dict[str, Any]
    files: dict[str, tuple[bytes, bytes]]


def _text(value: str, end: str = "") -> str:
    return "a,b\n" + f"{value},2\n" * ROWS + end


def _both(encode: Any, end: str = "") -> tuple[bytes, bytes]:
    return encode(_text("good", end)), encode(_text("evil", end))


def _gzip(text: str) -> bytes:
    return gzip.compress(text.encode(), 0, mtime=0)


def _zstd(text: str) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(text.encode())


def _sums(first: bytes, other: bytes) -> tuple[bytes, bytes]:
    """Go files with the checksums of two files."""
    one, two = (hashlib.sha1(content, usedforsecurity=False) for content in (first, other))
    return one.hexdigest().encode(), two.hexdigest().encode()


_GO = {"pattern": "a_*.go", "format": "properties", "row_count_key": "rows"}
_COUNT = f"rows={ROWS}\n".encode()
KINDS = {
    "plain": Kind({}, {"a_1.csv": _both(str.encode)}),
    "gzip": Kind({"pattern": "a_*.csv.gz"}, {"a_1.csv.gz": _both(_gzip)}),
    "zstd": Kind({"pattern": "a_*.csv.zst"}, {"a_1.csv.zst": _both(_zstd)}),
    "transcoded": Kind(
        {"csv": {"encoding": "utf-16"}}, {"a_1.csv": _both(lambda text: text.encode("utf-16"))}
    ),
    "detected": Kind({"csv": "auto"}, {"a_1.csv": _both(str.encode)}),
    "gathered": Kind({}, {f"a_{i}.csv": _both(str.encode) for i in (1, 2, 3)}),
    "rejects": Kind(
        {"on_bad_row": "reject", "max_rejected": 0.5}, {"a_1.csv": _both(str.encode, "x\ny,1,2\n")}
    ),
    "go file": Kind(
        {"go_file": _GO}, {"a_1.csv": _both(str.encode), "a_1.go": (_COUNT, b"rows=99\n")}
    ),
    "checksum": Kind(
        {"go_file": {"pattern": "a_*.go", "format": "checksum"}},
        {"a_1.csv": _both(str.encode), "a_1.go": _sums(*_both(str.encode))},
    ),
    "presence": Kind(
        {"go_file": {"pattern": "a_*.go", "format": "presence"}},
        {"a_1.csv": _both(str.encode), "a_1.go": (b"done", b"gone")},
    ),
    "trailer": Kind(
        {"trailer": {"row_count_column": 1, "tag": "T"}},
        {"a_1.csv": _both(str.encode, f"T,{ROWS}\n")},
    ),
}


@dataclass
class _Swap:
    """Counts the openings of delivered files; at one of them another file has the name.

    :param landing: the folder that files are delivered to.
    :param aside: a folder on the same file system, with the other files.
    :param at: which opening, from 1.
    """

    landing: Path
    aside: Path
    at: int
    openings: int = 0

    def open(self, path: str, *, name: str) -> Any:
        other = self.aside / name
        delivered = Path(path).parent == self.landing and other.exists()
        self.openings += delivered
        if not delivered or self.openings != self.at:
            return _open_regular(path, name=name)
        kept = self.aside / ".kept"
        Path(path).rename(kept)
        other.rename(path)
        try:
            return _open_regular(path, name=name)
        finally:
            Path(path).rename(other)
            kept.rename(path)


_open_regular, _untold = local_files.open_regular, file_status._without_birth


def _mute(status: Any) -> file_status.FileStatus:
    return _untold(status)._replace(changed_ns=0)


def attack(side: Side, kind: Kind, *, told: bool) -> int:
    """Deliver the files once for each opening that their load makes, and swap at that one; then
    each time let them be loaded in peace. Only what was inspected is ever in the table.

    :param told: whether the file system tells when a file was born, and when it was changed.
    :return: how many openings there are.
    """
    landing = side.folder("landing")
    aside = landing.parent / "aside"
    aside.mkdir()
    for at in itertools.count(1):
        table = f"raw_{at}"
        side.mappings.clear()
        side.map(**{"table": table, **kind.keys})
        for name, (good, evil) in kind.files.items():
            _put(landing / name, good)
            _put(aside / name, evil)
        swap = _Swap(landing, aside, at)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(local_files, "open_regular", swap.open)
            if not told:
                patch.setattr(file_status, "_statx", None)
                patch.setattr(file_status, "_without_birth", _mute)
            outcomes = side.run()
        assert {o.error.code for o in outcomes.values() if o.error} <= {"landing.changed"}
        _check(side, kind, table, [n for n, o in outcomes.items() if o.status == "loaded"])
        outcomes = side.run()  # the next look takes what was left
        assert {o.status for o in outcomes.values()} <= {"loaded"}
        data = [name for name in kind.files if not name.endswith(".go")]
        _check(side, kind, table, data)
        if swap.openings < at:
            return swap.openings
        for name in kind.files:
            (side.folder("archive") / name).unlink()
    raise AssertionError


def _put(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    os.utime(path, ns=(_OLD, _OLD))


def _check(side: Side, kind: Kind, table: str, loaded: list[str]) -> None:
    rows = side.table(table) or []
    assert {row["a"] for row in rows} <= {"good"}
    assert len(rows) == ROWS * len(loaded)
    known = side.table("load_metadata") or []
    assert sorted(row["sha256"] for row in known if row["table_name"] == table) == sorted(
        hashlib.sha256(kind.files[name][0]).hexdigest() for name in loaded
    )
