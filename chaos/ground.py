"""The folders that a world lies in: making them, delivering into them, looking at them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chaos.content import mapping_yaml
from chaos.model import File, World
from chaos.oracle import Resting

FILLER = ".filler"
"""Name of the file that fills a disk up; it counts as nothing."""

_SUFFIX = re.compile(r"~[0-9a-f]{8}(-\d+)?(?=\.)")
_WORK_FOLDER = ".landing-loader"
_HELD_FOLDER = f"{_WORK_FOLDER}/held"
_LASTING = {f"{_WORK_FOLDER}/lock", f"{_WORK_FOLDER}/status.json.gz"}
_DATABASE_FILES = {"", ".lock", ".queue.lock", ".status.json"}
LOG, STATUS_COPY = "log", "status copy"
_BESIDE_DATABASE = {".wal": LOG, ".status.json.new": STATUS_COPY}


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file in a zone.

    :param zone: ``landing``, ``archive`` or ``failed``.
    :param path: below the zone.
    """

    zone: str
    path: str
    sha256: str

    @property
    def resting(self) -> Resting:
        """The same as the oracle speaks of it: under the name that its sender gave it."""
        folder, _, name = f"{self.zone}/{self.path}".rpartition("/")
        return Resting(folder=folder, name=_SUFFIX.sub("", name), sha256=self.sha256)

    @property
    def is_sidecar(self) -> bool:
        """Whether it is the loader's own word on a refused file."""
        return self.zone == "failed" and self.path.endswith(".error.json")


@dataclass(frozen=True, kw_only=True)
class Look:
    """What lies in the zones and beside the database.

    :param files: those of senders.
    :param sidecars: paths below the failed zone.
    :param leftovers: files of the loader that must not last, by kind.
    """

    files: tuple[Found, ...]
    sidecars: tuple[str, ...]
    leftovers: Counter[str]

    def resting(self, *zones: str) -> Counter[Resting]:
        """The files of some zones, of all if none is named."""
        return Counter(f.resting for f in self.files if not zones or f.zone in zones)


