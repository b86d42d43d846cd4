"""Patterns of different mappings, or of one, that can match one file name.

Compared are data patterns with data patterns, go file patterns with go file patterns, and each with
the other. Patterns take part also where their mapping is wrong in other ways: a file that a broken
mapping claims must not be loaded by the neighbour that happens to match it too.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.config.mapping.patterns.places import folded
from airflow_landing_loader.config.mapping.written import Written
from airflow_landing_loader.config.yaml.findings import Finding, KeyPath, locate
from airflow_landing_loader.exceptions import ErrorCode

_MAX_NAMED = 3
_GO_PATTERN: KeyPath = ("go_file", "pattern")


@dataclass(frozen=True, slots=True)
class _Claim:
    """A pattern with which one mapping claims files: its data files, or its go files.

    :param lists_files: whether it is of go files that name their data files, which may be those of
        several mappings.
    """

    owner: int
    pattern: Pattern
    excludes: tuple[Pattern, ...]
    is_go: bool
    lists_files: bool = False


@dataclass(frozen=True, slots=True)
class _Clash:
    """Another claim on a name that a claim makes, with such a name if one was found."""

    other: _Claim
    example: str | None


def pattern_findings(all_written: Sequence[Written]) -> Iterator[tuple[int, Finding]]:
    """A finding for each pattern that can match a name which is another pattern's.

    :param all_written: in order of file and line.
    :returns: the index of the mapping in ``all_written``, and the finding.
    """
    claims = list(_claims(all_written))
    clashes: list[list[_Clash]] = [[] for _ in claims]
    for one, two in _fitting_pairs(claims):
        if len(clashes[one]) > _MAX_NAMED and len(clashes[two]) > _MAX_NAMED:
            continue  # both are refused anyway; thousands of equal patterns stay quick
        if _may_share_a_name(claims[one], claims[two]):
            example = _unexcluded_example(claims[one], claims[two])
            clashes[one].append(_Clash(claims[two], example))
            clashes[two].append(_Clash(claims[one], example))
    for claim, group in zip(claims, clashes, strict=True):
        group.sort(key=lambda clash: clash.other.owner)
        for other_is_go in (False, True):
            of_kind = [clash for clash in group if clash.other.is_go is other_is_go]
            own = of_kind and of_kind[0].other.owner == claim.owner
            if of_kind and (claim.is_go or not own):  # its own two patterns: said at the go pattern
                yield claim.owner, _clash_finding(claim, of_kind, all_written)


def _claims(all_written: Sequence[Written]) -> Iterator[_Claim]:
    seen: set[tuple[str, str]] = set()
    for owner, written in enumerate(all_written):
        key = (written.shown, written.pair.key)
        if key in seen:  # written twice in one file, which is said as such
            continue
        seen.add(key)
        # Without its excludes a pattern may be far wider than what it stands for.
        if written.pattern and written.excludes is not None:
            yield _Claim(owner, written.pattern, written.excludes, is_go=False)
        if written.go_pattern:
            yield _Claim(owner, written.go_pattern, (), is_go=True, lists_files=written.lists_files)


class _SameStart:
    """The claims that begin with the same literal text, found by how they end."""

    def __init__(self, ends: Sequence[tuple[str, int]]) -> None:
        self._ends = sorted(ends)
        self._keys = [backwards for backwards, _ in self._ends]

    def fitting(self, backwards: str) -> Iterator[int]:
        """Claims whose end, read backwards, begins with ``backwards`` or is a beginning of it."""
        for position in range(bisect_left(self._keys, backwards), len(self._keys)):
            if not self._keys[position].startswith(backwards):
                break
            yield self._ends[position][1]
        for length in range(len(backwards)):
            shorter = backwards[:length]
            position = bisect_left(self._keys, shorter)
            while position < len(self._keys) and self._keys[position] == shorter:
                yield self._ends[position][1]
                position += 1


def _fitting_pairs(claims: Sequence[_Claim]) -> Iterator[tuple[int, int]]:
    """Each pair of claims whose literal beginnings and ends fit, once, without trying all pairs."""
    starts: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for index, claim in enumerate(claims):
        prefix, backwards = _edges(claim.pattern)
        starts[prefix].append((backwards, index))
    by_start = {start: _SameStart(ends) for start, ends in starts.items()}
    for index, claim in enumerate(claims):
        prefix, backwards = _edges(claim.pattern)
        for length in range(len(prefix) + 1):
            same_start = by_start.get(prefix[:length])
            for other in same_start.fitting(backwards) if same_start else ():
                if length < len(prefix) or other < index:
                    yield other, index


def _edges(pattern: Pattern) -> tuple[str, str]:
    """How it begins, and how it ends read backwards; case may be ignored by one of two."""
    return folded(pattern.literal_prefix), folded(pattern.literal_suffix)[::-1]


def _may_share_a_name(one: _Claim, two: _Claim) -> bool:
    """Whether both can match one name that no exclude takes away.

    An overlap is excused when one exclude of one side covers all of the other side's pattern. What
    several excludes cover only together is still refused: safe, and easy to say in the docs.
    """
    if one.lists_files and two.lists_files and one.pattern == two.pattern:
        return False  # one go file may name files of both
    if one.pattern.intersect(two.pattern) is None:
        return False
    return not (
        any(exclude.covers(two.pattern) for exclude in one.excludes)
        or any(exclude.covers(one.pattern) for exclude in two.excludes)
    )


def _unexcluded_example(one: _Claim, two: _Claim) -> str | None:
    excludes = one.excludes + two.excludes
    for name in one.pattern.examples(two.pattern):
        if all(exclude.match(name) is None for exclude in excludes):
            return name
    return None


def _clash_finding(
    claim: _Claim, clashes: Sequence[_Clash], all_written: Sequence[Written]
) -> Finding:
    others = ", ".join(
        f"{clash.other.pattern.text!r} ({all_written[clash.other.owner].origin})"
        for clash in clashes[:_MAX_NAMED]
    )
    if len(clashes) > _MAX_NAMED:
        others += " and others"
    example = clashes[0].example
    shared = (
        f"for example {example!r}"
        if example is not None
        else "since no single exclude covers all that both match"
    )
    first = clashes[0].other
    pair = all_written[claim.owner].pair
    path = _GO_PATTERN if claim.is_go else ()
    place = locate(pair, path).value if path else pair.place
    mine = "go file pattern" if claim.is_go else "pattern"
    theirs = "go file pattern" if first.is_go else "pattern"
    code = (
        ErrorCode.MAPPING_GO_PATTERN_CLASH
        if claim.is_go or first.is_go
        else ErrorCode.MAPPING_PATTERNS_OVERLAP
    )
    message = (
        f"The {mine} {claim.pattern.text!r} can match the same name as the {theirs} {others}, "
        f"{shared}."
    )
    return Finding(code, message, _clash_hint(claim, first), place, path)


def _clash_hint(claim: _Claim, other: _Claim) -> str:
    mine, theirs = claim.pattern, other.pattern
    if claim.is_go and other.is_go:
        if claim.lists_files and other.lists_files:
            return "Write the same go_file.pattern, and ignore_case, in both mappings."
        return (
            "Give each mapping go files of its own: one go file belongs to one data file. Where it "
            "names the data files of both, write lists_files in both."
        )
    if claim.is_go:
        return f"Rename one kind, or add exclude: ['{mine.text}'] beside the data pattern."
    if mine.covers(theirs) and theirs.covers(mine):
        return "Keep one of them; one file belongs to one mapping."
    if theirs.covers(mine) and not other.is_go:
        return f"Narrow the wider one, or add exclude: ['{mine.text}'] to it."
    return f"Narrow it, or add exclude: ['{theirs.text}'] to this mapping."
