"""Reads the documents in ``channels/``: every good channel, and every problem at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError

from airflow_landing_loader.config.channels.channel_set import ChannelSet
from airflow_landing_loader.config.channels.model import (
    BUILT_IN,
    EVENT_TYPES,
    MODELS,
    Channel,
    EventType,
    EventTypes,
    ForAll,
)
from airflow_landing_loader.config.mapping.notify import (
    Notify,
    is_channel_name,
    unknown_channels,
)
from airflow_landing_loader.config.yaml.documents import (
    Problem,
    YamlFile,
    problem_in,
    problem_of,
    read_files,
)
from airflow_landing_loader.config.yaml.explaining import Vocabulary, quoted
from airflow_landing_loader.config.yaml.findings import Finding, KeyPath, faults, locate, within
from airflow_landing_loader.config.yaml.nodes import MapNode, Pair, Place, ScalarNode, plain
from airflow_landing_loader.config.yaml.values import did_you_mean
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode

FOR_ALL = "_all"
"""Stem of the document that is no channel."""
_TOP = Place(1, 1)
_NAME_LINE = re.compile(r"""name:\s+["']?([\w-]+)["']?\s*(?:#.*)?""")
_WANTED: TypeAdapter[tuple[EventType, ...]] = TypeAdapter(EventTypes)
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class _Document:
    """One file, with what it is or what is wrong with it.

    :param name: of the channel, as far as it can be read.
    :param wants: the events that are sent there, as far as it can be read.
    """

    file: YamlFile
    name: str
    pair: Pair | None = None
    channel: Channel | None = None
    for_all: Notify | None = None
    problems: tuple[Problem, ...] = ()
    wants: tuple[EventType, ...] = EVENT_TYPES


def read_channels(root: Path) -> ChannelSet:
    """Read all documents below a folder; there need be none, nor a folder.

    :param root: folder whose ``*.yaml`` and ``*.yml`` files are read, in any depth.
    """
    if not root.is_dir():
        return ChannelSet()
    documents = [_read(file) for file in read_files(root)]
    named = Counter(d.name for d in documents if d.name != FOR_ALL)
    documents = [_alone(d) if named[d.name] > 1 else d for d in documents]
    good = {d.channel.name: d.channel for d in documents if d.channel}
    broken = _broken(documents)
    built_in = {c.name: c for c in BUILT_IN if c.name not in broken}
    found = ChannelSet(
        channels=tuple(sorted((built_in | good).values(), key=lambda channel: channel.name)),
        broken=broken,
    )
    documents = [_checked(d, found) for d in documents]
    return replace(
        found,
        for_all=next((d.for_all for d in documents if d.for_all and not d.problems), None),
        errors=tuple(_told(problem, root) for d in documents for problem in d.problems),
    )


def _broken(documents: Sequence[_Document]) -> dict[str, tuple[EventType, ...]]:
    """The names of broken channels, with what any of their documents may want."""
    found: dict[str, set[EventType]] = {}
    for document in documents:
        # A folder that cannot be looked into, or a name that none can have, is no channel.
        if document.problems and document.file.found.is_document and is_channel_name(document.name):
            found.setdefault(document.name, set()).update(document.wants)
    return {name: tuple(t for t in EVENT_TYPES if t in found[name]) for name in sorted(found)}


def _told(problem: Problem, root: Path) -> Problem:
    """A problem whose file is named as people know it beside the mappings."""
    if problem.path == root:
        return problem
    detail = replace(problem.detail, file=f"{root.name}/{problem.detail.file}")
    return replace(problem, detail=detail)


def _read(file: YamlFile) -> _Document:
    stem = PurePath(file.found.shown).stem
    try:
        root = file.root()
    except ConfigurationError as error:
        problem = problem_in(replace(error.detail, file=file.found.shown), file)
        return _Document(file, _name_in(file) or stem, problems=(problem,))
    if not isinstance(root, MapNode) or root.fault:
        place = _TOP if root is None else root.place
        finding = Finding(
            ErrorCode.CONFIG_BAD_VALUE, "It holds no channel.", "Begin with type: email.", place
        )
        return _Document(file, stem, problems=(problem_of(finding, stem, file),))
    pair = Pair(stem, root.place, root)
    if stem == FOR_ALL:
        every, problems = _validated(ForAll, _VOCABULARY_FOR_ALL, pair, plain(root), file)
        return _Document(
            file, stem, pair, for_all=every.notify if every else None, problems=problems
        )
    values = plain(root)
    name = values.get("name")
    written = name if is_channel_name(name) else stem
    kind = values.get("type")
    model = MODELS.get(kind) if isinstance(kind, str) else None
    if model is None:
        problems, wants = _without_type(pair, file), _may_want(pair, values)
        return _Document(file, written, pair, problems=problems, wants=wants)
    channel, problems = _validated(model, _vocabulary(model), pair, {"name": stem, **values}, file)
    if channel is not None:
        wants = channel.wants
    else:
        wants = _may_want(pair, values) if "events" in model.model_fields else ()
    return _Document(file, written, pair, channel=channel, problems=problems, wants=wants)


def _name_in(file: YamlFile) -> str | None:
    """The name that is written in a file which is not YAML, as far as it can be told."""
    found = (_NAME_LINE.fullmatch(line) for line in file.lines)
    return next((match[1] for match in found if match and is_channel_name(match[1])), None)


def _may_want(pair: Pair, values: dict[str, Any]) -> tuple[EventType, ...]:
    """The events that a broken document asks for; all, where that cannot be told."""
    if any(finding.path[:1] == ("events",) for finding in faults(pair.value)):
        return EVENT_TYPES
    try:
        return _WANTED.validate_python(values["events"])
    except (KeyError, ValidationError):
        return EVENT_TYPES


def _validated(
    model: type[_Model], words: Vocabulary, pair: Pair, values: dict[str, Any], file: YamlFile
) -> tuple[_Model | None, tuple[Problem, ...]]:
    """The model of a document, or else what is wrong with it."""
    found = list(faults(pair.value))
    unreadable = {f.path for f in found if f.code is not ErrorCode.CONFIG_DUPLICATE_KEY}
    document = None
    try:
        document = model.model_validate(values)
    except ValidationError as error:
        found += (f for f in words.explain(error, pair) if not within(f.path, unreadable))
    found.sort(key=lambda finding: (finding.place.line, finding.place.column))
    return None if found else document, tuple(problem_of(f, pair.key, file) for f in found)


def _without_type(pair: Pair, file: YamlFile) -> tuple[Problem, ...]:
    """Why nobody can tell what a document is."""
    spot = locate(pair, ("type",))
    types = ", ".join(MODELS)
    if spot.node is None:
        code, message, hint = (
            ErrorCode.CONFIG_MISSING_KEY,
            f"The key type is missing. Allowed: {types}.",
            "Add type: email.",
        )
    else:
        text = spot.node.text if isinstance(spot.node, ScalarNode) else "something else"
        code, message, hint = (
            ErrorCode.CONFIG_BAD_VALUE,
            f"type is {quoted(text)}. Allowed: {types}.",
            did_you_mean(text, MODELS) or "Write one of them.",
        )
    return (problem_of(Finding(code, message, hint, spot.value, ("type",)), pair.key, file),)


def _alone(document: _Document) -> _Document:
    """The document as one whose name another one has too."""
    pair = document.pair or Pair(document.name, _TOP, MapNode(_TOP, ()))
    finding = Finding(
        ErrorCode.CONFIG_BAD_VALUE,
        f"Another document of channels has the name {quoted(document.name)} too.",
        "Rename one of the files, or give one a name: of its own.",
        locate(pair, ("name",)).value,
        ("name",),
    )
    problem = problem_of(finding, document.name, document.file)
    return replace(document, channel=None, problems=(*document.problems, problem))


def _checked(document: _Document, found: ChannelSet) -> _Document:
    """The document with what is wrong in it beside others."""
    if document.for_all is None or document.pair is None:
        return document
    wrong = unknown_channels(document.for_all, found.names, document.pair)
    problems = (problem_of(finding, FOR_ALL, document.file) for finding in wrong)
    return replace(document, problems=(*document.problems, *problems))


def _words(what: str, sections: dict[KeyPath, type[BaseModel]]) -> Vocabulary:
    return Vocabulary(
        what=what,
        sections=sections,
        unknown_key=ErrorCode.CONFIG_UNKNOWN_KEY,
        missing_key=ErrorCode.CONFIG_MISSING_KEY,
        bad_value=ErrorCode.CONFIG_BAD_VALUE,
        examples={"topic": "landing-events", "to": "[email]", "notify": "{to: [email]}"},
    )


def _vocabulary(model: type[Channel]) -> Vocabulary:
    kind = next(name for name, known in MODELS.items() if known is model)
    return _words(f"a channel of type {kind}", {(): model})


_VOCABULARY_FOR_ALL = _words(f"{FOR_ALL}.yaml", {(): ForAll, ("notify",): Notify})
