"""Which sets a look finds ready is what the plain definition says, and one name is asked alike."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorCode, LandingError
from airflow_landing_loader.landing.discovery.discover import discover, find_delivery
from airflow_landing_loader.landing.discovery.model import Discovery
from airflow_landing_loader.landing.units import delivery_units, is_whole
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Entry, Listing, SpecialEntry

NOW = 1_700_000_000.0
_numbers = itertools.count()


@dataclass
class Content:
    """Bytes of a file in memory."""

    name: str
    content: bytes

    @property
    def size(self) -> int:
        return len(self.content)

    def open(self) -> Content:
        return self

    def read_at(self, size: int, position: int) -> bytes:
        return self.content[position : position + size]

    def close(self) -> None: ...


@dataclass(frozen=True)
class InMemory:
    """A zone in memory; a name that ends in ``_`` is a folder."""

    files: dict[str, bytes]
    path: str
    settles: bool = False

    def _entry(self, name: str) -> Entry:
        path = f"{self.path}/{name}"
        if name.endswith("_"):
            return SpecialEntry(name=name, path=path, kind="a directory")
        return LandedFile(name=name, path=path, size=1, mtime_ns=0, token=name)

    def list(self, prefix: str = "") -> Listing[Entry]:
        entries = {
            name: self._entry(name) for name in sorted(self.files) if name.startswith(prefix)
        }
        return Listing(entries, lambda entry: isinstance(entry, LandedFile), lambda entry: entry)

    def stat(self, name: str) -> LandedFile | None:
        entry = self._entry(name) if name in self.files else None
        return entry if isinstance(entry, LandedFile) else None

    def is_being_written(self, name: str) -> bool:
        return False

    def source(self, file: LandedFile) -> Content:
        return Content(file.name, self.files[file.name])


def mapping(pattern: str, go: str | None) -> TableMapping:
    keys: dict[str, object] = {"pattern": pattern, "table": f"t_{pattern[0]}"}
    if go is not None:
        keys["go_file"] = {"pattern": go, "format": "csv", "lists_files": 1}
    return TableMapping.model_validate(keys)


MAPPINGS = st.lists(
    st.sampled_from([("a*", "g*"), ("b*", "g*"), ("c*", "h*"), ("d*", None), ("e*", "g*")]),
    unique=True,
    min_size=1,
).map(lambda pairs: tuple(itertools.starmap(mapping, pairs)))
NAMES = st.sampled_from(["a1", "a2", "b1", "c1", "d1", "e1_", "x1", "../a1", ".a1", "a1.tmp", "g1"])
GO_FILES = st.dictionaries(
    st.sampled_from(["g1", "g2", "h1"]),
    st.lists(NAMES, max_size=4).map(lambda names: "".join(f"{n}\n" for n in names).encode()),
)
DATA = st.dictionaries(
    st.sampled_from(["a1", "a2", "b1", "c1", "d1", "e1_", "x1"]), st.just(b""), max_size=7
)


def pattern_of(one: TableMapping) -> str | None:
    return one.go_file.pattern if one.go_file else None


def taken_by(mappings: Sequence[TableMapping], name: str) -> TableMapping | None:
    if name.startswith(".") or name.endswith(".tmp") or "/" in name:
        return None
    return next((m for m in mappings if m.matches(name)), None)


def plainly_ready(mappings: Sequence[TableMapping], files: dict[str, bytes]) -> dict[str, str]:
    """Name of each data file of a ready set, and its go file."""
    good: dict[str, list[str]] = {}
    for go, content in files.items():
        kind = next((pattern_of(m) for m in mappings if pattern_of(m) == f"{go[0]}*"), None)
        names = list(dict.fromkeys(content.decode().split()))
        takers = [taken_by(mappings, name) for name in names]
        if kind and names and all(m is not None and pattern_of(m) == kind for m in takers):
            good[go] = names
    there = {name for name in files if not name.endswith("_")}
    ready = {}
    for go, names in good.items():
        others = {n for other, those in good.items() if other != go for n in those}
        if set(names) <= there and not set(names) & others:
            ready |= dict.fromkeys(names, go)
    return ready


def state_of(found: Discovery, name: str) -> str:
    if any(d.data.name == name for d in (*found.ready, *found.unsettled)):
        return "ready"
    return "waits" if any(w.name == name for w in found.waiting) else "refused"


def asked(zone: InMemory, mappings: Sequence[TableMapping], name: str) -> str:
    """What becomes of one name, asked alone; the same as :func:`state_of`."""
    try:
        delivery = find_delivery(zone, mappings, name)  # type: ignore[arg-type]
    except LandingError as error:
        return "waits" if error.code is ErrorCode.SET_INCOMPLETE else "refused"
    found = discover(zone, mappings, now=NOW)  # type: ignore[arg-type]
    return "ready" if delivery in found.ready else "another one"


@given(MAPPINGS, DATA, GO_FILES)
def test_what_is_ready_is_what_the_definition_says(
    mappings: tuple[TableMapping, ...], data: dict[str, bytes], go_files: dict[str, bytes]
) -> None:
    files = {**data, **go_files}
    zone = InMemory(files, f"/landing{next(_numbers)}")
    found = discover(zone, mappings, now=NOW)  # type: ignore[arg-type]
    of_sets = {d.data.name: d.go.name for d in found.ready if d.members and d.go}
    assert of_sets == plainly_ready(mappings, files)
    for unit in delivery_units(found.ready):
        assert is_whole(unit)
    # Every file is somewhere, once.
    told = [
        *(d.data.name for d in found.ready),
        *set(of_sets.values()),
        *(w.name for w in found.waiting),
        *(o.name for o in found.orphans),
        *(r.name for r in found.refused),
        *found.unmatched,
    ]
    assert sorted(told) == sorted(
        name for name in files if not name.endswith("_") or taken_by(mappings, name)
    )
    for name in data:
        assert asked(zone, mappings, name) == state_of(found, name)


def test_the_lacking_one_is_named() -> None:
    mappings = (mapping("a*", "g*"), mapping("b*", "g*"))
    zone = InMemory({"a1": b"", "g1": b"a1\nb1\nb2\n"}, "/landing-lacking")
    found = discover(zone, mappings, now=NOW)  # type: ignore[arg-type]
    ((_, name, go, lacks),) = found.waiting
    assert (name, go, lacks) == ("a1", "g1", "b1")
    assert [(o.name, o.data_name) for o in found.orphans] == [("g1", "b1")]


def test_names_that_ignore_case() -> None:
    keys = {"pattern": "a*", "go_file": {"pattern": "g*", "format": "csv", "lists_files": 1}}
    one = TableMapping.model_validate({**keys, "table": "t", "ignore_case": True})
    zone = InMemory({"A1": b"", "g1": b"a1\n"}, "/landing-case")
    found = discover(zone, (one,), now=NOW)  # type: ignore[arg-type]
    assert [d.data.name for d in found.ready] == ["A1"]
    zone = InMemory({"A1": b"", "a1": b"", "g1": b"a1\n", "g2": b"A1\n"}, "/landing-case-2")
    found = discover(zone, (one,), now=NOW)  # type: ignore[arg-type]
    assert [d.data.name for d in found.ready] == ["A1", "a1"]
    zone = InMemory({"AA": b"", "Aa": b"", "g1": b"aA\n"}, "/landing-case-3")
    found = discover(zone, (one,), now=NOW)  # type: ignore[arg-type]
    assert [r.error.code for r in found.refused] == [ErrorCode.LANDING_FILES_ALIKE]
