"""Which groups of names are go files, and of which data files; from names alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, permutations

from airflow_landing_loader.config.mapping.patterns.parts import Wildcard
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.onboarding.controls.places import Form
from airflow_landing_loader.onboarding.names.groups import Group, Kind, literal, values_of
from airflow_landing_loader.onboarding.names.tokens import words_of

_ENDINGS_TEXT = """
go ctl ctrl control done ok trg trig trigger ready rdy fin finished complete completed
success flag flg sem semaphore end eof eot cnt count chk check cksum md5 sha sha1 sha256
sha512 sum json manifest mf meta properties props info audit
"""
_ENDINGS = frozenset(_ENDINGS_TEXT.split())
_WORDS_TEXT = """
ctl ctrl control go done ok trigger trg ready complete completed success manifest checksum
checksums rowcount count marker
"""
_WORDS = frozenset(_WORDS_TEXT.split())
_MOST_ORDERS = 24
_LEAST_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Pair:
    """Data files and their go files.

    :param pattern: of the go files, with the parts of the data files' pattern.
    :param names: of each data file that has one, its go file.
    :param affinity: how many words their names share, and how many they do not, less than none.
    :param form: of go files that name several data files, with ``lists_files``.
    """

    data: Group
    go: Group
    pattern: Pattern
    names: tuple[tuple[str, str], ...]
    affinity: tuple[int, int]
    form: Form | None = None


def ends_as_control(kind: Kind) -> bool:
    """Whether names end as those of go files do."""
    return kind.key.ending.rpartition(".")[2].casefold() in _ENDINGS


def speaks_of_control(kind: Kind) -> bool:
    """Whether a word of the names is one of those of go files."""
    return bool(words_of(kind.key) & _WORDS)


def pair(data: Group, go: Group) -> Pair | None:
    """Pair two groups by what the parts of their names say; ``None``: they do not belong together.

    :param data: the supposed data files.
    :param go: the supposed go files.
    """
    theirs = values_of(go)
    mine = {values: name for name, values in values_of(data).items()}
    best: tuple[tuple[str, str], ...] = ()
    best_order: tuple[int, ...] | None = None
    for order in islice(_orders(data.pattern.wildcards, go.pattern.wildcards), _MOST_ORDERS):
        found = tuple(
            (mine[key], name)
            for name, values in theirs.items()
            if (key := tuple([values[at] for at in order])) in mine
        )
        if len(found) > len(best):
            best, best_order = found, order
    if best_order is None or len(best) < _LEAST_SHARE * len(theirs):
        return None
    pattern = _renamed(data.pattern, go.pattern, best_order)
    if any(pattern.match(name) is None for _, name in best) or not data.pattern.pairs_with(pattern):
        return None
    mine_words, their_words = words_of(data.kind.key), words_of(go.kind.key)
    affinity = (len(mine_words & their_words), -len(mine_words ^ their_words))
    return Pair(data, go, pattern, tuple(sorted(best)), affinity)


def _orders(mine: Sequence[Wildcard], others: Sequence[Wildcard]) -> Iterator[tuple[int, ...]]:
    """For each wildcard of mine, which of the others may say the same."""
    if len(mine) != len(others):
        return
    for order in permutations(range(len(others))):
        if all(_may_be(one, others[at]) for one, at in zip(mine, order, strict=True)):
            yield order


def _may_be(one: Wildcard, two: Wildcard) -> bool:
    return (one.name is None) == (two.name is None) and one.says_the_same_as(two)


def _renamed(mine: Pattern, others: Pattern, order: Sequence[int]) -> Pattern:
    """The other pattern with the names of my parts."""
    names = {at: one.name for one, at in zip(mine.wildcards, order, strict=True)}
    text = literal(others.literals[0])
    for at, (one, behind) in enumerate(zip(others.wildcards, others.literals[1:], strict=True)):
        text += replace(one, name=names[at]).written + literal(behind)
    return Pattern.parse(text)


def best_pairs(pairs: Sequence[Pair]) -> list[Pair]:
    """Of all pairs of one group of go files, those that fit best: several if none is better."""
    top = max(((one.affinity, len(one.names)) for one in pairs), default=None)
    return [one for one in pairs if (one.affinity, len(one.names)) == top]
