"""The text of one YAML file as a tree in which every key and value knows its line and column.

Built from the parser's events instead of a loader's objects, for three reasons: no tag can ever
make an object, every problem is noted where it stands instead of ending the file, and nesting and
aliases are bounded before they cost anything (libyaml's own composer recurses in C and crashes the
process on a deeply nested file).

Plain scalars mean what the YAML 1.2 core schema says (YAML 1.2.2, section 10.3): ``no``, ``on``,
``1:30``, ``1_000`` and ``2024-01-15`` are text, ``012`` is twelve. Editors read mappings the same
way.
"""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any, NoReturn

import yaml

from airflow_landing_loader.config.yaml.nodes import (
    Fault,
    ListNode,
    MapNode,
    Node,
    Pair,
    Place,
    ScalarNode,
)
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

try:
    from yaml import CSafeLoader as _EventParser
except ImportError:  # PyYAML built without libyaml: the same events, slower
    from yaml import SafeLoader as _EventParser  # type: ignore[assignment]

MAX_BYTES = 1024 * 1024
MAX_NODES = 100_000
MAX_DEPTH = 20
_MAX_NUMBER_LENGTH = 40

_CORE_TAG = "tag:yaml.org,2002:"
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_NUMBER = re.compile(
    rf"{_INT.pattern}|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?"
    r"|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"
)
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")  # as libyaml counts lines
_UNHOLDABLE = re.compile("[\0\ud800-\udfff]")
# What is not printable, not all that is: to compile a class of a million characters takes 10 ms.
_UNPRINTABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


def lines_of(text: str) -> tuple[str, ...]:
    """The lines of ``text`` as the parser counts them."""
    return tuple(_LINE_BREAK.split(text))


