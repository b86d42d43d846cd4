"""A landing and a target zone for those who move files between them."""

from __future__ import annotations

import hashlib
import multiprocessing
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.exceptions import ErrorDetail
from airflow_landing_loader.landing.model import Delivery
from airflow_landing_loader.landing.moves import move as moves
from airflow_landing_loader.landing.moves.model import Finished, Moved
from airflow_landing_loader.landing.moves.sidecar import Sidecar, sidecar_of
from airflow_landing_loader.storage.local.zone import LocalZone
from airflow_landing_loader.storage.model import FileToMove
from airflow_landing_loader.storage.names import WORK_FOLDER

ID = "1a2b3c4d-0000-5000-8000-000000000000"
MAPPING = TableMapping.model_validate(
    {
        "pattern": "*.csv",
        "table": "t",
        "go_file": {"pattern": "*.go", "format": "properties", "row_count_key": "n"},
    }
)
fork = multiprocessing.get_context("fork")


def landing_of(files: Sequence[FileToMove]) -> LocalZone:
    return LocalZone(str(Path(files[0].file.path).parent))


def move(files: Sequence[FileToMove], target: LocalZone, **keys: Any) -> Moved:
    return moves.move(files, landing_of(files), target, **keys)


@dataclass(frozen=True)
class Lab:
    """A landing and a target zone."""

    landing: Path
    target: Path

    @property
    def zone(self) -> LocalZone:
        return LocalZone(str(self.target))

    def deliver(self, name: str, content: bytes, go: bytes | None = None) -> Delivery:
        """Put a delivery into the landing zone and look at it."""
        (self.landing / name).write_bytes(content)
        go_name = name.removesuffix(".csv") + ".go"
        if go is not None:
            (self.landing / go_name).write_bytes(go)
        zone = LocalZone(str(self.landing))
        data = zone.stat(name)
        assert data is not None
        return Delivery(
            mapping=MAPPING, data=data, go=zone.stat(go_name) if go is not None else None
        )

    def finish_interrupted(self) -> tuple[Finished, ...]:
        return moves.finish_interrupted(LocalZone(str(self.landing)), self.zone)

    def kept(self) -> dict[str, bytes]:
        """Every visible file of the target, sidecars left out."""
        return {
            path.name: path.read_bytes()
            for path in self.target.rglob("*")
            if path.is_file()
            and not path.name.endswith(".error.json")
            and not set(path.relative_to(self.target).parts) & {WORK_FOLDER}
        }

    def landed(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in self.landing.iterdir()}

    def assert_tidy(self) -> None:
        """No temporary file and no note is left."""
        hidden = [p.name for p in self.landing.iterdir() if p.name.startswith(".")]
        hidden += [p.name for p in self.target.rglob(".*") if p.name != WORK_FOLDER]
        assert hidden == []
        work = self.target / WORK_FOLDER
        assert [p.name for p in work.glob("*") if p.name != "lock"] == []


def sidecar(delivery: Delivery, message: str = "The count is wrong.") -> Sidecar:
    error = ErrorDetail(code="count.too_few", message=message, file=delivery.data.name)
    return sidecar_of(delivery, error, when=datetime(2024, 1, 15, tzinfo=UTC))


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
