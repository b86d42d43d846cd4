"""From a manifest to its end: rows and books once, whoever dies at which step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from airflow_landing_loader.exceptions import (
    ConfigurationError,
    ErrorCode,
    LandingError,
    TerminalError,
    TransientError,
)
from airflow_landing_loader.loading.ledger.tables import LOAD_DELIVERIES, LOAD_METADATA
from airflow_landing_loader.loading.warehouses.manifest import (
    Manifest,
    Part,
    StagedFile,
    claim_name,
    manifest_name,
)
from airflow_landing_loader.loading.warehouses.recovery import (
    OUTDATED,
    Recovery,
    claim,
    finish,
)

NOW = datetime.now(UTC)


class DiedError(Exception):
    """The loader is dead."""


@dataclass
class Folder:
    """A staging folder in memory."""

    objects: dict[str, tuple[bytes, datetime]] = field(default_factory=dict)

    def uri(self, name: str) -> str:
        return f"mem://{name}"

    def name(self, uri: str) -> str:
        return uri.removeprefix("mem://")

    def create(self, name: str, content: bytes) -> bool:
        if name in self.objects:
            return False
        self.objects[name] = (content, NOW)
        return True

    def read(self, name: str) -> bytes | None:
        found = self.objects.get(name)
        return None if found is None else found[0]

    def names(self, prefix: str) -> list[tuple[str, datetime]]:
        return [(n, at) for n, (_, at) in sorted(self.objects.items()) if n.startswith(prefix)]

    def remove(self, names: Sequence[str]) -> None:
        for name in names:
            self.objects.pop(name, None)


@dataclass
class Warehouse:
    """One without a transaction over rows and books: either can be written, once for an id."""

    folder: Folder
    rows: list[str] = field(default_factory=list)
    books: list[str] = field(default_factory=list)
    dies: str = ""
    fails: LandingError | None = None

    def load(self, manifest: Manifest) -> None:
        self._step("before the rows")
        if self.fails is not None:
            raise self.fails
        self.rows += [i for i in manifest.load_ids if i not in self.rows]
        self._step("after the rows")

    def commit(self, manifest: Manifest) -> None:
        self.books += [i for i in manifest.load_ids if i not in self.books]
        self._step("after the books")

    def clean(self, manifest: Manifest) -> None:
        uris = [uri for part in manifest.parts for uri in part.uris]
        self.folder.remove([self.folder.name(uri) for uri in uris])
        self._step("half cleaned")
        self.folder.remove([manifest_name(manifest.id)])

    def _step(self, name: str) -> None:
        if name == self.dies:
            raise DiedError


def manifest_of(batch: str, table: str = "raw_a") -> Manifest:
    """A batch of one load, which is called like the batch."""
    load = dict.fromkeys(LOAD_METADATA.column_names) | {"load_id": batch, "table_name": table}
    record = dict.fromkeys(LOAD_DELIVERIES.column_names) | {"delivery_id": batch}
    part = Part(
        table=table,
        columns=(("a", "STRING"),),
        row_number=False,
        direct=True,
        uris=(f"mem://parts/{batch}",),
        row_count=1,
    )
    return Manifest(
        id=batch,
        parts=(part,),
        files=(StagedFile(f"{batch}\udcff.csv", 1, "t"),),
        loads=(tuple(load.values()),),
        load_columns=(),
        deliveries=(tuple(record.values()),),
        replaces=(),
        basis=0,
    )


def begun(folder: Folder, batch: str, table: str = "raw_a") -> Manifest:
    """A batch that is staged and written down."""
    manifest = manifest_of(batch, table)
    assert folder.create(f"parts/{batch}", b"rows")
    assert folder.create(manifest_name(batch), manifest.to_json())
    return manifest


@pytest.mark.parametrize(
    "step", ["before the rows", "after the rows", "after the books", "half cleaned"]
)
def test_the_next_loader_finishes_what_a_dead_one_has_begun_and_nothing_comes_twice(
    step: str,
) -> None:
    folder = Folder()
    first = Warehouse(folder, dies=step)
    with pytest.raises(DiedError):
        finish(first, begun(folder, "aa"))
    second = Warehouse(folder, first.rows, first.books)
    recovery = Recovery(second, folder)
    (seen,) = recovery.open_batches()
    assert (seen.tables, seen.files, seen.rows_first) == (("raw_a",), ("aa\udcff.csv",), True)
    assert recovery.finish_open({"raw_b"}) == frozenset()  # its own loaders finish it
    assert len(recovery.open_batches()) == 1
    assert recovery.finish_open({"raw_a"}) == frozenset()
    assert (second.rows, second.books, folder.objects) == (["aa"], ["aa"], {})


@pytest.mark.parametrize(
    ("error", "stays"),
    [
        (TransientError(ErrorCode.WAREHOUSE_UNAVAILABLE, "away"), True),
        (ConfigurationError(ErrorCode.WAREHOUSE_NOT_FOUND, "no dataset"), True),
        (TransientError(ErrorCode.LANDING_CHANGED, "another file"), False),
        (TransientError(ErrorCode.LANDING_DISAPPEARED, "no file"), False),
        (TransientError(ErrorCode.WAREHOUSE_UNAVAILABLE, "x", value=f"ASSERT {OUTDATED}"), False),
        (TerminalError(ErrorCode.LOAD_BAD_VALUE, "never"), False),
    ],
)
def test_what_can_never_be_committed_is_given_up_and_the_rest_stays_open(
    error: LandingError, stays: bool
) -> None:
    folder = Folder()
    with pytest.raises(LandingError):
        finish(Warehouse(folder, fails=error), begun(folder, "aa"))
    assert bool(folder.objects) is stays


def test_a_batch_that_cannot_be_finished_keeps_no_other_waiting() -> None:
    folder = Folder()
    begun(folder, "aa")
    terminal = TerminalError(ErrorCode.LOAD_BAD_VALUE, "never")
    assert Recovery(Warehouse(folder, fails=terminal), folder).finish_open({"raw_a"}) == {"aa"}
    begun(folder, "bb")
    folder.create(manifest_name("cc"), b"[]")  # nobody of ours has written it
    transient = TransientError(ErrorCode.WAREHOUSE_UNAVAILABLE, "away")
    recovery = Recovery(Warehouse(folder, fails=transient), folder)
    assert recovery.finish_open({"raw_a"}) == frozenset()
    assert len(recovery.open_batches()) == 1
    misconfigured = ConfigurationError(ErrorCode.WAREHOUSE_NOT_FOUND, "no dataset")
    with pytest.raises(ConfigurationError):
        Recovery(Warehouse(folder, fails=misconfigured), folder).finish_open({"raw_a"})


def test_leftovers_go_after_a_week_unless_an_open_batch_names_them() -> None:
    folder = Folder()
    begun(folder, "aa")
    for name in ("parts/aa", "parts/old", "parts/new"):
        folder.objects[name] = (b"", NOW - timedelta(days=1 if name == "parts/new" else 8))
    Recovery(Warehouse(folder), folder).finish_open({"raw_b"})
    assert sorted(folder.objects) == ["manifests/aa.json", "parts/aa", "parts/new"]


def test_a_table_is_one_batch_s_alone_and_may_be_claimed_by_it_again() -> None:
    folder = Folder()
    claim(folder, manifest_of("aa"), "raw_a")
    claim(folder, manifest_of("aa"), "raw_a")
    claim(folder, manifest_of("bb"), "raw_b")
    with pytest.raises(TransientError) as refused:
        claim(folder, manifest_of("bb"), "raw_a")
    assert refused.value.code is ErrorCode.WAREHOUSE_LOCKED
    folder.remove([claim_name("raw_a")])
    claim(folder, manifest_of("bb"), "raw_a")
