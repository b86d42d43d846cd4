"""What discovery looks up quickly is what trying every pattern on every name finds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.config.mapping.patterns import Pattern, is_ignored
from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.discovery.discover import discover, find_delivery
from airflow_landing_loader.landing.discovery.model import Discovery
from airflow_landing_loader.storage.local.zone import LocalSource
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Entry, Listing, SpecialEntry

NOW = 1_700_000_000.0
WORDS = ("a", "b", "ab", "ba", "a_", "_", ".", ".csv", ".go", ".csv.go", ".tmp")


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


def mapping(pattern: str, go: str | None = None, exclude: Sequence[str] = ()) -> TableMapping:
    keys: dict[str, object] = {"pattern": pattern, "table": "t", "exclude": list(exclude)}
    if go is not None:
        keys["go_file"] = {"pattern": go, "format": "properties", "row_count_key": "n"}
    return TableMapping.model_validate(keys)


def is_wrong(pattern: str) -> bool:
    return is_ignored(pattern) or len(pattern) > 20


PATTERNS = st.lists(st.sampled_from((*WORDS, "*", "*")), min_size=1, max_size=4).map("".join)
GOOD_PATTERNS = PATTERNS.filter(lambda text: not is_wrong(text) and "**" not in text)


@st.composite
def mappings(draw: st.DrawFn) -> TableMapping:
    pattern = draw(GOOD_PATTERNS)
    stars = pattern.count("*")
    go = draw(st.none() | GOOD_PATTERNS.filter(lambda t: t.count("*") == stars and t != pattern))
    narrower = GOOD_PATTERNS.filter(
        lambda text: not Pattern.parse(text).covers(Pattern.parse(pattern))
    )
    return mapping(pattern, go, draw(st.lists(narrower, max_size=2)))


@st.composite
def scenes(draw: st.DrawFn) -> tuple[tuple[TableMapping, ...], tuple[str, ...]]:
    """Several mappings at once, and names that are likely to be meant by them."""
    some = draw(st.lists(mappings(), min_size=1, max_size=6))
    texts = [m.pattern for m in some] + [m.go_file.pattern for m in some if m.go_file]
    filled = st.tuples(st.sampled_from(texts), st.sampled_from(("", "a", "b", "a_", "1"))).map(
        lambda pair: pair[0].replace("*", pair[1])
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
    return found + gos


def go_file_of(
    some: Sequence[TableMapping], one: TableMapping, name: str, there: Sequence[str]
) -> str | None:
    """The plain definition: the one name with the same text for each star, and of no other use."""
    stars = one.data_pattern.match(name)
    fitting = [
        other
        for other in there
        if one.go_pattern and one.go_pattern.match(other) == stars and len(uses(some, other)) == 1
    ]
    return fitting[0] if len(fitting) == 1 else None


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
        elif name not in files or len(found) > 1:
            kinds["refused"].append(name)
        elif found[0][1]:
            complete = found[0][0].go_pattern is None or go_file_of(some, found[0][0], name, files)
            kinds["ready" if complete else "waiting"].append(name)
        else:
            one = found[0][0]
            assert one.go_pattern is not None
            data_name = one.data_pattern.fill(one.go_pattern.match(name) or ())
            if data_name not in [e.name for e in there]:
                kinds["orphans"].append(name)
    return kinds


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
