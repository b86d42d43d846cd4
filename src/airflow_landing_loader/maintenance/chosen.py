"""The one load that a person means: by its id, the beginning of it, or the name of its file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from airflow_landing_loader.exceptions import ErrorCode, TerminalError
from airflow_landing_loader.loading.model import SHORT, Load
from airflow_landing_loader.loading.warehouses.base import Ledger
from airflow_landing_loader.safe_text import counted, delivered, storable

_LEAST = 4  # fewer would take a slip of the finger for an id
_MOST_NAMED = 5
_BEGINNING = re.compile(r"[0-9a-f][0-9a-f-]*", re.IGNORECASE)


def short_ids(load_ids: Iterable[str]) -> dict[str, str]:
    """The beginnings of ids, long enough to tell these apart."""
    ids = list(dict.fromkeys(load_ids))
    length = SHORT
    while len({i[:length] for i in ids}) < len(ids):
        length += 1
    return {i: i[:length] for i in ids}


def chosen_load(warehouse: Ledger, text: str) -> str:
    """The id of the load that ``text`` means.

    :param text: an id, at least the first four characters of one, or the name of the load's file as
        it was delivered, as it lies in the archive, or as our tables have it; a path counts by its
        name.
    :raises TerminalError: ``LOAD_UNKNOWN``, ``LOAD_AMBIGUOUS``: never a guess, since a load may be
        taken back by it.
    """
    named = text.rstrip("/").rpartition("/")[2]
    beginning = text.lower() if len(text) >= _LEAST and _BEGINNING.fullmatch(text) else None
    loads: tuple[Load, ...] = ()
    as_stored = storable(delivered(named))  # it may be copied from the books
    for name in dict.fromkeys((storable(named), as_stored)):
        loads = loads or warehouse.find_loads(name, beginning, _MOST_NAMED + 1)
    exact = [load.load_id for load in loads if load.load_id == beginning]
    if exact or len(loads) == 1:
        return exact[0] if exact else loads[0].load_id
    if loads:
        raise _ambiguous(text, loads)
    raise unknown_load(text)


def unknown_load(text: str) -> TerminalError:
    """The error for a load that is not there."""
    return TerminalError(
        ErrorCode.LOAD_UNKNOWN,
        f"There is no load {storable(text)} in load_metadata.",
        hint="`landing-loader status` lists loads. Give the beginning of an id (four characters or"
        " more), or the name of the file.",
    )


def _ambiguous(text: str, loads: tuple[Load, ...]) -> TerminalError:
    ids = short_ids(load.load_id for load in loads)
    named = [_described(load, ids[load.load_id], text) for load in loads[:_MOST_NAMED]]
    more = " and more" if len(loads) > _MOST_NAMED else ""
    return TerminalError(
        ErrorCode.LOAD_AMBIGUOUS,
        f"{storable(text)} may be any of {len(named)} loads{more}: {'; '.join(named)}.",
        hint="Give the id of the one that you mean; they are in order, the newest first.",
    )


def _described(load: Load, shown_id: str, text: str) -> str:
    gone = ", taken out again" if load.removed_sequence is not None else ""
    at = f"{load.completed_at:%Y-%m-%d %H:%M:%S}"
    rows = counted(load.row_count, "row")
    name = "" if load.filename == storable(text) else f"{load.filename}, "
    return f"{shown_id} ({name}{at}, {rows} in {load.table_name}{gone})"