def decode(data: bytes) -> str:
    """The text of a YAML file. A UTF-8 byte order mark is dropped.

    :raises ConfigurationError: ``config.not_yaml`` if it is not UTF-8, with the line and column of
        the first byte that is not.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = lines_of(data[: error.start].decode("utf-8-sig", "replace"))
        raise ConfigurationError(
            ErrorCode.CONFIG_NOT_YAML,
            "The file is not UTF-8 text.",
            hint="Save it as UTF-8.",
            line=len(before),
            column=len(before[-1]) + 1,
        ) from error


def parse(text: str) -> Node | None:
    """Read one YAML document into a tree.

    :param text: the whole file.
    :returns: the top-level node; ``None`` if there is nothing but comments.
    :raises ConfigurationError: ``config.not_yaml`` with line and column where the file as a whole
        cannot be read: broken syntax, control characters, several documents, more than 20 levels,
        more than 100,000 values (aliases counted as often as they repeat).
    """
    unprintable = _UNPRINTABLE.search(text)
    if unprintable:
        before = lines_of(text[: unprintable.start()])
        _refuse(
            f"The control character U+{ord(unprintable[0]):04X} is not allowed in YAML.",
            "Remove it, or write it as an escape in double quotes.",
            Place(len(before), len(before[-1]) + 1),
        )
    parser = _EventParser(text)
    try:
        return _TreeBuilder(parser).document()
    except yaml.MarkedYAMLError as error:
        raise _explained(error, text) from error
    finally:
        parser.dispose()


class _TreeBuilder:
    """Turns the events of one parser into a tree."""

    def __init__(self, parser: Any) -> None:
        self._parser = parser
        self._anchors: dict[str, Node | None] = {}  # None: still being read
        self._nodes = 0

    def document(self) -> Node | None:
        self._next()  # stream start
        if isinstance(self._parser.peek_event(), yaml.StreamEndEvent):
            return None
        self._next()  # document start
        root = self._node(self._next(), 0)
        self._next()  # document end
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            _refuse(
                "The file holds more than one YAML document.",
                "Remove the line '---', or put the second document into a file of its own.",
                _place(event),
            )
        empty = isinstance(root, ScalarNode) and root.value is None
        return None if empty else root

    def _next(self) -> Any:
        return self._parser.get_event()

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if depth > MAX_DEPTH:
            _refuse(f"More than {MAX_DEPTH} levels are nested.", "Flatten it.", _place(event))
        self._count(1, event)
        if event.anchor:
            self._anchors[event.anchor] = None
        node: Node
        if isinstance(event, yaml.ScalarEvent):
            node = _scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = node
        return node

    def _alias(self, event: Any) -> Node:
        node = self._anchors.get(event.anchor)
        if node is None:
            _refuse(
                f"The alias *{event.anchor} refers to nothing that is written before it.",
                "A text that begins with * must be in quotes: '*...'.",
                _place(event),
            )
        self._count(node.size, event)
        return node

    def _count(self, nodes: int, event: Any) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            _refuse(
                f"The file holds more than {MAX_NODES} values, aliases counted.",
                "Split it into several files.",
                _place(event),
            )

    def _sequence(self, event: Any, depth: int) -> ListNode:
        items: list[Node] = []
        while not isinstance(item := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(item, depth + 1))
        return ListNode(
            _place(event),
            tuple(items),
            _collection_fault(event, "seq"),
            1 + sum(item.size for item in items),
        )

    def _mapping(self, event: Any, depth: int) -> MapNode:
        pairs: list[Pair] = []
        seen: dict[str, Place] = {}
        size = 1
        while not isinstance(key_event := self._next(), yaml.MappingEndEvent):
            key = self._node(key_event, depth + 1)
            value = self._node(self._next(), depth + 1)
            size += key.size + value.size
            pair = _pair(key, _place(key_event), value)
            if not pair.fault and pair.key in seen:
                pair = replace(pair, fault=_repeated(pair.key, seen[pair.key]))
            seen.setdefault(pair.key, pair.place)
            pairs.append(pair)
        return MapNode(_place(event), tuple(pairs), _collection_fault(event, "map"), size)


def _place(event: Any) -> Place:
    return Place(event.start_mark.line + 1, event.start_mark.column + 1)


def _pair(key: Node, place: Place, value: Node) -> Pair:
    """A key with its value; ``place`` is where the key stands, also where it is an alias."""
    fault = key.fault
    text = key.text if isinstance(key, ScalarNode) else ""
    if not isinstance(key, ScalarNode):
        fault = _bad("A key must be text, not a list or a mapping.", "Put the key in quotes.")
    elif text == "<<":
        fault = _bad(
            "Merge keys (<<) are not supported.",
            "Write the keys out; an alias may stand for a whole value.",
        )
    elif not isinstance(key.value, str):
        fault = _bad(f"The key {text!r} is not text.", f'Put it in quotes: "{text}".')
    return Pair(text, place, value, fault)


def _repeated(key: str, first: Place) -> Fault:
    return Fault(
        ErrorCode.CONFIG_DUPLICATE_KEY,
        f"The key {key!r} is written twice; the first is in line {first.line}.",
        "Keep one of them.",
    )


def _scalar(event: Any) -> ScalarNode:
    text: str = event.value
    tag: str | None = event.tag
    if tag is None and event.implicit[0]:
        return _number_or_text(_place(event), text)
    if tag in (None, "!", f"{_CORE_TAG}str"):
        return ScalarNode(_place(event), text, text, _text_fault(text))
    scalar = _number_or_text(_place(event), text)
    if scalar.fault or tag == _CORE_TAG + _kind(scalar.value):
        return scalar
    return replace(scalar, value=None, fault=_tag_fault(tag))


def _number_or_text(place: Place, text: str) -> ScalarNode:
    """A plain scalar under the core schema."""
    if text in _NULLS:
        return ScalarNode(place, text, None, _NO_VALUE)
    if text in _BOOLS:
        return ScalarNode(place, text, _BOOLS[text])
    if text[0] in "+-.0123456789" and _NUMBER.fullmatch(text):
        if len(text) > _MAX_NUMBER_LENGTH:
            return ScalarNode(place, text, None, _bad("The number is too long.", "Shorten it."))
        return _number(place, text)
    return ScalarNode(place, text, text, _text_fault(text))


def _number(place: Place, text: str) -> ScalarNode:
    if _INT.fullmatch(text):
        return ScalarNode(place, text, int(text, 0 if text[:2] in ("0o", "0x") else 10))
    number = float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    if math.isfinite(number):
        return ScalarNode(place, text, number)
    return ScalarNode(place, text, None, _bad(f"{text} is not a finite number.", "Write a number."))


def _kind(value: object) -> str:
    return "null" if value is None else type(value).__name__


def _bad(message: str, hint: str) -> Fault:
    return Fault(ErrorCode.CONFIG_BAD_VALUE, message, hint)


_NO_VALUE = _bad("The key has no value.", "Give it one, or leave the key out.")


def _tag_fault(tag: str | None) -> Fault:
    return _bad(f"The YAML tag {tag} is not supported here.", "Remove the tag.")


def _collection_fault(event: Any, kind: str) -> Fault | None:
    if event.tag in (None, "!", _CORE_TAG + kind):
        return None
    return _tag_fault(event.tag)


def _text_fault(text: str) -> Fault | None:
    # Escapes in double quotes can write what no file name and no UTF-8 text can hold.
    if _UNHOLDABLE.search(text):
        return _bad("The text holds a NUL character or half a surrogate pair.", "Remove it.")
    return None


def _refuse(message: str, hint: str, place: Place) -> NoReturn:
    raise ConfigurationError(
        ErrorCode.CONFIG_NOT_YAML, message, hint=hint, line=place.line, column=place.column
    )


def _explained(error: yaml.MarkedYAMLError, text: str) -> ConfigurationError:
    """The parser's complaint in words that name the usual cause, at the place that causes it."""
    begun = error.context_mark
    mark = error.problem_mark or begun
    hint = _CAUSES.get(error.context or "")
    if error.context in _OPENERS and mark and begun and mark.line != begun.line:
        hint = "What is opened here is not closed."
    if hint:
        mark = begun
    line, column = (mark.line, mark.column) if mark else (0, 0)
    lines = lines_of(text)
    char = lines[line][column : column + 1] if line < len(lines) else ""
    if not hint and char == "\t":
        hint = "Indent with spaces; YAML allows no tabs there."
    elif not hint and char and char in "@`%&!|>{}[],?":
        hint = f"A text that begins with {char} must be in quotes."
    fallback = "Check the indentation, and put texts with special characters in quotes."
    return ConfigurationError(
        ErrorCode.CONFIG_NOT_YAML,
        f"This is not YAML: {error.problem or error.context}.",
        hint=hint or fallback,
        line=line + 1,
        column=column + 1,
    )


_CAUSES = {
    "while scanning an alias": "A text that begins with * must be in quotes: '*...'.",
    "while scanning a simple key": "A key needs a colon, a space and a value behind it.",
}
_OPENERS = (
    "while scanning a quoted scalar",
    "while parsing a flow sequence",
    "while parsing a flow mapping",
)
