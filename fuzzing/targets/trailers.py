"""Trailers: each is recognised or refused for the right reason, and no byte is counted twice."""

from __future__ import annotations

from fuzzing.choices import Choices
from fuzzing.targets.data_files import TOKENS, data_file

__all__ = ["TOKENS", "run"]

_TAGS = ({}, {"tag": "TRL"}, {"tag": False}, {"tag": "a,"}, {"tag": " "})


def run(data: bytes) -> None:
    """Inspect and read a file with a trailer."""
    choices = Choices(data)
    trailer = {"row_count_column": choices.pick((1, 2, 3)), **choices.pick(_TAGS)}
    # Refused with the mapping: a trailer without a tag where records may have any shape.
    rules = {"on_bad_row": "fail"} if trailer.get("tag") is False else {}
    data_file(choices, trailer=trailer, **rules).check()