class Ground:
    """The folders of one world.

    :param root: an empty folder.
    :param other: an empty folder on another file system, for worlds across two.
    """

    def __init__(self, world: World, root: Path, other: Path) -> None:
        self.world = world
        self.root = root
        self.zones = {
            "landing": root / "landing",
            "archive": (other if world.across else root) / "archive",
            "failed": root / "failed",
        }
        self.database = root / "database" / "warehouse.duckdb"
        self.log = root / "loader.log"
        self.heard = root / "heard"
        self._ready = root / "ready"
        for folder in (
            *self.zones.values(),
            root / "tables",
            root / "channels",
            self.database.parent,
            self._ready,
        ):
            folder.mkdir(parents=True)
        for table in world.tables:
            (root / "tables" / f"{table.stem}.yaml").write_text(mapping_yaml(table))
        (root / "channels" / "programs.yaml").write_text("type: log\nevents: all\n")

    @property
    def environment(self) -> dict[str, str]:
        """The settings of a loader on this ground."""
        return {
            "LANDING_PATH": str(self.zones["landing"]),
            "ARCHIVE_PATH": str(self.zones["archive"]),
            "FAILED_PATH": str(self.zones["failed"]),
            "TABLE_CONFIG_PATH": str(self.root / "tables"),
            "DUCKDB_PATH": str(self.database),
            "LOADER_WORKERS": str(self.world.workers),
            "AIRFLOW__LANDING_LOADER__BATCH_FILES": str(self.world.batch),
        }

    def deliver(self, files: Iterable[File]) -> None:
        """Put files into the landing zone, each there completely or not at all."""
        for file in files:
            self._written(file, self.root / "unfinished").replace(self.zones["landing"] / file.name)

    def forge(self) -> None:
        """Leave among the second names what no loader has written there."""
        held = self.zones["landing"] / _HELD_FOLDER
        held.mkdir(parents=True, exist_ok=True)
        table = self.world.tables[0]
        victim = {"name": table.name_of("001", 1), "path": "/etc/passwd", "token": "1-1"}
        data = victim | {"size": 1, "mtime_ns": 1}
        forged = {"table": table.name, "sha256": "0" * 64, "go": None, "data": data}
        (held / "forged.held.json").write_text(json.dumps([forged]))
        (held / "1").write_text("of nobody")

    def prepare(self, files: Iterable[File]) -> None:
        """Lay files ready that their sender puts in the place of others while these are loaded."""
        for file in files:
            self._written(file, self._ready / file.name)

    def replace(self, names: Iterable[str]) -> bool:
        """Let a sender put what is ready in the place of files; whether there was anything."""
        there = [name for name in names if name in self.ready]
        for name in there:
            (self._ready / name).replace(self.zones["landing"] / name)
        return bool(there)

    @property
    def ready(self) -> set[str]:
        """Names of the files that are ready and not delivered yet."""
        return {path.name for path in self._ready.iterdir()}

    def _written(self, file: File, path: Path) -> Path:
        path.write_bytes(file.content)
        os.utime(path, ns=(file.mtime_ns, file.mtime_ns))
        return path

    def look(self) -> Look:
        """See what is there now; no loader may be at work."""
        files, sidecars, leftovers = [], [], Counter(self._beside_database())
        for zone, folder in self.zones.items():
            for path in _files_below(folder):
                name = str(path.relative_to(folder))
                kind = _leftover_kind(name)
                if kind is not None:
                    leftovers[kind] += 1
                elif name not in _LASTING:
                    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
                    found = Found(zone=zone, path=name, sha256=sha256)
                    if found.is_sidecar:
                        sidecars.append(name)
                    else:
                        files.append(found)
        return Look(files=tuple(files), sidecars=tuple(sidecars), leftovers=leftovers)

    def hidden_digests(self) -> set[str]:
        """Digests of the files that a death has left under hidden or second names."""
        held = _files_below(self.zones["landing"] / _HELD_FOLDER)
        hidden = [
            path
            for folder in self.zones.values()
            for path in _files_below(folder)
            if path.name.endswith(".landing-tmp")
        ]
        return {hashlib.sha256(path.read_bytes()).hexdigest() for path in (*held, *hidden)}

    def database_state(self) -> tuple[tuple[str, int, int, int], ...]:
        """What differs whenever somebody has written to the database or its log."""
        paths = (self.database, self.database.with_name(f"{self.database.name}.wal"))
        states = ((path.name, path.stat()) for path in paths if path.exists())
        return tuple((name, s.st_ino, s.st_size, s.st_mtime_ns) for name, s in states)

    def heard_events(self) -> list[str]:
        """The ids of all events that were sent, in order, as often as they were."""
        return self.heard.read_text().split() if self.heard.exists() else []

    def log_tail(self, lines: int = 25) -> str:
        """The end of what the loaders have said."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def remove(self) -> None:
        """Remove all of it."""
        for folder in {self.root, self.zones["archive"].parent}:
            shutil.rmtree(folder, ignore_errors=True)

    def _beside_database(self) -> Iterator[str]:
        for path in _files_below(self.database.parent):
            name = path.name
            if name.removeprefix(self.database.name) in _DATABASE_FILES:
                continue
            yield _BESIDE_DATABASE.get(name.lstrip(".").removeprefix(self.database.name), name)


def _files_below(folder: Path) -> list[Path]:
    return [Path(at, name) for at, _, names in os.walk(folder) for name in names if name != FILLER]


def _leftover_kind(name: str) -> str | None:
    if name.startswith(f"{_HELD_FOLDER}/"):
        return "note of what is held" if name.endswith(".held.json") else "second name"
    if name.endswith((".move.json", ".set.json")):
        return "note"
    if name.endswith(".landing-tmp"):
        return "temporary file"
    if name.startswith(_WORK_FOLDER) and name not in _LASTING:
        return "unknown"
    return None
