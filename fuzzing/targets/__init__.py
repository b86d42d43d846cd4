"""What is fuzzed: one module for each target, which has ``run`` and ``TOKENS``."""

from __future__ import annotations

import importlib
from typing import Protocol, cast

NAMES = (
    "ends",
    "go_files",
    "go_lists",
    "headers",
    "mappings",
    "names",
    "records",
    "totals",
    "trailers",
    "writings",
)


class Target(Protocol):
    """What a target's module has.

    :ivar TOKENS: pieces of text that mean something to the code.
    """

    TOKENS: tuple[bytes, ...]

    @staticmethod
    def run(data: bytes) -> None:
        """Feed an input to the code.

        :raises Exception: any: the code has broken a promise.
        """
        ...


def load(name: str) -> Target:
    """Import one of the targets named in :data:`NAMES`."""
    return cast(Target, importlib.import_module(f"fuzzing.targets.{name}"))
