"""What may have become of a table, an archive or our own tables before a command looks."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

HUGE = 1 << 40  # bytes that no memory has: whoever reads them all dies of it


def _database(cli: Any) -> Path:
    return Path(cli.zones.root / "warehouse.duckdb")


def _sql(*statements: str) -> Callable[[Any], None]:
    def change(cli: Any) -> None:
        with duckdb.connect(str(_database(cli))) as con:
            for statement in statements:
                con.execute(statement)

    return change


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path) -> None:
    path.mkdir()


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # its address may be no longer than 107 bytes
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path.name)
    os.chdir(here)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(HUGE)


def _nobodys(path: Path) -> None:
    path.write_bytes(b"\x00")
    path.chmod(0)


STRANGE: dict[str, Callable[[Path], None]] = {
    "a named pipe": _fifo,
    "a folder": _folder,
    "a socket": _socket,
    "a link to itself": _loop,
    "a link to a device": _device,
    "huge": _huge,
    "nobody's": _nobodys,
    "gone": lambda path: None,
}
PLACES = {
    "the delivery": "landing/instruments_2.csv",
    "a go file": "landing/trades_2.go",
    "an archived file": "archive/instruments_1.csv",
    "an archived go file": "archive/trades_1.go",
    "a failed file": "failed/instruments_9.csv",
    "a sidecar": "failed/instruments_9.csv.error.json",
    "another sidecar": "failed/x.csv.error.json",
    "the snapshot": "warehouse.duckdb.status.json",
    "the next snapshot": ".warehouse.duckdb.status.json.new",
    "the log of the database": "warehouse.duckdb.wal",
    "the lock of the database": "warehouse.duckdb.lock",
    "the database": "warehouse.duckdb",
    "the lock of a zone": "archive/.landing-loader/lock",
    "a note of a move": "archive/.landing-loader/0123456789abcdef.move.json",
    "a work folder": "failed/.landing-loader",
    "what is held": "landing/.landing-loader",
    "the mappings": "tables/tables.yaml",
}

CHANGED: dict[str, Callable[[Any], object]] = {
    "no table": _sql("DROP TABLE raw_instruments"),
    "another table": _sql("ALTER TABLE raw_instruments RENAME TO elsewhere"),
    "a view": _sql(
        "ALTER TABLE raw_instruments RENAME TO elsewhere",
        "CREATE VIEW raw_instruments AS SELECT * FROM elsewhere",
    ),
    "a view of nothing": _sql(
        "ALTER TABLE raw_instruments RENAME TO elsewhere",
        "CREATE VIEW raw_instruments AS SELECT * FROM elsewhere",
        "DROP TABLE elsewhere",
    ),
    "a view that fails": _sql(
        "DROP TABLE raw_instruments",
        "CREATE VIEW raw_instruments AS SELECT error('x') AS id, 'x' AS _load_id",
    ),
    "a macro": _sql("DROP TABLE raw_instruments", "CREATE MACRO raw_instruments() AS 1"),
    "no load id": _sql("ALTER TABLE raw_instruments DROP COLUMN _load_id"),
    "a load id that is a number": _sql(
        "ALTER TABLE raw_instruments DROP COLUMN _load_id",
        "ALTER TABLE raw_instruments ADD COLUMN _load_id BIGINT",
    ),
    "a column less": _sql("ALTER TABLE raw_instruments DROP COLUMN name"),
    "a column by another name": _sql("ALTER TABLE raw_instruments RENAME COLUMN name TO nom"),
    "a number": _sql("ALTER TABLE raw_instruments ALTER COLUMN id TYPE BIGINT"),
    "a list": _sql(
        "ALTER TABLE raw_instruments ALTER COLUMN id TYPE VARCHAR[] USING [id]",
    ),
    "a blob": _sql("ALTER TABLE raw_instruments ALTER COLUMN id TYPE BLOB USING id::BLOB"),
    "a struct": _sql(
        "ALTER TABLE raw_instruments ALTER COLUMN id TYPE STRUCT(a VARCHAR) USING {a: id}"
    ),
    "a time with zone": _sql(
        "ALTER TABLE raw_instruments ALTER COLUMN id TYPE TIMESTAMPTZ USING now()"
    ),
    "an interval": _sql(
        "ALTER TABLE raw_instruments ALTER COLUMN id TYPE INTERVAL USING INTERVAL 1 DAY"
    ),
    "no _extra": _sql("ALTER TABLE raw_instruments DROP COLUMN _extra"),
    "an _extra that is no JSON": _sql("UPDATE raw_instruments SET _extra = '{'"),
    "an _extra that is a list": _sql("UPDATE raw_instruments SET _extra = '[1]'"),
    "an _extra that is nested": _sql('UPDATE raw_instruments SET _extra = \'{"a": {"b": [1]}}\''),
    "an _extra of another type": _sql(
        "ALTER TABLE raw_instruments ALTER COLUMN _extra TYPE BIGINT"
    ),
    "a column more": _sql("ALTER TABLE raw_instruments ADD COLUMN more BIGINT DEFAULT 7"),
    "a row more": _sql("INSERT INTO raw_instruments SELECT * FROM raw_instruments LIMIT 1"),
    "no mapping": lambda cli: (cli.zones.tables / "tables.yaml").write_text("x_*.csv: raw_x\n"),
    "another mapping": lambda cli: (cli.zones.tables / "tables.yaml").write_text(
        "instruments_*.csv: {table: raw_instruments, delimiter: '|', encoding: utf-16,"
        " settle_seconds: 0}\n"
    ),
    "an archived file that is cut": lambda cli: os.truncate(
        cli.zones.archive / "instruments_1.csv", 5
    ),
    "an archived file of the same length": lambda cli: (
        cli.zones.archive / "instruments_1.csv"
    ).write_bytes(b"x" * 16),
    "no archive": lambda cli: shutil.rmtree(cli.zones.archive),
    "an archive that is a file": lambda cli: _replaced(cli.zones.archive, Path.touch),
    "a failed zone that is a pipe": lambda cli: _replaced(cli.zones.failed, _fifo),
    "a landing zone that is a pipe": lambda cli: _replaced(cli.zones.landing, _fifo),
    "an archive that is a loop": lambda cli: _replaced(cli.zones.archive, _loop),
    "a database of another program": lambda cli: _database(cli).write_bytes(
        b"SQLite format 3\x00" + bytes(4096)
    ),
    "a database that is cut": lambda cli: os.truncate(_database(cli), 5000),
    "a database with a hole": lambda cli: _hole(_database(cli)),
    "no loads": _sql("DROP TABLE load_metadata"),
    "loads by another name": _sql("ALTER TABLE load_metadata RENAME TO loads"),
    "loads that are a view": _sql(
        "ALTER TABLE load_metadata RENAME TO loads",
        "CREATE VIEW load_metadata AS SELECT * FROM loads",
    ),
    "no deliveries": _sql("DROP TABLE load_deliveries"),
    "no columns of loads": _sql("DROP TABLE load_columns"),
    "columns of loads forgotten": _sql("DELETE FROM load_columns"),
    "no rejects": _sql("DROP TABLE load_rejects"),
    "rejects that nobody wrote": _sql(
        "INSERT INTO load_rejects (load_id) SELECT load_id FROM load_metadata"
    ),
    "loads twice": _sql("INSERT INTO load_metadata SELECT * FROM load_metadata"),
    "loads forgotten": _sql("DELETE FROM load_metadata"),
    "a URI of nowhere": _sql("UPDATE load_metadata SET archive_uri = 'x'"),
    "a URI of the cloud": _sql("UPDATE load_metadata SET archive_uri = 'gs://'"),
    "a URI of another kind": _sql("UPDATE load_metadata SET archive_uri = 'ftp://a/b'"),
    "a URI with a NUL": _sql("UPDATE load_metadata SET archive_uri = '/a' || chr(0) || '/b'"),
    "a URI that is a folder": _sql("UPDATE load_metadata SET archive_uri = '/tmp/'"),
    "a table of no name": _sql("UPDATE load_metadata SET table_name = ''"),
    "a table of a strange name": _sql("UPDATE load_metadata SET table_name = 'a.b.c.\"'"),
    "an unknown outcome": _sql("UPDATE load_deliveries SET outcome = 'lost'"),
    "a load that is no UUID": _sql("UPDATE load_metadata SET load_id = '/'"),
}
# What a hand may do to one column of our own tables.
BOOKS = (
    *("load_id", "filename", "table_name", "archive_uri", "sha256", "go_filename", "go_sha256"),
    *("size_bytes", "row_count", "record_count", "rejected_count", "sequence", "removed_sequence"),
    *("started_at", "completed_at", "delivery_token", "drift_columns"),
)
DELIVERY = (
    "delivery_id",
    "load_id",
    "filename",
    "table_name",
    "outcome",
    "recorded_at",
    "final_uri",
)
for _name in BOOKS:
    CHANGED[f"{_name} is NULL"] = _sql(f"UPDATE load_metadata SET {_name} = NULL")
    CHANGED[f"{_name} is not there"] = _sql(f"ALTER TABLE load_metadata DROP COLUMN {_name}")
    CHANGED[f"{_name} is text"] = _sql(
        f"ALTER TABLE load_metadata ALTER COLUMN {_name} TYPE VARCHAR",
        f"UPDATE load_metadata SET {_name} = 'é'",
    )
for _name in DELIVERY:
    CHANGED[f"{_name} of a delivery is NULL"] = _sql(f"UPDATE load_deliveries SET {_name} = NULL")
    CHANGED[f"{_name} of a delivery is not there"] = _sql(
        f"ALTER TABLE load_deliveries DROP COLUMN {_name}"
    )
for _name in ["load_id", "position", "column_name", "destination"]:
    CHANGED[f"{_name} of a column is NULL"] = _sql(f"UPDATE load_columns SET {_name} = NULL")
    CHANGED[f"{_name} of a column is not there"] = _sql(
        f"ALTER TABLE load_columns DROP COLUMN {_name}"
    )


def _replaced(path: Path, make: Callable[[Path], object]) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    make(path)


def _hole(database: Path) -> None:
    with database.open("r+b") as file:
        file.seek(8192)
        file.write(bytes(60_000))


def _put(name: str, make: Callable[[Path], None]) -> Callable[[Any], None]:
    def put(cli: Any) -> None:
        path = cli.zones.root / name
        path.parent.mkdir(exist_ok=True)
        _replaced(path, make)

    return put


# The worst kinds in all places, the others in turns.
WORST = ["a named pipe", "a folder", "huge"]
TURNS = [kind for kind in STRANGE if kind not in WORST]
TROUBLES = CHANGED | {
    f"{place} is {kind}": _put(name, STRANGE[kind])
    for number, (place, name) in enumerate(PLACES.items())
    for kind in [*WORST, TURNS[number % len(TURNS)]]
}
