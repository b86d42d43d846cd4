"""What a world is made of: tables, the parcels that senders deliver, and when they do."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Literal

Proof = Literal[
    "none",
    "properties",
    "csv",
    "checksum",
    "trailer",
    "both",
    "ends",
    "csv list",
    "json list",
    "checksum list",
]
Packing = Literal["", "gz", "zip"]
Cell = str | None
PROMISED = "new_one"
"""A column that senders add now and then."""
Record = tuple[Cell, ...]
GO_STEM = "day_"
"""What the names of go files begin with that name several data files."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table and the mapping of the files that feed it.

    :param stem: what the names of its files begin with.
    :param proof: how a file proves that it is complete; ``both``: go file and trailer; ``ends``:
        lines below the data, one that ends them and one with the count; ``... list``: a go file
        that names several data files, which :class:`FileSet` holds together.
    :param packing: how its files are compressed, as their names say.
    :param sequences: its files are written with MySQL's backslashes, without quotes.
    :param numbered: a column is filled from the names of the files.
    :param typed: its mapping makes a column of :data:`PROMISED` once a file brings it.
    :param measured: how many records have no last column is counted for each load.
    :param identity: what a delivery is of; ``key``: of the number in its name, whatever stands
        behind that.
    :param reject: whether bad records are put aside.
    :param totalled: whether the sum of its first column is given beside the count.
    :param layout: its folder below the archive, ``""`` for none.
    """

    name: str
    stem: str
    columns: tuple[str, ...]
    proof: Proof = "none"
    packing: Packing = ""
    delimiter: str = ","
    reject: bool = False
    row_number: bool = False
    sequences: bool = False
    numbered: bool = False
    typed: bool = False
    measured: bool = False
    on_duplicate: Literal["skip", "load", "fail"] = "skip"
    on_redelivery: Literal["append", "replace", "fail"] = "append"
    identity: Literal["name", "content", "key"] = "name"
    layout: str = ""
    totalled: bool = False

    @property
    def has_go(self) -> bool:
        """Whether a data file waits for its go file."""
        return self.proof in ("properties", "csv", "checksum", "both") or self.is_listed

    @property
    def is_listed(self) -> bool:
        """Whether its go files name data files, of other tables, too."""
        return self.proof.endswith(" list")

    @property
    def has_checksum(self) -> bool:
        """Whether its go files hold a checksum, and nothing else."""
        return self.proof.startswith("checksum")

    @property
    def has_count(self) -> bool:
        """Whether something says how many records a file has."""
        return self.proof != "none" and not self.has_checksum

    @property
    def has_trailer(self) -> bool:
        """Whether the last record holds the count."""
        return self.proof in ("trailer", "both")

    @property
    def ending(self) -> str:
        """How the names of its data files end."""
        return f".csv.{self.packing}" if self.packing else ".csv"

    @property
    def keyed(self) -> bool:
        """Whether a restatement has a name of its own."""
        return self.identity == "key"

    @property
    def parts(self) -> str:
        """What its patterns have behind the stem."""
        if self.keyed:
            return "{number:0d}_{revision}"
        return "{number}" if self.numbered else "*"

    def name_of(self, number: str, revision: int) -> str:
        """The name of a data file."""
        behind = f"_r{revision:03}" if self.keyed else ""
        return f"{self.stem}{number}{behind}{self.ending}"

    def number_of(self, name: str) -> str:
        """The number in the name of one of its data files; what a keyed delivery is of."""
        return name.removeprefix(self.stem).removesuffix(self.ending).partition("_")[0]

    def is_same(self, name: str, other: str) -> bool:
        """Whether two names are of one delivery and its restatement."""
        if self.keyed:
            return self.number_of(name) == self.number_of(other)
        return name == other


@dataclass(frozen=True, kw_only=True)
class File:
    """A file as its sender writes it."""

    name: str
    content: bytes
    mtime_ns: int

    @property
    def sha256(self) -> str:
        """Hex digest of its bytes."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Parcel:
    """One delivery: what its sender meant by it, and the files.

    :param header: the columns of the file.
    :param records: (number in the file from 1, cells) of the records that are good.
    :param rejected: how many records are bad and put aside.
    :param fault: code of the error that it must be refused with; ``None`` for a good one.
    :param total: what its first column comes to; ``None``: nobody asks.
    :param shares_go: whether the go file is that of a :class:`FileSet`, which lays it down.
    """

    table: Table
    data: File
    go: File | None
    shares_go: bool = False
    header: tuple[str, ...]
    records: tuple[tuple[int, Record], ...]
    rejected: int = 0
    fault: str | None = None
    total: int | None = None

    @property
    def files(self) -> tuple[File, ...]:
        """Data file, then go file, if it is its own."""
        return (self.data,) if self.go is None or self.shares_go else (self.data, self.go)


@dataclass(frozen=True, kw_only=True)
class FileSet:
    """Parcels that one go file names: whatever becomes of them becomes of all.

    :param go: of a name that no other one has.
    :param parcels: each with that go file.
    :param arrivals: what comes at once, after the first death, and so on; a later file takes the
        place of an earlier one of its name, and before the last arrival it is not complete.
    :param waits: whether it is never complete: something that is named never comes, or is nobody's.
    """

    go: File
    parcels: tuple[Parcel, ...]
    arrivals: tuple[tuple[File, ...], ...]
    waits: bool = False

    @property
    def files(self) -> tuple[File, ...]:
        """All that comes and is not replaced before the set is complete."""
        return tuple({file.name: file for files in self.arrivals for file in files}.values())

    @property
    def replaced(self) -> tuple[File, ...]:
        """What is replaced before."""
        return tuple(f for files in self.arrivals for f in files if f not in self.files)


@dataclass(frozen=True, kw_only=True)
class Wave:
    """What arrives until everything is at rest again.

    :param parcels: in the order of their names; each complete when it has arrived.
    :param strays: files that no loader may ever touch.
    :param late: names of data files whose parcels arrive only after the first death.
    :param sets: data files that share a go file.
    :param replacing: parcels that their senders put in the place of one of the others, by renames,
        once its rows are committed; where that never comes, after it has left the landing zone.
    """

    parcels: tuple[Parcel, ...]
    strays: tuple[File, ...] = ()
    replacing: tuple[Parcel, ...] = ()
    late: frozenset[str] = frozenset()
    sets: tuple[FileSet, ...] = ()


Fault = Literal[
    "none",
    "database disk full",
    "archive disk full",
    "read-only archive",
    "database locked",
    "metadata dropped",
    "clock backwards",
    "two loops",
    "two schedulers",
]
Mode = Literal["run", "steps"]


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that a seed decides.

    :param mode: ``run``: the command line; ``steps``: each step in a process of its own, as
        Airflow runs and retries them.
    :param focus: the named point at which most of this world's loaders die.
    :param across: whether the archive lies on another file system than the landing zone.
    :param by_links: whether renames are made of link and unlink, as where the kernel knows no
        rename that refuses to replace.
    :param workers: files that a loader works on at the same time.
    :param batch: files of a batch at most.
    """

    seed: int
    mode: Mode
    focus: str
    fault: Fault
    across: bool
    by_links: bool
    workers: int
    batch: int
    tables: tuple[Table, ...]
    waves: tuple[Wave, ...] = field(repr=False)
