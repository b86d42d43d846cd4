"""The named points at which a loader dies."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from airflow_landing_loader import finishing, pipeline, validation
from airflow_landing_loader.landing import local_files, local_moves, move_notes, transfer
from airflow_landing_loader.loading.duckdb import ledger, session
from airflow_landing_loader.loading.duckdb.rows import RowWriter
from airflow_landing_loader.loading.duckdb.warehouse import DuckDBWarehouse
from chaos.trap import Trap
from chaos.watched import at_statement

Step = Literal["poke", "validate", "load", "finish"]
_TEMPORARY = local_files.TEMPORARY_ENDING


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


def _note(_: Any, target: str | Path) -> bool:
    return os.fspath(target).endswith(move_notes.NOTE_ENDING)


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
    Point(name="file validated", step="validate", arm=lambda t: t.after(pipeline, "validate")),
    Point(name="lock taken", step="load", arm=lambda t: t.before(session, "_connect")),
    Point(name="database opened", step="load", arm=lambda t: t.after(session, "_connect")),
    Point(name="own tables made", step="load", arm=lambda t: t.after(ledger, "ensure_tables")),
    Point(name="rows written", step="load", arm=_rows),
    Point(
        name="earlier rows deleted",
        step="load",
        arm=lambda t: at_statement('DELETE FROM "', after=t.spring),
        needs=_needs("replace"),
    ),
    Point(name="metadata written", step="load", arm=lambda t: t.after(ledger, "insert_loads")),
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
    Point(name="before recording", arm=lambda t: t.before(DuckDBWarehouse, "record_deliveries")),
    Point(
        name="refusals recorded",
        arm=lambda t: t.after(DuckDBWarehouse, "record_deliveries", _something),
    ),
    Point(name="before a move", arm=lambda t: t.before(finishing.moves, "move")),
    Point(
        name="sidecar half written",
        arm=lambda t: t.before(local_files, "rename_no_replace", _sidecar),
    ),
    Point(name="sidecar written", arm=lambda t: t.after(local_moves, "write_sidecar")),
    Point(name="note not in its place yet", arm=lambda t: t.before(os, "replace", _note)),
    Point(name="note written", arm=lambda t: t.after(move_notes, "write_note")),
    Point(
        name="before the rename",
        arm=lambda t: t.before(local_files, "rename_no_replace", _placing),
    ),
    Point(name="linked, not unlinked", arm=lambda t: t.after(os, "link"), needs=_needs("links")),
    Point(
        name="data file moved, go file not",
        arm=lambda t: t.after(transfer, "place", lambda item, *_, **__: _is_data(item)),
        needs=_needs("go"),
    ),
    Point(name="all files moved", arm=lambda t: t.before(move_notes, "remove_note")),
    Point(name="note removed", arm=lambda t: t.after(move_notes, "remove_note")),
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
        arm=lambda t: t.before(local_moves, "_finish"),
        needs=_needs("run"),
        first="note written",
    ),
    Point(
        name="interrupted move finished",
        step="poke",
        arm=lambda t: t.after(local_moves, "_finish"),
        needs=_needs("go", "run"),
        first="data file moved, go file not",
    ),
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
)

BY_NAME = {point.name: point for point in POINTS}


def _is_data(item: Any) -> bool:
    return not item.file.name.endswith(".go")
