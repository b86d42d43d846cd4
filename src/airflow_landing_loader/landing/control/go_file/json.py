"""JSON: a document, and paths that say where in it the values stand.

Where a path goes through every element (``[*]``), the element that names the data file counts, by
one of its texts or by the name it stands under; else the only one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import takewhile

from airflow_landing_loader.config.mapping.json_path import Every, Step, steps_of
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.landing.control.go_file.at_hand import (
    AtHand,
    ByName,
    Codes,
    Entry,
    Hand,
    Listed,
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


def listed(text: str, hand: Hand) -> Listed:
    """What a go file in this form says of each data file that it names.

    :raises TerminalError: as ``read_go_file``.
    """
    document = parse(text, hand)
    path = str(hand.rules.lists_files)
    steps = tuple(steps_of(path))
    entries = tuple(_follow(document, steps, ()))
    names = [_words(entry, path, ErrorCode.GO_FILE_NO_KEY, hand) for entry in entries]
    by_name = ByName([(words.text, each) for words, each in zip(names, entries, strict=True)])
    beside = _Beside(document, steps)

    def said(hand: AtHand) -> Said:
        own = by_name.of(hand.delivery)

        def find(place: int | str, codes: Codes) -> Words:
            found = [entry for name in own for entry in beside.at(str(place), name.key)]
            agreed = hand.agreed(found, f"entries by {place}", codes.wrong)
            return _words(agreed, str(place), codes.missing, hand)

        return hand.said(find)

    return Listed(names=tuple(names), said=said)


class _Beside:
    """What stands beside names, in the same elements of the same arrays or objects.

    :param steps: that lead to the names.
    """

    def __init__(self, document: Value, steps: Sequence[Step]) -> None:
        self._document = document
        self._steps = steps
        self._found: dict[str, tuple[int, dict[tuple[int, ...], list[_Found]]]] = {}

    def at(self, path: str, key: tuple[int, ...]) -> list[_Found]:
        """What a path leads to beside a name; all of it where it shares no element with any.

        :param key: of the name.
        """
        if path not in self._found:
            self._found[path] = self._all_at(path)
        shared, found = self._found[path]
        return found.get(key[:shared], [])

    def _all_at(self, path: str) -> tuple[int, dict[tuple[int, ...], list[_Found]]]:
        steps = tuple(steps_of(path))
        same = takewhile(lambda pair: pair[0] == pair[1], zip(steps, self._steps, strict=False))
        shared = sum(isinstance(step, Every) for step, _ in same)
        found: dict[tuple[int, ...], list[_Found]] = defaultdict(list)
        for entry in _follow(self._document, steps, ()):
            found[entry.key[:shared]].append(entry)
        return shared, found


def _find(document: Value, path: str, codes: Codes, hand: AtHand) -> Words:
    found = tuple(_follow(document, tuple(steps_of(path)), ()))
    return _words(hand.own(found, f"entries by {path}", codes.wrong), path, codes.missing, hand)


def _words(entry: _Found, path: str, missing: ErrorCode, hand: Hand) -> Words:
    if entry.content is None:
        hand.fail(
            missing,
            f"The go file has no text and no number at {path}.",
            hint="Correct the go file, or the path in the mapping.",
            line=entry.line,
        )
    return Words(
        text=entry.content.text,
        line=entry.content.line,
        is_number=not entry.content.is_string,
    )


def _follow(
    value: Value, steps: Sequence[Step], texts: tuple[str, ...], key: tuple[int, ...] = ()
) -> Iterator[_Found]:
    """What a path leads to: an entry for each way through ``[*]``, with the number or text at its
    end, if one is there.

    :param texts: of what it went through by ``[*]``.
    :param key: which of those it were.
    """
    if not steps:
        yield Entry(texts=texts, content=_said(value), line=value.line, key=key)
        return
    step, rest = steps[0], steps[1:]
    if isinstance(step, Every):
        for position, (name, child) in enumerate(_children(value)):
            inside = (*texts, name, *_texts(child))
            yield from _follow(child, rest, inside, (*key, position))
        return
    found = _child(value, step)
    if found is None:
        yield Entry(texts=texts, content=None, line=value.line, key=key)
    else:
        yield from _follow(found, rest, texts, key)


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
