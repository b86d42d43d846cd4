"""Lines above and below the data, beside all that stands in the data: where they begin and end."""

from __future__ import annotations

from typing import Any

from fuzzing.choices import Choices
from fuzzing.targets.data_files import WRITINGS, data_file
from fuzzing.targets.writings import TOKENS as _TOKENS

__all__ = ["TOKENS", "run"]

_LINES = (
    b"END", b"END\n", b"\nEND\n", b"GO\n", b"--\n", b"T1", b"T1\n", b"T2\n", b"H1\n", b"H2\n",
    b"# END", b"\n\n", b"#T1\n",
)  # fmt: skip
TOKENS = (*(token for token in _TOKENS if token not in (b"\x1a", b"\0")), *_LINES)
"""Pieces of text that mean something to one of the keys; Ctrl-Z and NUL are tried elsewhere."""

_COUNT = {"match": r"^#?T(?P<count>\d+)$"}
_HEADER = {"match": r"^H(?P<count>\d+)$"}
_TAG = {"row_count_column": 1, "tag": "TRL"}
_DASHES: dict[str, Any] = {"skip_lines": {"match": "^--"}}
_ENDS: tuple[dict[str, Any], ...] = (
    {"csv": {"data_end": "END"}},
    {"csv": {"data_end": {"match": "END"}}},
    {"csv": {"data_end": {"match": "^END$"}, "data_start": "GO"}},
    {"csv": {"data_end": {"match": "^$"}}},
    {"csv": {"data_end": "\\."}},
    {"csv": {"data_end": "END", **_DASHES}, "trailer": _COUNT},
    {"csv": {"data_end": {"match": "^END"}}, "trailer": _TAG},
    {"csv": {"footer_rows": 1}},
    {"csv": {"footer_rows": 2, **_DASHES}},
    {"csv": {"footer_rows": 1}, "trailer": _COUNT},
    {"csv": {"footer_rows": 2}, "trailer": _TAG},
    {"csv": {"footer_rows": 1}, "header_record": _HEADER},
    {"trailer": _COUNT},
    {"trailer": {"match": r"(?P<count>\d)$"}, "csv": _DASHES},
    {"trailer": _COUNT, "header_record": _HEADER},
    {"header_record": _HEADER, "csv": _DASHES},
    {"header_record": _HEADER, "csv": {"data_start": "GO"}},
    {"csv": {"data_start": {"match": "^GO"}, **_DASHES}},
)


def run(data: bytes) -> None:
    """Inspect and read a file of whose lines the mapping speaks."""
    choices = Choices(data)
    ends = choices.pick(_ENDS)
    # Refused with the mapping: nothing would tell such a footer from records.
    counted = "trailer" in ends or "header_record" in ends
    unproved = "footer_rows" in ends.get("csv", {}) and not counted
    rules = {"on_bad_row": "fail"} if unproved else {}
    data_file(choices, writings=WRITINGS, ends=(ends,), tokens=TOKENS, **rules).check()
