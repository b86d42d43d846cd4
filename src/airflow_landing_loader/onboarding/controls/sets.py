"""Go files that name several data files: found by reading them as the loader does."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace

from pydantic import ValidationError

from airflow_landing_loader.config.mapping.model import GoFile
from airflow_landing_loader.exceptions import LandingError
from airflow_landing_loader.landing.control.checksums import ALGORITHMS
from airflow_landing_loader.landing.control.go_file.at_hand import Hand
from airflow_landing_loader.landing.control.go_file.checksum import listed
from airflow_landing_loader.landing.control.go_file.listing import files_named
from airflow_landing_loader.landing.control.go_file.text import SIZE_LIMIT, decode
from airflow_landing_loader.onboarding.controls.pairing import Pair
from airflow_landing_loader.onboarding.controls.places import Form, Place, forms_of
from airflow_landing_loader.onboarding.names.groups import Group, is_of
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Zone

_SEVERAL = 2
_DIGEST = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{32,128})(?![0-9A-Fa-f])")


def digits_listed(content: bytes, files: Container[str]) -> int:
    """How many digits the digests have in a list of them that names files of the folder; whatever
    it is called, it is no data. 0: it is no such list.

    :param content: all of it.
    :param files: names, without folders.
    """
    rules = GoFile(pattern="*", format="checksum", lists_files=True)
    hand = Hand(name="", rules=rules)
    try:
        text = decode(content, hand)
        names = listed(text, hand).names
    except LandingError:
        return 0
    lengths = {len(digest) for digest in _DIGEST.findall(text)} & ALGORITHMS.keys()
    known = any(words.text.rpartition("/")[2] in files for words in names)
    return lengths.pop() if known and len(lengths) == 1 else 0


def pairs_of_set(
    zone: Zone,
    go: Group,
    few: Sequence[LandedFile],
    files: Mapping[str, LandedFile],
    groups: Sequence[Group],
) -> list[Pair]:
    """The data groups whose files some go files name, each with the go file of each file.

    :param zone: where the files lie.
    :param go: the supposed go files.
    :param few: of them, by which it is seen whether they name several files, before all are read.
    :param files: of the folder, by name.
    :param groups: that may be data.
    :returns: none, unless each go file can be read, names nothing but files of these groups, and
        one of the few at least names several that are there.
    """
    for form in _forms(zone, few[0], go):
        named = _named(zone, few, form, go)
        if not any(sum(name in files for name in names) >= _SEVERAL for names in named.values()):
            continue
        all_named = _named(zone, [files[name] for name in go.names], form, go)
        if pairs := _pairs(go, form, all_named, files, groups):
            return pairs
    return []


def _forms(zone: Zone, first: LandedFile, go: Group) -> Iterator[Form]:
    """The forms that these go files may have, each with a place where names may stand."""
    hand = Hand(name=first.name, rules=GoFile(pattern=go.pattern.text, format="presence"))
    try:
        with closing(zone.source(first).open()) as opened:
            text = decode(opened.read_at(SIZE_LIMIT + 1, 0), hand)
        forms = list(forms_of(text, hand, ""))
    except LandingError:
        return
    for form in forms:
        places: list[Place | bool] = [place for place, _ in form.places]
        if form.name == "checksum":
            places.append(True)
        for place in places:
            yield replace(form, keys=(*form.keys, ("lists_files", place)))


def _named(
    zone: Zone, go_files: Sequence[LandedFile], form: Form, go: Group
) -> dict[str, tuple[str, ...]]:
    """The names in each go file; nothing if not all of them can be read so."""
    try:
        rules = GoFile.model_validate({"pattern": go.pattern.text, **dict(form.keys)})
        return {file.name: files_named(zone, file, rules) for file in go_files}
    except (LandingError, ValidationError):
        return {}


def _pairs(
    go: Group,
    form: Form,
    named: Mapping[str, tuple[str, ...]],
    files: Mapping[str, LandedFile],
    groups: Sequence[Group],
) -> list[Pair]:
    found: dict[str, list[tuple[str, str]]] = defaultdict(list)
    by_pattern = {group.pattern.text: group for group in groups}
    owners = {name: group for group in groups for name in group.names}
    for go_name, names in named.items():
        for name in names:
            owner = owners.get(name) or next((g for g in groups if is_of(g.pattern, name)), None)
            if owner is None:
                return []
            if name in files:
                found[owner.pattern.text].append((name, go_name))
    return [
        Pair(by_pattern[pattern], go, go.pattern, tuple(sorted(names)), (0, 0), form)
        for pattern, names in found.items()
    ]
