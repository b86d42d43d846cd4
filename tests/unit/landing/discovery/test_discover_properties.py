"""What discovery looks up quickly is what trying every pattern on every name finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.patterns.ignored import is_ignored
from airflow_landing_loader.config.mapping.patterns.pattern import Pattern
from airflow_landing_loader.exceptions import ConfigurationError, ErrorCode, LandingError
from airflow_landing_loader.landing.discovery.discover import discover, find_delivery
from airflow_landing_loader.landing.discovery.model import Discovery
from airflow_landing_loader.storage.local.zone import LocalSource
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Entry, Listing, SpecialEntry

NOW = 1_700_000_000.0
WORDS = ("a", "b", "ab", "ba", "a_", "_", ".", ".csv", ".go", ".csv.go", ".tmp", "A", "1", "2401")
PARTS = ("*", "*", "{r}", "{d:%y%m}", "{n:0d}")


def listing(entries: Iterable[Entry]) -> Listing[Entry]:
    """What is known of each child already."""
    return Listing(
        {entry.name: entry for entry in entries},
        lambda entry: isinstance(entry, LandedFile),
        lambda entry: entry,
    )


@dataclass(frozen=True)
class Listed:
    """A zone in memory, which leaves out what does not begin with the prefix."""

    entries: tuple[Entry, ...]
    path: str = "/landing"
    settles: bool = False

    def list(self, prefix: str = "") -> Listing[Entry]:
        return listing(e for e in self.entries if e.name.startswith(prefix))

    def stat(self, name: str) -> LandedFile | None:
        found = [e for e in self.entries if e.name == name]
        return found[0] if found and isinstance(found[0], LandedFile) else None

    def require(self) -> None: ...

    def is_being_written(self, name: str) -> bool:
        return False

    def source(self, file: LandedFile) -> LocalSource:
        return LocalSource(file)


def mapping(
    pattern: str, go: str | None = None, exclude: Sequence[str] = (), *, ignore_case: bool = False
) -> TableMapping:
    keys: dict[str, object] = {"pattern": pattern, "table": "t", "exclude": list(exclude)}
    keys["ignore_case"] = ignore_case
    if go is not None:
        keys["go_file"] = {"pattern": go, "format": "properties", "row_count_key": "n"}
    return TableMapping.model_validate(keys)


def is_wrong(text: str) -> bool:
    try:
        return Pattern.parse(text).matches_nothing or "**" in text
    except ConfigurationError:
        return True


PATTERNS = st.lists(st.sampled_from((*WORDS, *PARTS)), min_size=1, max_size=4).map("".join)
GOOD_PATTERNS = PATTERNS.filter(lambda text: not is_wrong(text))


@st.composite
def mappings(draw: st.DrawFn) -> TableMapping:
    pattern = draw(GOOD_PATTERNS)
    data = Pattern.parse(pattern)
    wildcards = st.permutations([one.written for one in data.wildcards])
    likely = st.builds(_joined, wildcards, st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
    go = draw(
        st.none()
        | likely.filter(
            lambda t: not is_wrong(t) and t != pattern and Pattern.parse(t).pairs_with(data)
        )
    )
    ignore_case = draw(st.booleans())
    narrower = GOOD_PATTERNS.filter(
        lambda text: not Pattern.parse(text).covers(Pattern.parse(pattern))
    )
    excludes = draw(st.lists(narrower, max_size=2))
    try:
        return mapping(pattern, go, excludes, ignore_case=ignore_case)
    except ValidationError:  # an exclude that leaves nothing where case is ignored
        return mapping(pattern, go, ignore_case=ignore_case)


def _joined(wildcards: Sequence[str], words: Sequence[str]) -> str:
    pairs = zip_longest(words, wildcards, fillvalue="")
    return "".join(text for pair in pairs for text in pair)


@st.composite
def scenes(draw: st.DrawFn) -> tuple[tuple[TableMapping, ...], tuple[str, ...]]:
    """Several mappings at once, and names that are likely to be meant by them."""
    some = draw(st.lists(mappings(), min_size=1, max_size=6))
    patterns = [m.data_pattern for m in some] + [m.go_pattern for m in some if m.go_pattern]
    texts = st.sampled_from(("", "a", "b", "a_", "1", "2401", "2413"))
    cases: list[Callable[[str], str]] = [str, str, str.upper, str.swapcase]
    filled = st.builds(
        lambda pattern, text, in_case: in_case(pattern.fill([text] * len(pattern.wildcards))),
        st.sampled_from(patterns),
        texts,
        st.sampled_from(cases),
    )
    free = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map("".join)
    names = draw(st.sets((filled | free).filter(bool), max_size=12))
    return tuple(some), tuple(sorted(names))


def entries(names: Sequence[str]) -> tuple[Entry, ...]:
    """Files of these names; every name that ends in ``_`` is a folder."""
    return tuple(
        SpecialEntry(name=name, path=f"/landing/{name}", kind="a directory")
        if name.endswith("_")
        else LandedFile(name=name, path=f"/landing/{name}", size=1, mtime_ns=0, token=name)
        for name in names
    )


def uses(some: Sequence[TableMapping], name: str) -> list[tuple[TableMapping, bool]]:
    """The plain definition: every mapping is tried, as data and as go file."""
    found = [(m, True) for m in some if m.matches(name)]
    gos = [(m, False) for m in some if m.go_pattern and m.go_pattern.match(name) is not None]
    return found + gos or [*lacking(some, name)]


def lacking(some: Sequence[TableMapping], name: str) -> Iterator[tuple[TableMapping, bool]]:
    """The mappings whose patterns match it once their dates and numbers may be any text."""
    for one in some:
        for pattern, is_data in ((one.data_pattern, True), (one.go_pattern, False)):
            if pattern and ":" in pattern.text and not (is_data and one.excludes(name)):
                loose = re.sub("[{][^}]*[}]", "*", pattern.text)
                anything = Pattern.parse(loose, ignore_case=one.ignore_case)
                if anything.match(name) is not None:
                    yield one, is_data


def is_misfit(one: TableMapping, name: str, *, is_data: bool) -> bool:
    """Whether it has not the dates and numbers that the mapping wants."""
    pattern = one.data_pattern if is_data else one.go_pattern
    assert pattern is not None
    texts = pattern.match(name)
    said = dict(zip(pattern.wildcards, texts or (), strict=False))
    months = [text for one, text in said.items() if one.form == "%y%m"]
    return texts is None or any(not 1 <= int(month[2:]) <= 12 for month in months)


def said(pattern: Pattern | None, name: str) -> list[tuple[str, str]] | None:
    """The text of each part and each star, which say what goes together."""
    texts = None if pattern is None else pattern.match(name)
    if pattern is None or texts is None:
        return None
    stars = iter(range(9))
    names = [one.name or str(next(stars)) for one in pattern.wildcards]
    return sorted(zip(names, texts, strict=True))


def go_files_of(one: TableMapping, name: str, there: Sequence[str]) -> list[str]:
    """The plain definition: the names with the same text for each star and part."""
    mine = said(one.data_pattern, name)
    return [other for other in there if said(one.go_pattern, other) == mine is not None]


def data_files_of(one: TableMapping, go_name: str, there: Sequence[str]) -> list[str]:
    """The same from the other side."""
    mine = said(one.go_pattern, go_name)
    return [other for other in there if said(one.data_pattern, other) == mine is not None]


def expected(some: Sequence[TableMapping], there: Sequence[Entry]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {
        kind: [] for kind in ("ready", "waiting", "orphans", "unmatched", "refused")
    }
    there = [entry for entry in there if not is_ignored(entry.name)]
    files = [entry.name for entry in there if isinstance(entry, LandedFile)]
    for entry in there:
        name, found = entry.name, uses(some, entry.name)
        if not found:
            if name in files:
                kinds["unmatched"].append(name)
        elif (
            name not in files or len(found) > 1 or is_misfit(found[0][0], name, is_data=found[0][1])
        ):
            kinds["refused"].append(name)
        elif found[0][1]:
            kinds[kind_of_data(some, found[0][0], name, there)].append(name)
        elif is_orphan(found[0][0], name, [e.name for e in there]):
            kinds["orphans"].append(name)
    return kinds


def is_orphan(one: TableMapping, name: str, there: Sequence[str]) -> bool:
    """Neither has any data file the same texts, nor is there the one that its texts make."""
    assert one.go_pattern is not None
    texts = one.go_pattern.match(name) or ()
    made = one.data_pattern.counterpart(one.go_pattern, texts)
    return not data_files_of(one, name, there) and made not in there


def kind_of_data(
    some: Sequence[TableMapping], one: TableMapping, name: str, there: Sequence[Entry]
) -> str:
    if one.go_pattern is None:
        return "ready"
    names = [entry.name for entry in there]
    go_files = go_files_of(one, name, names)
    rivals = {rival for go in go_files for rival in data_files_of(one, go, names)}
    if len(go_files) > 1 or len(rivals) > 1:
        return "refused"
    files = [entry.name for entry in there if isinstance(entry, LandedFile)]
    complete = [go for go in go_files if go in files and len(uses(some, go)) == 1]
    return "ready" if complete else "waiting"


def sorted_out(found: Discovery) -> dict[str, list[str]]:
    assert found.unsettled == ()
    return {
        "ready": [d.data.name for d in found.ready],
        "waiting": [w.name for w in found.waiting],
        "orphans": [o.name for o in found.orphans],
        "unmatched": list(found.unmatched),
        "refused": [r.name for r in found.refused],
    }


NO_DELIVERY = (
    ErrorCode.LANDING_UNKNOWN_FILE,
    ErrorCode.LANDING_TWO_PATTERNS,
    ErrorCode.LANDING_DISAPPEARED,
    ErrorCode.LANDING_BAD_NAME,
    ErrorCode.LANDING_FILES_ALIKE,
)
FIXED = (mapping("a.csv", "a.go"), mapping("ab_*.csv"), mapping("b*.csv", "bbbbbbbb*.go"))


@given(scenes())
@example((FIXED, ("a.csv", "a.go", "ab_.csv", "b.csv", "bbbbbbbb.go")))
def test_every_name_goes_where_trying_all_patterns_puts_it(
    scene: tuple[tuple[TableMapping, ...], tuple[str, ...]],
) -> None:
    some, names = scene
    there = entries(names)

    found = discover(Listed(there), some, now=NOW)

    assert sorted_out(found) == expected(some, there)
    for refused in found.refused:
        assert sorted(id(use.mapping) for use in refused.uses) == sorted(
            id(m) for m, _ in uses(some, refused.name)
        )


@given(scenes())
@example((FIXED, ("a.csv", "a.go", "x")))
def test_a_listing_of_what_begins_like_the_patterns_misses_nothing_they_match(
    scene: tuple[tuple[TableMapping, ...], tuple[str, ...]],
) -> None:
    some, names = scene
    zone = Listed(entries(names))

    whole, part = (discover(zone, some, now=NOW, only_matching=only) for only in (False, True))

    assert (part.ready, part.waiting, part.orphans, part.refused) == (
        whole.ready,
        whole.waiting,
        whole.orphans,
        whole.refused,
    )


@given(scenes())
@example((FIXED, ("a.csv", "a.go", "b.csv", "bbbbbbbb.go")))
def test_one_file_asked_for_is_the_delivery_of_the_look(
    scene: tuple[tuple[TableMapping, ...], tuple[str, ...]],
) -> None:
    some, names = scene
    zone = Listed(entries(names))
    ready = {delivery.data.name: delivery for delivery in discover(zone, some, now=NOW).ready}

    for entry in zone.entries:
        name = entry.name
        if isinstance(entry, LandedFile) and name in ready:
            assert find_delivery(zone, some, name) == ready[name]
        elif isinstance(entry, LandedFile):
            with pytest.raises(LandingError) as caught:
                find_delivery(zone, some, name)
            assert caught.value.code in NO_DELIVERY
