"""The named points at which a loader dies."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from airflow_landing_loader.landing.moves import journal, move, mover, together
from airflow_landing_loader.landing.moves.holding import Holding
from airflow_landing_loader.loading.warehouses.duckdb import batch, session, warehouse
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
from airflow_landing_loader.loading.warehouses.duckdb.rows import RowWriter
from airflow_landing_loader.loading.warehouses.duckdb.warehouse import DuckDBWarehouse
from airflow_landing_loader.pipeline import finishing, pipeline, validation
from airflow_landing_loader.storage.local import files as local_files
from airflow_landing_loader.storage.local import names, transfer
from airflow_landing_loader.storage.local.folder import LocalFolder
from airflow_landing_loader.storage.names import HELD_FOLDER
from chaos.loader import Listener
from chaos.model import GO_STEM
from chaos.trap import Trap
from chaos.watched import at_statement

Step = Literal["poke", "validate", "load", "finish"]
_TEMPORARY = names.TEMPORARY_ENDING


@dataclass(frozen=True, kw_only=True)
class Point:
    """A place to die at.

    :param arm: wraps what has to be wrapped for it.
    :param needs: what a world must have for it to be passed.
    :param step: the step, of those that Airflow takes one by one, in which it is passed.
    :param first: the point at which the loader before it has to die, if it is passed only then.
    """

    name: str
    arm: Callable[[Trap], None]
    step: Step = "finish"
    needs: frozenset[str] = frozenset()
    first: str | None = None


def _placing(source: str, target: str) -> bool:
    return not source.endswith(_TEMPORARY) and not target.endswith(_TEMPORARY)


def _placing_copy(source: str, target: str) -> bool:
    return source.endswith(_TEMPORARY) and not target.endswith((".error.json", _TEMPORARY))


def _sidecar(source: str, target: str) -> bool:
    return source.endswith(_TEMPORARY) and target.endswith(".error.json")


def _hiding(_: str, target: str) -> bool:
    return target.endswith(_TEMPORARY)


def _moving(_: str, target: str, **__: Any) -> bool:
    return f"/{HELD_FOLDER}/" not in target


def _note(_: Any, target: str | Path) -> bool:
    return os.fspath(target).endswith(journal.NOTE_ENDING)


def _something(_: Any, values: Any) -> bool:
    return bool(values)


def _copy_half(trap: Trap) -> None:
    whole = transfer._copy

    def half(item: Any, source: Any, copy: Any) -> None:
        copy.write(source.read(item.file.size // 2))
        copy.flush()
        trap.spring()
        source.seek(0)
        copy.seek(0)
        whole(item, source, copy)

    transfer._copy = half


def _rows(trap: Trap) -> None:
    trap.after(RowWriter, "write")
    trap.after(RowWriter, "write_together")


def _needs(*words: str) -> frozenset[str]:
    return frozenset(words)


POINTS: tuple[Point, ...] = (
    Point(name="file inspected", step="validate", arm=lambda t: t.after(validation, "inspect")),
    Point(name="file validated", step="validate", arm=lambda t: t.after(validation, "validate")),
    Point(name="lock taken", step="load", arm=lambda t: t.before(session, "_connect")),
    Point(name="database opened", step="load", arm=lambda t: t.after(session, "_connect")),
    Point(name="own tables made", step="load", arm=lambda t: t.after(Ledger, "ensure_tables")),
    Point(name="rows written", step="load", arm=_rows),
    Point(
        name="earlier rows deleted",
        step="load",
        arm=lambda t: at_statement('DELETE FROM "', after=t.spring),
        needs=_needs("replace"),
    ),
    Point(name="metadata written", step="load", arm=lambda t: t.after(Ledger, "insert_loads")),
    Point(name="events written", step="load", arm=lambda t: t.after(batch, "put_events")),
    Point(
        name="before the commit", step="load", arm=lambda t: at_statement("COMMIT", before=t.spring)
    ),
    Point(
        name="in the commit",
        step="load",
        arm=lambda t: at_statement("COMMIT", before=t.spring_later),
    ),
    Point(
        name="after the commit", step="load", arm=lambda t: at_statement("COMMIT", after=t.spring)
    ),
    Point(name="status copy half written", step="load", arm=lambda t: t.before(Path, "replace")),
    Point(
        name="in the checkpoint",
        step="load",
        arm=lambda t: at_statement("CLOSE", before=t.spring_later),
    ),
    Point(name="database closed", step="load", arm=lambda t: at_statement("CLOSE", after=t.spring)),
    Point(name="what is held noted", step="load", arm=lambda t: t.after(Holding, "_write")),
    Point(name="second name given", step="load", arm=lambda t: t.after(Holding, "_link")),
    Point(name="before recording", arm=lambda t: t.before(DuckDBWarehouse, "record_deliveries")),
    Point(
        name="refusals recorded",
        arm=lambda t: t.after(DuckDBWarehouse, "record_deliveries", _something),
    ),
    Point(
        name="refusals told, not recorded",
        arm=lambda t: t.after(warehouse, "put_events", _something),
    ),
    Point(name="outbox read", arm=lambda t: t.before(Listener, "send")),
    Point(name="an event sent", arm=lambda t: t.after(Listener, "heard")),
    Point(
        name="events sent, not marked",
        arm=lambda t: t.before(DuckDBWarehouse, "mark_published", _something),
    ),
    Point(
        name="events marked",
        arm=lambda t: t.after(DuckDBWarehouse, "mark_published", _something),
    ),
    Point(name="before a move", arm=lambda t: t.before(finishing.moves, "move")),
    Point(
        name="sidecar half written",
        arm=lambda t: t.before(local_files, "rename_no_replace", _sidecar),
    ),
    Point(name="sidecar written", arm=lambda t: t.after(mover, "write_sidecar")),
    Point(name="note not in its place yet", arm=lambda t: t.before(os, "replace", _note)),
    Point(name="note written", arm=lambda t: t.after(journal, "write_note")),
    Point(
        name="before the rename",
        arm=lambda t: t.before(local_files, "rename_no_replace", _placing),
    ),
    Point(
        name="linked, not unlinked",
        arm=lambda t: t.after(os, "link", _moving),
        needs=_needs("links"),
    ),
    Point(
        name="data file moved, go file not",
        arm=lambda t: t.after(LocalFolder, "bring", _is_data),
        needs=_needs("go"),
    ),
    Point(name="all files moved", arm=lambda t: t.before(journal, "remove_note")),
    Point(name="note removed", arm=lambda t: t.after(journal, "remove_note")),
    Point(name="look-alike found", arm=lambda t: t.before(transfer, "let_stand_for")),
    Point(
        name="source hidden",
        arm=lambda t: t.after(local_files, "rename_no_replace", _hiding),
    ),
    Point(name="source removed", arm=lambda t: t.after(transfer, "discard")),
    Point(name="copy half written", arm=_copy_half, needs=_needs("across")),
    Point(
        name="copy verified",
        arm=lambda t: t.before(local_files, "rename_no_replace", _placing_copy),
        needs=_needs("across"),
    ),
    Point(
        name="copy placed, source there",
        arm=lambda t: t.after(local_files, "rename_no_replace", _placing_copy),
        needs=_needs("across"),
    ),
    Point(
        name="interrupted move taken up",
        step="poke",
        arm=lambda t: t.before(move, "_finish"),
        needs=_needs("run"),
        first="note written",
    ),
    Point(
        name="interrupted move finished",
        step="poke",
        arm=lambda t: t.after(move, "_finish"),
        needs=_needs("go", "run"),
        first="data file moved, go file not",
    ),
    Point(
        name="replaced by its sender",
        arm=lambda t: t.before(Holding, "kept"),
        needs=_needs("replaced"),
    ),
    Point(
        name="kept from its second name",
        arm=lambda t: t.after(Holding, "kept"),
        needs=_needs("replaced"),
    ),
    Point(name="second names gone", arm=lambda t: t.after(Holding, "release")),
    Point(name="second names tidied", arm=lambda t: t.after(Holding, "tidy")),
    Point(
        name="before another name is recorded",
        arm=lambda t: t.before(DuckDBWarehouse, "record_archived", _something),
        needs=_needs("restated"),
    ),
    Point(
        name="another name recorded",
        arm=lambda t: t.after(DuckDBWarehouse, "record_archived", _something),
        needs=_needs("restated"),
    ),
    Point(
        name="batch ended",
        arm=lambda t: t.after(pipeline.Pipeline, "run_batch"),
        needs=_needs("run"),
    ),
    Point(
        name="validated, answer lost",
        step="validate",
        arm=lambda t: t.after(pipeline.Pipeline, "validate_batch"),
        needs=_needs("steps"),
    ),
    Point(
        name="loaded, answer lost",
        step="load",
        arm=lambda t: t.after(pipeline.Pipeline, "load"),
        needs=_needs("steps"),
    ),
    Point(
        name="moved, answer lost",
        arm=lambda t: t.after(pipeline.Pipeline, "finish"),
        needs=_needs("steps"),
    ),
    Point(
        name="moves of a set noted",
        arm=lambda t: t.after(journal, "write_set_note"),
        needs=_needs("sets"),
    ),
    Point(
        name="go file of a set not moved yet",
        arm=lambda t: t.before(LocalFolder, "bring", _is_go_of_set),
        needs=_needs("sets"),
    ),
    Point(
        name="moves of a set taken up",
        step="poke",
        arm=lambda t: t.before(together, "_finish"),
        needs=_needs("sets", "run"),
        first="moves of a set noted",
    ),
)

BY_NAME = {point.name: point for point in POINTS}


def _is_data(_: Any, name: str, *__: Any, **___: Any) -> bool:
    return not name.endswith(".go")


def _is_go_of_set(_: Any, name: str, *__: Any, **___: Any) -> bool:
    return name.startswith(GO_STEM)
