"""Column names that a mapping speaks of: a header is held against it, and found again."""

from __future__ import annotations

from typing import Any

from fuzzing.choices import Choices
from fuzzing.targets import data_files
from fuzzing.targets.data_files import data_file

TOKENS = (
    *data_files.TOKENS, b"A", b"c", b"x", b"#1", b"a,b,\n", b"b,a\n", b"a,b,a\n", b"c,b\n",
    b",a,\n", b'\xef\xbb\xbf"a","b"\n', b"a,x\n", b'"B",a\n',
)  # fmt: skip
"""Pieces of text, more of them headers."""

_SAID: tuple[dict[str, Any], ...] = (
    {},
    {"columns": ["a", "b"]},
    {"rename": {"b": "c"}},
    {"rename": {"": "x"}},
    {"rename": {"a": "b", "b": "a"}},
    {"rename": {"": "x", "c": "y"}, "columns": ["a", "x", "y"]},
    {"rename": {"#3": "x"}, "columns": ["a", "b", "x"]},
    {"rename": {"#1": "x", "#3": "y"}, "columns": ["x", "a", "y"]},
    {"rename": {"#1": "x", "a": "#1"}, "columns": ["x", "#1"]},
    {"header": False, "columns": ["a", "b"]},
    {"header": False, "columns": ["a", "b", "c"]},
)
_AGAIN = ("refuse", "skip", "load")


def run(data: bytes) -> None:
    """Inspect and read a file whose mapping says something of its columns' names."""
    choices = Choices(data)
    names = {**choices.pick(_SAID), "repeated_header": choices.pick(_AGAIN)}
    trailer = choices.pick((None, None, {"row_count_column": 1, "tag": "TRL"}))
    data_file(choices, names=names, **({"trailer": trailer} if trailer else {})).check()
