"""Loaders that break a promise on purpose: what finds no fault with them proves nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from airflow_landing_loader.landing import units
from airflow_landing_loader.landing.moves import move, mover
from airflow_landing_loader.landing.moves.names import Choice, Spot
from airflow_landing_loader.landing.moves.target import SpotState
from airflow_landing_loader.loading.planning import decisions, sets
from airflow_landing_loader.loading.warehouses.duckdb import batch
from airflow_landing_loader.loading.warehouses.duckdb.ledger import Ledger
from airflow_landing_loader.pipeline import moving_sets
from airflow_landing_loader.storage.local import files as local_files


def _overwrite() -> None:
    """Moves take the delivered name, whoever has it."""

    def plain(note: Any, target: Any) -> Choice:
        spots = tuple(
            Spot(
                name=item.file.name,
                path=f"{target.path}/{item.file.name}",
                state=SpotState.FREE,
                in_place=True,
            )
            for item in note.files
        )
        return Choice(suffix="", spots=spots)

    mover.choose = plain
    local_files.rename_no_replace = os.replace


def _commit_rows_first() -> None:
    """Rows are committed, and their metadata after them."""
    insert = Ledger.insert_loads

    def later(books: Any, loads: Any) -> None:
        books._con.execute("COMMIT")
        books._con.execute("BEGIN TRANSACTION")
        insert(books, loads)

    Ledger.insert_loads = later


def _forget_earlier_tries() -> None:
    """Each try of a delivery is taken for another arrival."""
    decide = decisions.decide

    def forgetful(validated: Any, prior: Any) -> Any:
        return decide(validated, [replace(p, delivery_token="", sha256="") for p in prior])

    decisions.decide = forgetful


def _leave_half_moved() -> None:
    """What a dead mover has begun stays as it is."""
    move.finish_interrupted = lambda *_: ()


def _say_nothing() -> None:
    """Refused files lie in failed without a reason."""
    mover._write_sidecar = lambda *_: None


def _keep_no_totals() -> None:
    """Totals are proved, and nowhere kept."""
    batch.total_rows = lambda _: []


def _tell_after_the_commit() -> None:
    """Events of loads are written when the next load is."""
    put = batch.put_events
    kept: list[Any] = []

    def later(books: Any, records: Any) -> None:
        put(books, kept)
        kept[:] = records

    batch.put_events = later


def _take_sets_apart() -> None:
    """Each data file that a go file names is taken by itself."""
    units.unit_key = lambda delivery: (delivery.data.name, delivery.data.token)
    for module in (units, sets, moving_sets):
        module.is_whole = lambda _: True  # type: ignore[attr-defined]


def _move_go_files_first() -> None:
    """The go file of a set goes with the first of its data files."""
    carrying = moving_sets._carrying
    moving_sets._carrying = lambda plan: plan
    ahead = moving_sets._moved

    def with_first(ordered: Any, *others: Any) -> Any:
        return ahead([carrying(ordered[0]), *ordered[1:]], *others)

    moving_sets._moved = with_first


SABOTAGES: dict[str, Callable[[], None]] = {
    "overwrite": _overwrite,
    "commit rows first": _commit_rows_first,
    "forget earlier tries": _forget_earlier_tries,
    "leave half moved": _leave_half_moved,
    "say nothing": _say_nothing,
    "keep no totals": _keep_no_totals,
    "tell after the commit": _tell_after_the_commit,
    "take sets apart": _take_sets_apart,
    "move go files first": _move_go_files_first,
}
