"""What dbt says that it did, and what its tasks hand on of that."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

DbtLayer = Literal["silver", "gold"]
Place = tuple[str, str]  # schema or dataset, and name, as the warehouse spells them
Status = Literal["ok", "warned", "failed", "skipped", "waiting"]

_STATUS: dict[str, Status] = {
    "success": "ok",
    "pass": "ok",
    "no-op": "ok",
    "warn": "warned",
    "skipped": "skipped",
}


@dataclass(frozen=True, kw_only=True)
class DbtNodeResult:
    """What became of one dbt node.

    :param unique_id: its id in the manifest.
    :param name: name of the model, test, seed or snapshot.
    :param kind: dbt's resource type.
    :param status: ``waiting`` was left out because a raw table or model it reads is not there yet;
        ``skipped`` was left out by dbt because something before it failed.
    :param message: dbt's own words; they may quote values.
    :param seconds: how long it took.
    """

    unique_id: str
    name: str
    kind: str
    status: Status
    message: str
    seconds: float


@dataclass(frozen=True, kw_only=True)
class DbtNodeRun:
    """What became of one node.

    :param name: its name in dbt.
    :param kind: dbt's resource type.
    :param table: what it has built, if that is a table and no view.
    :param made_from: the one table or view that a silver model reads, beside the loader's own ones;
        ``None``: it reads several.
    """

    name: str
    kind: str
    layer: DbtLayer
    status: Status
    table: Place | None = None
    made_from: Place | None = None


@dataclass(frozen=True, kw_only=True)
class DbtTaskRun:
    """What one task of dbt has done: one node with its tests, or one test.

    :param began: when dbt began, UTC; the wait for the database is before that.
    :param ended: ``None``: it has not said how it ended.
    :param nodes: in the order dbt finished them.
    """

    name: str
    layer: DbtLayer
    began: datetime
    ended: datetime | None = None
    nodes: tuple[DbtNodeRun, ...] = ()


def read_results(folder: Path) -> tuple[DbtNodeResult, ...]:
    """What dbt says that it ran; nothing if it died before, or while it was writing that.

    :param folder: dbt's target folder.
    """
    with suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
        return _results(json.loads((folder / "run_results.json").read_bytes()))
    return ()


def _results(run_results: dict[str, Any]) -> tuple[DbtNodeResult, ...]:
    found = []
    for entry in run_results["results"]:
        kind, _, name = entry["unique_id"].split(".")[:3]
        found.append(
            DbtNodeResult(
                unique_id=entry["unique_id"],
                name=name,
                kind=kind,
                status=_STATUS.get(entry["status"], "failed"),
                message=entry["message"] or "",
                seconds=float(entry["execution_time"]),
            )
        )
    return tuple(found)
