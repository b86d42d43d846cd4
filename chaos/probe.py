"""What stands in a database, read from a copy, so that looking at it mends nothing."""

from __future__ import annotations

import json
import pickle
import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from chaos.child import Child
from chaos.ground import Ground
from chaos.model import PROMISED, Table
from chaos.oracle import DeliveryLine, LoadLine, Row

_OWN = ("_load_id", "_extra", "_row_number")


@dataclass(frozen=True, kw_only=True)
class Load:
    """A row of ``load_metadata``: what the files decide, and what the loader adds."""

    load_id: str
    line: LoadLine
    records: int
    archive_uri: str


@dataclass(frozen=True, kw_only=True)
class Told:
    """A row of ``load_events``.

    :param about: the load, or the refused delivery.
    """

    event_id: str
    type: str
    about: str | None
    published: bool


@dataclass(frozen=True, kw_only=True)
class Contents:
    """All that a reader would see.

    :param rows: the rows of each raw table by load id.
    :param rejected: rows of ``load_rejects`` by load id.
    :param uris: (outcome, where it lies) of all deliveries.
    :param events: what is in the outbox.
    """

    loads: tuple[Load, ...]
    rows: dict[str, dict[str, Counter[Row]]]
    deliveries: Counter[DeliveryLine]
    rejected: Counter[str]
    uris: tuple[tuple[str, str], ...]
    events: tuple[Told, ...] = ()


EMPTY = Contents(loads=(), rows={}, deliveries=Counter(), rejected=Counter(), uris=())


def read_contents(ground: Ground) -> Contents:
    """Read the database as a loader that dies would leave it to the next one.

    :raises RuntimeError: it cannot be opened or read.
    """
    if not ground.database.exists():
        return EMPTY
    answer = ground.root / "contents.pickle"
    answer.unlink(missing_ok=True)

    def job() -> int:
        with duckdb.connect(str(_copy(ground)), config={"threads": 1}) as con:
            answer.write_bytes(pickle.dumps(_contents(con, ground)))
        return 0

    ended = Child(job, ground.log).wait()
    if ended.code != 0:
        raise RuntimeError(f"the database cannot be read:\n{ground.log_tail()}")
    found: Contents = pickle.loads(answer.read_bytes())
    return found


def drop_metadata(ground: Ground) -> None:
    """What a person should not do."""

    def job() -> int:
        with duckdb.connect(str(ground.database)) as con:
            con.execute("DROP TABLE IF EXISTS load_metadata")
        return 0

    Child(job, ground.log).wait()


def _copy(ground: Ground) -> Path:
    folder = ground.root / "copy"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for path in ground.database.parent.iterdir():
        if path.name.startswith(ground.database.name) and path.is_file():
            shutil.copyfile(path, folder / path.name)
    return folder / ground.database.name


def _contents(con: Any, ground: Ground) -> Contents:
    tables = {
        f"{schema}.{name}".removeprefix("main.")
        for schema, name in con.execute(
            "SELECT schema_name, table_name FROM duckdb_tables()"
        ).fetchall()
    }
    loads = _loads(con) if {"load_metadata", "load_totals", "load_quality"} <= tables else ()
    by_id = {load.load_id: load.line for load in loads}
    rows = {
        table.name: _rows(con, table, by_id)
        for table in ground.world.tables
        if table.name in tables
    }
    return Contents(
        loads=loads,
        rows=rows,
        deliveries=_deliveries(con) if "load_deliveries" in tables else Counter(),
        rejected=_rejected(con) if "load_rejects" in tables else Counter(),
        uris=_uris(con) if "load_deliveries" in tables else (),
        events=_events(con) if "load_events" in tables else (),
    )


def _loads(con: Any) -> tuple[Load, ...]:
    found = con.execute(
        "SELECT m.load_id, m.filename, m.table_name, m.sha256, m.size_bytes, m.go_filename,"
        " m.row_count, m.rejected_count, m.expected_count, m.drift_columns, m.missing_columns,"
        " r.sha256, t.sha256, m.record_count, m.archive_uri,"
        " ARRAY(SELECT computed FROM load_totals s WHERE s.load_id = m.load_id"
        " AND s.promised = s.computed AND s.column_name = 'id' AND s.kind = 'sum'),"
        " q.failed_count FROM load_metadata m"
        " LEFT JOIN load_metadata r ON m.restates_load_id = r.load_id"
        " LEFT JOIN load_metadata t ON m.same_content_load_id = t.load_id"
        " LEFT JOIN load_quality q ON m.load_id = q.load_id AND q.rule = 'all'"
    ).fetchall()
    return tuple(
        Load(
            load_id=row[0],
            line=LoadLine(
                filename=row[1],
                table=row[2],
                sha256=row[3],
                size=row[4],
                go_filename=row[5],
                rows=row[6],
                rejected=row[7],
                expected=row[8],
                bad=row[16],
                drift=tuple(row[9]),
                # Where a batch begins decides whether its first files lack it.
                missing=tuple(name for name in row[10] if name != PROMISED),
                restates=row[11],
                twin=row[12],
                totals=tuple(row[15]),
            ),
            records=row[13],
            archive_uri=row[14],
        )
        for row in found
    )


def _rows(con: Any, table: Table, loads: dict[str, LoadLine]) -> dict[str, Counter[Row]]:
    cursor = con.execute(f"SELECT * FROM {table.name}")
    names = [column[0] for column in cursor.description]
    # As long as no file has brought it, it is as if it were empty.
    lacking = ((PROMISED, None),) if table.typed and PROMISED not in names else ()
    rows: dict[str, Counter[Row]] = {}
    for values in cursor.fetchall():
        cells = dict(zip(names, values, strict=True))
        load_id = cells["_load_id"]
        line = loads.get(load_id)
        extra = cells["_extra"]
        row = Row(
            filename=line.filename if line else "",
            sha256=line.sha256 if line else "",
            values=(*((name, cells[name]) for name in names if name not in _OWN), *lacking),
            extra=tuple(json.loads(extra, object_pairs_hook=list)) if extra else None,
            number=cells.get("_row_number"),
        )
        rows.setdefault(load_id, Counter())[row] += 1
    return rows


def _deliveries(con: Any) -> Counter[DeliveryLine]:
    found = con.execute(
        "SELECT filename, table_name, outcome, code FROM load_deliveries"
    ).fetchall()
    return Counter(
        DeliveryLine(filename=name, table=table, outcome=outcome, code=code)
        for name, table, outcome, code in found
    )


def _rejected(con: Any) -> Counter[str]:
    found = con.execute("SELECT load_id, count(*) FROM load_rejects GROUP BY load_id").fetchall()
    return Counter(dict(found))


def _uris(con: Any) -> tuple[tuple[str, str], ...]:
    query = "SELECT outcome, final_uri FROM load_deliveries WHERE final_uri IS NOT NULL"
    return tuple(con.execute(query).fetchall())


def _events(con: Any) -> tuple[Told, ...]:
    found = con.execute(
        "SELECT event_id, event_type, coalesce(load_id, body->>'$.data.delivery_id'),"
        " published_at IS NOT NULL FROM load_events"
    ).fetchall()
    return tuple(
        Told(event_id=id_, type=type_, about=about, published=published)
        for id_, type_, about, published in found
    )
