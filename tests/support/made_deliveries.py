"""Deliveries that the generator made, run through the pipeline and held against what it expects."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from airflow_landing_loader.config.mapping.column_names import same
from airflow_landing_loader.config.mapping.model import TableMapping
from airflow_landing_loader.generating.deliveries import Sender, all_parcels
from airflow_landing_loader.generating.draft import Parcel
from airflow_landing_loader.pipeline.outcome import Outcome
from tests.support.worlds import Side, duckdb_side

AT_ONCE = {"settle_seconds": 0, "grace_seconds": 0}
OWN = {"_load_id", "_extra", "_row_number"}
Cells = tuple[tuple[str, Any], ...]
"""Of one row: names and what is in them, without NULL."""


@dataclass(frozen=True)
class Became:
    """What became of a delivery, in the words of what is expected."""

    status: str
    code: str | None
    rows: int


def made(mapping: TableMapping, *, seed: int) -> list[Parcel]:
    """Two right deliveries, one of each fault, and those of the second turn."""
    return all_parcels(Sender(mapping, rows=6, seed=seed), 2, faults=True)


def assert_became_as_expected(folder: Path, mapping: TableMapping, *, seed: int) -> list[Parcel]:
    """Deliver all that can be made of a mapping, and look what becomes of it."""
    side = duckdb_side(folder)
    mapping = mapping.model_copy(update=AT_ONCE)
    side.mappings.append(mapping)
    parcels = made(mapping, seed=seed)
    right = [one for one in parcels if one.kind == "right"]
    faulty = [one for one in parcels if one.kind != "right" and one.turn == 1]
    later = [one for one in parcels if one.turn == 2]
    turns = (right, faulty, *([one] for one in later))
    wrong = [said for turn in turns for said in _turn(side, turn)]
    assert wrong == [], "\n".join([mapping.model_dump_json(exclude_defaults=True), *wrong])
    return parcels


def _turn(side: Side, parcels: Sequence[Parcel]) -> list[str]:
    """Deliver some; what became otherwise than expected."""
    before = _loaded(side)
    for one in parcels:
        for name, content in ((one.name, one.data), (one.go_name, one.go)):
            if name is not None and content is not None:
                side.deliver(name, content)
    became = _run(side)
    wrong = [said for one in parcels for said in _difference(one, became)]
    for path in side.folder("landing").iterdir():
        if path.is_file():  # what is left where it lies
            path.unlink()
    replaces = any(one.kind == "restatement" for one in parcels)
    types = {same(name): type_ for name, type_ in side.mappings[0].types.items()}
    meant = Counter(cells for one in parcels for cells in _meant(one, types))
    if not wrong and (meant - _loaded(side) if replaces else _loaded(side) - before != meant):
        wrong.append(f"cells: {_loaded(side) - before}, not {meant}")
    return wrong


def _run(side: Side) -> dict[str, tuple[Became, str]]:
    """Load what is there; what became of each file, and why."""
    pipeline = side.pipeline
    outcomes: dict[str, Outcome] = {}
    while (ready := pipeline.discover().ready) and not {d.data.name for d in ready} <= {*outcomes}:
        outcomes |= {one.name: one for one in pipeline.run_batch(ready)}
    found = pipeline.discover()
    left = {one.name: (Became("left", one.error.code, 0), "") for one in found.refused}
    left |= {one.name: (Became("waiting", None, 0), "") for one in found.waiting}
    left |= {one.name: (Became("orphan", None, 0), "") for one in found.orphans}
    return left | {
        name: (
            Became(one.status, one.error.code if one.error else None, one.rows),
            one.error.sentence() if one.error else "",
        )
        for name, one in outcomes.items()
    }


def _difference(one: Parcel, all_became: dict[str, tuple[Became, str]]) -> Iterator[str]:
    name = one.name if one.data is not None else str(one.go_name)
    became, why = all_became[name]
    meant = Became(one.expected.status, one.expected.code, len(one.expected.rows))
    if became != meant:
        yield f"{one.kind}: {became}, not {meant}: {why} {one.data!r} {one.go!r}"


def _meant(one: Parcel, types: Mapping[str, str]) -> Iterator[Cells]:
    for row in one.expected.rows:
        named = zip(one.columns, row, strict=True)
        yield tuple(
            sorted(
                (name.casefold(), _as_typed(cell, types.get(same(name))))
                for name, cell in named
                if cell is not None
            )
        )


def _as_typed(cell: str, type_: str | None) -> Any:
    """A cell as the table has it, in a column of a type."""
    if type_ == "TIMESTAMP":
        return datetime.fromisoformat(cell)
    if type_ is not None and type_.startswith("DECIMAL"):
        return Decimal(cell)
    return cell


def _loaded(side: Side) -> Counter[Cells]:
    """The rows of the table, each with what is in ``_extra``."""
    found: Counter[Cells] = Counter()
    for row in side.table(side.mappings[0].table) or []:
        cells = {name: cell for name, cell in row.items() if name not in OWN}
        cells |= json.loads(row["_extra"] or "{}")
        named = ((name.casefold(), cell) for name, cell in cells.items() if cell is not None)
        found[tuple(sorted(named))] += 1
    return found
