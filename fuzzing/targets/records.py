"""Counting records: the inspection, the models and the engine find the same in any file."""

from __future__ import annotations

from fuzzing.choices import Choices
from fuzzing.targets.data_files import TOKENS, data_file

__all__ = ["TOKENS", "run"]


def run(data: bytes) -> None:
    """Inspect and read a file without a trailer."""
    data_file(Choices(data)).check()
