"""What senders write besides RFC 4180: inspection, models and engine read the same of it."""

from __future__ import annotations

from fuzzing.choices import Choices
from fuzzing.targets.data_files import TOKENS as _TOKENS
from fuzzing.targets.data_files import WRITINGS, data_file

__all__ = ["TOKENS", "run"]

TOKENS = (
    *_TOKENS,
    b'="', b'="1"', b'"=""', b'"""', b' "', b'" ', b'"\t,', b"#", b"--", b"\n#", b'# "\n', b",\n",
    b"\\N", b"\\n", b"\\t", b"\\,", b"\\\n", b"\\\r\n", b"\\0", b"\\x41", b"\\101", b"\\.", b"\\Z",
)  # fmt: skip
"""Pieces of text that mean something to one of the keys."""


def run(data: bytes) -> None:
    """Inspect and read a file whose mapping allows more than RFC 4180 knows."""
    data_file(Choices(data), writings=WRITINGS, tokens=TOKENS).check()
