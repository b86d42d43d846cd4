"""JSON: a document, and paths that say where in it the values stand.

Where a path goes through every element (``[*]``), the element that names the data file counts, by
one of its texts or by the name it stands under; else the only one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from airflow_landing_loader.config.mapping.json_path import Every, Step, steps_of
from airflow_landing_loader.landing.control.go_file.at_hand import (
    AtHand,
    Codes,
    Entry,
    Said,
    Words,
)
from airflow_landing_loader.landing.control.go_file.json_text import (
    Array,
    Object,
    Scalar,
    Value,
    parse,
)
from airflow_landing_loader.landing.control.go_file.named_files import is_file_key

_Found = Entry[Scalar | None]


def read(text: str, hand: AtHand) -> Said:
    """What a go file in this form says.

    :raises TerminalError: as ``read_go_file``.
    """
    document = parse(text, hand)
    said = hand.said(lambda path, codes: _find(document, str(path), codes, hand))
    hand.require_own_name(tuple(_names(document, "")))
    return said


def _find(document: Value, path: str, codes: Codes, hand: AtHand) -> Words:
    found = tuple(_follow(document, tuple(steps_of(path)), ()))
    entry = hand.own(found, f"entries by {path}", codes.wrong)
    if entry.content is None:
        hand.fail(
            codes.missing,
            f"The go file has no text and no number at {path}.",
            hint="Correct the go file, or the path in the mapping.",
            line=entry.line,
        )
    return Words(
        text=entry.content.text,
        line=entry.content.line,
        is_number=not entry.content.is_string,
    )


def _follow(value: Value, steps: Sequence[Step], texts: tuple[str, ...]) -> Iterator[_Found]:
    """What a path leads to: an entry for each way through ``[*]``, with the number or text at its
    end, if one is there.

    :param texts: of what it went through by ``[*]``.
    """
    if not steps:
        yield Entry(texts=texts, content=_said(value), line=value.line)
        return
    step, rest = steps[0], steps[1:]
    if isinstance(step, Every):
        for name, child in _children(value):
            yield from _follow(child, rest, (*texts, name, *_texts(child)))
        return
    found = _child(value, step)
    if found is None:
        yield Entry(texts=texts, content=None, line=value.line)
    else:
        yield from _follow(found, rest, texts)


def _said(value: Value) -> Scalar | None:
    is_null = isinstance(value, Scalar) and not value.is_string and value.text == "null"
    return value if isinstance(value, Scalar) and not is_null else None


def _child(value: Value, step: str | int) -> Value | None:
    if isinstance(value, Object):
        return next((child for name, child in value.members if name == step), None)
    if isinstance(value, Array) and isinstance(step, int):
        return next(iter(value.items[step : step + 1]), None)
    return None


def _children(value: Value) -> Iterator[tuple[str, Value]]:
    """What is directly in a value, with its name if it has one."""
    if isinstance(value, Object):
        yield from value.members
    elif isinstance(value, Array):
        yield from (("", item) for item in value.items)


def _texts(value: Value) -> Iterator[str]:
    """The texts of a value, and of its members, but no deeper."""
    for _, each in (("", value), *_children(value)):
        if isinstance(each, Scalar) and each.is_string:
            yield each.text


def _names(value: Value, key: str) -> Iterator[tuple[Words, bool]]:
    """All texts of a value, names of members too; each with whether it stands for a file."""
    if isinstance(value, Scalar) and value.is_string:
        yield Words(text=value.text, line=value.line), is_file_key(key)
    for name, child in _children(value):
        yield Words(text=name, line=child.line), False
        yield from _names(child, name or key)
