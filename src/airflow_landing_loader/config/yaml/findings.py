"""One thing that is wrong in a document, and where in the file that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from airflow_landing_loader.config.yaml.nodes import (
    ListNode,
    MapNode,
    Node,
    Pair,
    Place,
    ScalarNode,
)
from airflow_landing_loader.exceptions import ErrorCode

KeyPath = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong in a mapping.

    :param code: the stable code.
    :param message: what is wrong and what is allowed.
    :param hint: what to do next.
    :param place: where in the file.
    :param path: keys from the mapping down to the one at fault; empty for the pattern itself.
    """

    code: ErrorCode
    message: str
    hint: str | None
    place: Place
    path: KeyPath = ()


@dataclass(frozen=True)
class Spot:
    """Where a key of a mapping stands.

    :param key: place of the key; of the nearest parent that is written, if this one is not.
    :param value: place of its value; of the same parent's key, if it is not written.
    :param node: its value, ``None`` if it is not written.
    """

    key: Place
    value: Place
    node: Node | None


def locate(pair: Pair, path: KeyPath) -> Spot:
    """Find a key of a mapping.

    :param pair: pattern and value of the mapping.
    :param path: keys and list indices from the mapping down; ``("table",)`` is also the value of
        the simple form.
    """
    key, node = pair.place, pair.value
    if path == ("table",) and isinstance(node, ScalarNode):
        return Spot(key, node.place, node)
    for step in path:
        child = _child(node, step)
        if child is None:
            return Spot(key, key, None)
        key, node = child
    return Spot(key, node.place, node)


def dotted(path: KeyPath) -> str:
    """``go_file.status_ok[0]``"""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return text.removeprefix(".")


def faults(node: Node, path: KeyPath = ()) -> Iterator[Finding]:
    """What is wrong below ``node`` as YAML."""
    if node.fault:
        yield Finding(node.fault.code, node.fault.message, node.fault.hint, node.place, path)
    elif isinstance(node, ListNode):
        for index, item in enumerate(node.items):
            yield from faults(item, (*path, index))
    elif isinstance(node, MapNode):
        for pair in node.pairs:
            inner = (*path, pair.key)
            if pair.fault:
                fault = pair.fault
                yield Finding(fault.code, fault.message, fault.hint, pair.place, inner)
            else:
                yield from faults(pair.value, inner)


def within(path: KeyPath, broken: set[KeyPath]) -> bool:
    """Whether the value at ``path`` could not be read as YAML: what it should be is then moot."""
    return any(path[: len(prefix)] == prefix for prefix in broken)


def _child(node: Node, step: str | int) -> tuple[Place, Node] | None:
    if isinstance(node, MapNode):
        for pair in node.pairs:
            if pair.key == step and not pair.fault:
                return pair.place, pair.value
    elif isinstance(node, ListNode) and isinstance(step, int) and step < len(node.items):
        item = node.items[step]
        return item.place, item
    return None
