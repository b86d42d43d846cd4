"""Loaders that break a promise on purpose: what finds no fault with them proves nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from airflow_landing_loader.landing import local_files, local_moves, moves
from airflow_landing_loader.landing.target_names import Choice, Spot, SpotState
from airflow_landing_loader.loading import books
from airflow_landing_loader.loading.duckdb import ledger


def _overwrite() -> None:
    """Moves take the delivered name, whoever has it."""

    def plain(note: Any, target: Any) -> Choice:
        spots = tuple(
            Spot(
                name=item.file.name,
                path=f"{target.path}/{item.file.name}",
                state=SpotState.FREE,
                usable=True,
            )
            for item in note.files
        )
        return Choice(suffix="", spots=spots)

    local_moves.choose = plain
    local_files.rename_no_replace = os.replace


def _commit_rows_first() -> None:
    """Rows are committed, and their metadata after them."""
    insert = ledger.insert_loads

    def later(con: Any, loads: Any) -> None:
        con.execute("COMMIT")
        con.execute("BEGIN TRANSACTION")
        insert(con, loads)

    ledger.insert_loads = later


def _forget_earlier_tries() -> None:
    """Each try of a delivery is taken for another arrival."""
    decide = books.decide

    def forgetful(validated: Any, prior: Any) -> Any:
        return decide(validated, [replace(p, delivery_token="", sha256="") for p in prior])

    books.decide = forgetful


def _leave_half_moved() -> None:
    """What a dead mover has begun stays as it is."""
    moves.finish_interrupted = lambda *_: ()


def _say_nothing() -> None:
    """Refused files lie in failed without a reason."""
    local_moves._write_sidecar = lambda *_: None


SABOTAGES: dict[str, Callable[[], None]] = {
    "overwrite": _overwrite,
    "commit rows first": _commit_rows_first,
    "forget earlier tries": _forget_earlier_tries,
    "leave half moved": _leave_half_moved,
    "say nothing": _say_nothing,
}
