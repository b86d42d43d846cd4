"""What pydantic found wrong in a document, in words for the person who wrote it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from airflow_landing_loader.config.yaml.findings import Finding, KeyPath, Spot, dotted, locate
from airflow_landing_loader.config.yaml.nodes import ListNode, MapNode, Node, Pair, ScalarNode
from airflow_landing_loader.config.yaml.values import did_you_mean, whole_number
from airflow_landing_loader.exceptions import ErrorCode
from airflow_landing_loader.safe_text import counted

_YAML_1_1_FLAGS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false"}
_MAX_SHOWN = 60

_Wording = tuple[str, str | None]  # message and hint


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """A kind of document: which keys there are, and how its errors are told.

    :param what: what has the keys of the first section, with its article.
    :param sections: the models by the keys that lead to them; ``()`` is the document itself.
    :param hidden: fields of the document's model that are no keys.
    :param home: the section as ``sections`` has it, whatever name a person has given it.
    :param reserved: keys of the document that are for later.
    :param beside: where a key is that stands in the document itself.
    :param examples: what may be written for a key that is missing.
    :param never: keys that people write and that stand elsewhere, each with where.
    """

    what: str
    sections: Mapping[KeyPath, type[BaseModel]]
    unknown_key: ErrorCode
    missing_key: ErrorCode
    bad_value: ErrorCode
    hidden: tuple[str, ...] = ()
    home: Callable[[KeyPath], KeyPath] = lambda section: section
    reserved: Mapping[str, ErrorCode] = field(default_factory=dict)
    beside: str = "at the top of the document"
    examples: Mapping[str, str] = field(default_factory=dict)
    never: Mapping[str, str] = field(default_factory=dict)

    def keys_of(self, section: KeyPath) -> tuple[str, ...]:
        """The keys that may be written in a section, in the order of the docs.

        :param section: ``()`` for the document itself, ``("csv",)`` and so on below it.
        """
        hidden = () if section else self.hidden
        fields = self.sections[self.home(section)].model_fields
        return tuple(name for name in fields if name not in hidden)

    def explain(self, error: ValidationError, pair: Pair) -> Iterator[Finding]:
        """One finding for each error, at its place in the file; a key that is misspelt is not
        missing.

        :param error: from validating the plain values of ``pair``.
        :param pair: name and value of the document.
        """
        entries = error.errors(include_url=False, include_input=False)
        found = [finding for details in entries if (finding := self._finding(details, pair))]
        misspelt = {(f.path[:-1], f.hint) for f in found if f.code is self.unknown_key}
        for finding in found:
            lacking = finding.code is self.missing_key
            if not lacking or (finding.path[:-1], _guess(finding.path[-1])) not in misspelt:
                yield finding

    def unknown(self, path: KeyPath, pair: Pair) -> Finding:
        """The finding for a key that does not exist, or not yet.

        :param path: keys down to the unknown one.
        :param pair: name and value of the document.
        """
        section, key = path[:-1], str(path[-1])
        place = locate(pair, path).key
        if not section and key in self.reserved:
            return Finding(
                self.reserved[key],
                f"The key {key} is reserved for a later release.",
                "Remove it.",
                place,
                path,
            )
        allowed = self.keys_of(section)
        hint = self._elsewhere(key, section) or did_you_mean(key, allowed)
        choice = "" if hint else f" Allowed: {', '.join(allowed)}."
        return Finding(
            self.unknown_key,
            f"{quoted(key)} is not a key of {dotted(section) or self.what}.{choice}",
            hint,
            place,
            path,
        )

    def _elsewhere(self, key: str, section: KeyPath) -> str | None:
        """A hint for a key that is right in another place."""
        if not section and key in self.never:
            return self.never[key]
        homes = [s for s in self.sections if s != section and key in self.keys_of(s)]
        if not homes or key in self.keys_of(section):
            return None
        places = " or ".join(f"under {dotted(s)}" if s else self.beside for s in homes)
        return f"{key} belongs {places}."

    def _finding(self, details: ErrorDetails, pair: Pair) -> Finding | None:
        path: KeyPath = details["loc"]
        if path[-1:] == ("[key]",):  # pydantic's word for the name in a map, instead of its value
            path = path[:-1]
        kind, context = details["type"], details.get("ctx") or {}
        if kind == "extra_forbidden":
            return self.unknown(path, pair)
        if "." in kind:  # one of our own codes
            at = tuple(context.get("at") or ())
            path = path[:-1] + at if at else path
            place = locate(pair, path).value
            if len(path) == 1 and path[0] in self.hidden:
                path, place = (), pair.place
            return Finding(ErrorCode(kind), context["message"], context["hint"], place, path)
        spot = locate(pair, path)
        if kind == "missing":
            return Finding(
                self.missing_key,
                f"The key {path[-1]} is missing{_in(path[:-1])}.",
                self._example_of(str(path[-1])),
                spot.key,
                path,
            )
        if kind == "too_short" and isinstance(spot.node, ListNode) and spot.node.items:
            return None  # only because its items were refused, which is reported for each
        if kind == "model_type":
            message, hint = self._keys(spot.node, context)
        else:
            message, hint = _wording(kind, context, details["msg"], spot)
        return Finding(self.bad_value, f"{dotted(path)} {message}", hint, spot.value, path)

    def _example_of(self, key: str) -> str:
        return f"Add {key}: {self.examples[key]}." if key in self.examples else f"Add {key}."

    def _keys(self, node: Node | None, context: dict[str, Any]) -> _Wording:
        sections = {model.__name__: section for section, model in self.sections.items()}
        allowed = ", ".join(self.keys_of(sections[context["class_name"]]))
        message = f"must hold keys, but is {_described(node)}. Allowed: {allowed}."
        return message, "Write them below it."


def _guess(key: object) -> str | None:
    """The hint of a key that was to be this one."""
    return did_you_mean(str(key), (str(key),))


def _in(section: KeyPath) -> str:
    return f" in {dotted(section)}" if section else ""


def _wording(kind: str, context: dict[str, Any], fallback: str, spot: Spot) -> _Wording:
    words = _WORDS.get(kind)
    if words:
        return words(spot.node, context)
    return f"is not allowed: {fallback}.", None


def _text(node: Node | None, _: dict[str, Any]) -> _Wording:
    hint = None
    if isinstance(node, ScalarNode):
        hint = f'Put it in quotes: "{node.text}".'
    return f"must be text, but is {_described(node)}.", hint


def _whole(node: Node | None, _: dict[str, Any]) -> _Wording:
    return f"must be a whole number, but is {_described(node)}.", _unquote(node)


def _number(node: Node | None, _: dict[str, Any]) -> _Wording:
    return f"must be a number, but is {_described(node)}.", _unquote(node)


def _flag(node: Node | None, _: dict[str, Any]) -> _Wording:
    word = node.text.lower() if isinstance(node, ScalarNode) else ""
    meant = _YAML_1_1_FLAGS.get(word, word if word in ("true", "false") else None)
    hint = f"Write {meant}." if meant else None
    return f"must be true or false, but is {_described(node)}.", hint


def _list(node: Node | None, _: dict[str, Any]) -> _Wording:
    hint = (
        f"Write a list: [{node.text}]." if isinstance(node, ScalarNode) else "Write a list: [...]."
    )
    return f"must be a list, but is {_described(node)}.", hint


def _choice(node: Node | None, context: dict[str, Any]) -> _Wording:
    allowed = re.findall("'([^']*)'", context["expected"])
    written = node.text if isinstance(node, ScalarNode) else ""
    return (
        f"is {_described(node)}. Allowed: {', '.join(allowed)}.",
        did_you_mean(written, allowed),
    )


def _unquote(node: Node | None) -> str | None:
    quoted = isinstance(node, ScalarNode) and re.fullmatch(r"[-+]?[0-9]+(\.[0-9]+)?", node.text)
    return "Write it without quotes." if quoted else None


def _limit(words: str, key: str) -> Callable[[Node | None, dict[str, Any]], _Wording]:
    def wording(node: Node | None, context: dict[str, Any]) -> _Wording:
        bound = whole_number(context[key])
        return f"must be {words} {bound}, but is {_described(node)}.", None

    return wording


def _length(words: str, key: str, unit: str) -> Callable[[Node | None, dict[str, Any]], _Wording]:
    def wording(_: Node | None, context: dict[str, Any]) -> _Wording:
        return f"must have {words} {counted(context[key], unit)}.", None

    return wording


_WORDS: dict[str, Callable[[Node | None, dict[str, Any]], _Wording]] = {
    "string_type": _text,
    "int_type": _whole,
    "float_type": _number,
    "bool_type": _flag,
    "tuple_type": _list,
    "literal_error": _choice,
    "greater_than_equal": _limit("at least", "ge"),
    "less_than_equal": _limit("at most", "le"),
    "less_than": _limit("less than", "lt"),
    "string_too_short": _length("at least", "min_length", "character"),
    "string_too_long": _length("at most", "max_length", "character"),
    "too_short": _length("at least", "min_length", "item"),
    "too_long": _length("at most", "max_length", "item"),
}


def _described(node: Node | None) -> str:
    if isinstance(node, ListNode):
        return "a list"
    if isinstance(node, MapNode):
        return "a mapping of keys"
    if node is None:
        return "something else"
    if isinstance(node.value, str):
        return f"the text {quoted(node.text)}"
    return node.text if isinstance(node.value, bool) else f"the number {node.text}"


def quoted(text: str) -> str:
    """A text of the file in quotes, as far as it fits into a sentence."""
    return repr(text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "...")
