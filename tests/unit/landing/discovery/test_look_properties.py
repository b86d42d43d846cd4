"""Looks remembered and listings shared are what watching each file, and each alone, would give."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.landing.discovery.discover import discover
from airflow_landing_loader.landing.discovery.model import Look
from airflow_landing_loader.landing.discovery.rest import LOOK_INTERVAL
from airflow_landing_loader.storage.local.zone import LocalSource
from airflow_landing_loader.storage.model import LandedFile
from airflow_landing_loader.storage.zone import Entry, Listing
from airflow_landing_loader.triggers.shared_zone import SharedZone

START = 1_700_000_000.0
NAMES = ("a_1.csv", "a_2.csv", "b_1.csv", "b_1.go", "stranger")
GO = {"pattern": "b_*.go", "format": "properties", "row_count_key": "n"}


@dataclass
class Disk:
    """A zone in memory whose files may be written while they are listed."""

    entries: tuple[Entry, ...] = ()
    held: set[str] = field(default_factory=set)
    path: str = "/landing"
    settles: bool = True

    def list(self, prefix: str = "") -> Listing[Entry]:
        return Listing(
            {entry.name: entry for entry in self.entries if entry.name.startswith(prefix)},
            lambda entry: isinstance(entry, LandedFile),
            lambda entry: entry,
        )

    def stat(self, name: str) -> LandedFile | None:
        raise AssertionError(name)

    def require(self) -> None: ...

    def is_being_written(self, name: str) -> bool:
        return name in self.held

    def source(self, file: LandedFile) -> LocalSource:
        return LocalSource(file.path)


# Whole seconds, as fractions would put the moments of test and code on two sides of a limit.
STEPS = st.tuples(
    st.sampled_from((0, 1, 2, 5)),  # seconds since the look before
    st.dictionaries(st.sampled_from(NAMES), st.integers(0, 2)),  # version by name
    st.sets(st.sampled_from(NAMES), max_size=1),  # held open for writing
)


@given(
    st.lists(STEPS, max_size=10),
    st.sampled_from((0, 1, 3)),
    st.dictionaries(st.sampled_from(NAMES), st.sampled_from((-100, -2, 0, 50))),
)
def test_rest_is_what_watching_every_file_by_itself_tells(
    steps: list[tuple[int, dict[str, int], set[str]]], settle: int, ages: dict[str, int]
) -> None:
    mappings = (
        TableMapping.model_validate({"pattern": "a_*.csv", "table": "a", "settle_seconds": settle}),
        TableMapping.model_validate(
            {"pattern": "b_*.csv", "table": "b", "settle_seconds": settle, "go_file": GO}
        ),
    )
    disk, look, now = Disk(), Look(), START
    since: dict[tuple[str, int], float] = {}
    for pause, versions, held in steps:
        now += pause
        disk.held = held
        disk.entries = tuple(
            LandedFile(
                name=name,
                path=f"/landing/{name}",
                size=version,
                mtime_ns=int((START + ages.get(name, 0)) * 1e9),
                token=str(version),
            )
            for name, version in sorted(versions.items())
        )
        found = discover(disk, mappings, now=now, previous=look)
        look = found.look
        complete = [
            (name, *(("b_1.go",) if name == "b_1.csv" else ()))
            for name in sorted(versions)
            if name.startswith("a_") or (name == "b_1.csv" and "b_1.go" in versions)
        ]
        watched_names = {name for names in complete for name in names}
        since = {
            item: since.get(item, now) for item in versions.items() if item[0] in watched_names
        }
        resting = {
            name
            for name in watched_names
            if settle == 0
            or (
                (watched := now - since[name, versions[name]]) >= LOOK_INTERVAL
                and max(watched, now - START - ages.get(name, 0)) >= settle
                and name not in held
            )
        }
        ready = [names[0] for names in complete if resting.issuperset(names)]
        assert [delivery.data.name for delivery in found.ready] == ready
        assert len(found.ready) + len(found.unsettled) == len(complete)


@given(st.sets(st.sampled_from(NAMES)), st.permutations(("a_*.csv", "b_*.csv", "*")))
def test_a_shared_listing_gives_each_what_it_would_find_alone(
    names: set[str], patterns: list[str]
) -> None:
    disk = Disk(
        entries=tuple(
            LandedFile(name=name, path=f"/landing/{name}", size=1, mtime_ns=0, token="1")
            for name in sorted(names)
        )
    )
    shared = SharedZone(lambda: disk)

    async def refresh() -> None:
        await shared.refresh(60.0)

    asyncio.run(refresh())
    for pattern in patterns:
        mapping = TableMapping(pattern=pattern, table="t", settle_seconds=0)
        alone, together = (
            discover(zone, [mapping], now=START, only_matching=True) for zone in (disk, shared)
        )
        assert together == alone
