"""A YAML file as a tree whose nodes know where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_landing_loader.exceptions import ErrorCode


@dataclass(frozen=True, slots=True)
class Place:
    """A position in the text: ``line`` and ``column`` count from 1, columns are characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with one key or value as YAML, apart from what a mapping allows."""

    code: ErrorCode
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class ScalarNode:
    """A single value: text, number, true/false or nothing. ``text`` is what stands in the file."""

    place: Place
    text: str
    value: str | int | float | bool | None
    fault: Fault | None = None
    size: int = 1


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list. ``size`` counts the nodes in it, with what aliases repeat."""

    place: Place
    items: tuple[Node, ...]
    fault: Fault | None = None
    size: int = 1


@dataclass(frozen=True, slots=True)
class Pair:
    """One key of a mapping with its value. ``fault`` is about the key."""

    key: str
    place: Place
    value: Node
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class MapNode:
    """Keys with their values, in file order, repeated keys included (marked with a fault)."""

    place: Place
    pairs: tuple[Pair, ...]
    fault: Fault | None = None
    size: int = 1


Node = ScalarNode | ListNode | MapNode


def plain(node: Node) -> Any:
    """The tree as plain Python values; what has a fault becomes ``None``."""
    if node.fault:
        return None
    if isinstance(node, ScalarNode):
        return node.value
    if isinstance(node, ListNode):
        return [plain(item) for item in node.items]
    return {pair.key: plain(pair.value) for pair in node.pairs if not pair.fault}
