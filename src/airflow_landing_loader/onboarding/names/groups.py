"""Names as groups: each with the pattern that matches all of them, and with what is unsure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from airflow_landing_loader.config.mapping.patterns.ignored import is_ignored
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.mapping.patterns.reading import MAX_PATTERN_LENGTH
from airflow_landing_loader.exceptions import ConfigurationError
from airflow_landing_loader.onboarding.names.parts import parts_of
from airflow_landing_loader.onboarding.names.tokens import (
    REST,
    WORD,
    Key,
    Name,
    Token,
    is_word,
    taken_apart,
    words_of,
)
from airflow_landing_loader.onboarding.names.versions import version_of

MAX_GROUPS = 500
"""More kinds of names are no feeds."""


@dataclass(frozen=True, slots=True)
class Left:
    """A name that belongs to no group, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Kind:
    """Names that are alike, before it is known what their parts are.

    :param key: what they have in common.
    :param names: in order, without duplicates.
    """

    key: Key
    names: tuple[Name, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Names of one pattern.

    :param kind: the names and what they have in common.
    :param pattern: matches all of them, and no name of another group that ``exclude`` does not
        name.
    :param doubts: what their names do not tell, for a person.
    :param exclude: patterns of other groups that this one could match, too.
    """

    kind: Kind
    pattern: Pattern
    doubts: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """The names."""
        return tuple([name.text for name in self.kind.names])


def sort_names(names: Iterable[str]) -> tuple[list[Kind], list[Left]]:
    """Names by kind: those of one are equal but for digits, months and marks.

    :param names: file names, however hostile.
    """
    found: dict[Key, list[Name]] = defaultdict(list)
    left: list[Left] = []
    for text in sorted(set(names)):
        why = _unfit(text)
        if why:
            left.append(Left(text, why))
        else:
            name = taken_apart(text)
            found[name.key].append(name)
    kinds = [Kind(key, tuple(group)) for key, group in found.items()]
    kinds.sort(key=lambda kind: (-len(kind.names), kind.names[0].text))
    for kind in kinds[MAX_GROUPS:]:
        why = f"there are more than {MAX_GROUPS} kinds of names, and this is one of the rarest"
        left += [Left(name.text, why) for name in kind.names]
    return kinds[:MAX_GROUPS], left


def _unfit(text: str) -> str:
    if is_ignored(text):
        return "hidden, or still being written"
    if "*" in text:
        return "its name holds a *, which is no character of a pattern"
    if any("\ud800" <= char <= "\udfff" for char in text):
        return "its name is not UTF-8, and YAML is"
    return ""


def merged(
    kinds: Sequence[Kind],
    signature: Callable[[Kind], Hashable | None],
    *,
    words_alone: frozenset[str] = frozenset(),
) -> list[Kind]:
    """Kinds that differ in one word, or in a mark of a version, become one where their files are
    alike.

    :param signature: what the files of a kind have in common; ``None``: nothing is known of them.
    :param words_alone: words, in small letters, that may change though no other word stays.
    """
    found = list(kinds)
    while (longer := _with_one_word(found, signature, words_alone)) is not None:
        found = longer
    return _with_versions(found, signature)


def _with_one_word(
    kinds: Sequence[Kind],
    signature: Callable[[Kind], Hashable | None],
    words_alone: frozenset[str],
) -> list[Kind] | None:
    """Join the largest set of kinds that differ in one word alone; ``None``: there is none."""
    open_at: dict[tuple[Key, Hashable], list[Kind]] = defaultdict(list)
    for kind in kinds:
        sign = signature(kind)
        if sign is None:
            continue
        for at, (form, text) in enumerate(kind.key.tokens):
            if not form and is_word(text):
                open_at[_with_word_at(kind.key, at), sign].append(kind)
    best: list[Kind] = []
    best_key: Key | None = None
    for (key, _), group in open_at.items():
        words = frozenset(chain.from_iterable(words_of(kind.key) - words_of(key) for kind in group))
        stays = len(words_of(key)) > 0 and not all(len(word) < 2 for word in words_of(key))
        if len(group) > max(1, len(best)) and (stays or words <= words_alone):
            best, best_key = group, key
    if best_key is None:
        return None
    names = sorted(chain.from_iterable(kind.names for kind in best), key=lambda name: name.text)
    joined = [_opened(name, best_key) for name in names]
    gone = {id(kind) for kind in best}
    return [Kind(best_key, tuple(joined)), *(kind for kind in kinds if id(kind) not in gone)]


def _with_word_at(key: Key, at: int) -> Key:
    tokens = list(key.tokens)
    tokens[at] = (WORD, "")
    return replace(key, tokens=tuple(tokens))


def _opened(name: Name, key: Key) -> Name:
    tokens = [
        Token(WORD, token.text) if kind == WORD else token
        for token, (kind, _) in zip(name.tokens, key.tokens, strict=True)
    ]
    return replace(name, tokens=tuple(tokens))


def _with_versions(
    kinds: Sequence[Kind], signature: Callable[[Kind], Hashable | None]
) -> list[Kind]:
    """A kind whose names are those of another one with a mark of a version behind them joins it."""
    by_key = {(kind.key, signature(kind)): kind for kind in kinds}
    joined: dict[Key, list[Name]] = defaultdict(list)
    gone: set[Key] = set()
    for kind in kinds:
        cut = version_of(kind.key)
        sign = signature(kind)
        base = None if cut is None or sign is None else by_key.get((_cut(kind.key, cut), sign))
        if cut is None or base is None or not any(form for form, _ in base.key.tokens):
            continue
        gone.add(kind.key)
        joined[base.key] += [_with_rest(name, cut) for name in kind.names]
    found = []
    for kind in kinds:
        if kind.key in joined:
            key = replace(kind.key, tokens=(*kind.key.tokens, (REST, "")))
            names = [_with_rest(name, len(name.tokens)) for name in kind.names]
            names += joined[kind.key]
            found.append(Kind(key, tuple(sorted(names, key=lambda name: name.text))))
        elif kind.key not in gone:
            found.append(kind)
    return found


def _cut(key: Key, at: int) -> Key:
    return replace(key, tokens=key.tokens[:at])


def _with_rest(name: Name, at: int) -> Name:
    rest = "".join([token.text for token in name.tokens[at:]])
    return replace(name, tokens=(*name.tokens[:at], Token(REST, rest)))


def grouped(kinds: Sequence[Kind]) -> tuple[list[Group], list[Left]]:
    """Each kind with its pattern; what would be of two patterns is left out."""
    groups: list[Group] = []
    left: list[Left] = []
    for kind in kinds:
        group, unfit = _group(kind)
        left += unfit
        if group is not None:
            groups.append(group)
    return _apart(groups, left), left


def _group(kind: Kind) -> tuple[Group | None, list[Left]]:
    parts = parts_of([name.tokens for name in kind.names])
    left = [
        Left(name.text, f"nearly all names of its kind have a date there: {parts.text}")
        for name, fits in zip(kind.names, parts.fits, strict=True)
        if not fits
    ]
    names = tuple(name for name, fits in zip(kind.names, parts.fits, strict=True) if fits)
    text = parts.text + literal(kind.key.ending)
    why = ""
    try:
        pattern = Pattern.parse(text)
    except ConfigurationError as error:
        why = f"no pattern can say it: {error.detail.message}"
    else:
        if not all(is_of(pattern, name.text) for name in names):
            why = f"no pattern tells where its parts end: {text}"
    if why or len(text) > MAX_PATTERN_LENGTH:
        return None, [*left, *(Left(name.text, why) for name in names)]
    return Group(Kind(kind.key, names), pattern, parts.doubts), left


def literal(text: str) -> str:
    """A text as a pattern has it that means nothing but itself."""
    return text.replace("{", "{{").replace("}", "}}")


def is_of(pattern: Pattern, name: str) -> bool:
    """Whether a name has all that a pattern wants."""
    return pattern.match(name) is not None and pattern.misfit(name) is None


def _apart(groups: Sequence[Group], left: list[Left]) -> list[Group]:
    """The same groups, where of two that can match one name one excludes the other's names, or the
    smaller one goes."""
    kept: list[Group] = []
    for group in sorted(groups, key=lambda one: (-len(one.names), one.pattern.text)):
        mine: Group | None = group
        for at, other in enumerate(kept):
            if mine is None or mine.pattern.intersect(other.pattern) is None:
                continue
            if _can_exclude(other, mine):
                kept[at] = _excluding(other, mine)
            elif _can_exclude(mine, other):
                mine = _excluding(mine, other)
            else:
                why = f"its name fits {mine.pattern.text} as well as {other.pattern.text}"
                left += [Left(name, why) for name in mine.names]
                mine = None
        if mine is not None:
            kept.append(mine)
    return sorted(kept, key=lambda one: one.pattern.text)


def _can_exclude(wide: Group, narrow: Group) -> bool:
    pattern = narrow.pattern
    return not pattern.covers(wide.pattern) and not any(map(pattern.match, wide.names))


def _excluding(wide: Group, narrow: Group) -> Group:
    return replace(wide, exclude=(*wide.exclude, narrow.pattern.text))


def values_of(group: Group) -> Mapping[str, tuple[str, ...]]:
    """What the wildcards of each name say, by name: dates as in ISO 8601, numbers without zeros."""
    found = {}
    for name in group.names:
        texts = group.pattern.match(name) or ()
        said = zip(group.pattern.wildcards, texts, strict=True)
        found[name] = tuple([one.value(text) or text for one, text in said])
    return found
