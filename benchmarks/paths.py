"""What an expert writes without any check, one path per process: `paths.py PATH CASE FOLDER`.

Each reads the files in FOLDER/landing and leaves the same cells, ``_load_id`` included, in a table
of FOLDER/warehouse.duckdb.
"""

from __future__ import annotations

import json
import os
import sys
import uuid
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cases import CASES, TABLE, Case

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection


def duckdb_alone(case: Case, files: Sequence[Path], database: Path, *, keep_order: bool) -> None:
    """One statement of DuckDB."""
    con = _connect(database, keep_order=keep_order)
    ids = _load_ids(files)
    options = [f"columns = {json.dumps(dict.fromkeys(case.columns, 'VARCHAR'))}"]
    if case.trailer:
        options.append("null_padding = true")
    one = len(files) == 1
    load_id = f"'{ids[str(files[0])]}'" if one else "load_id"
    source = f"read_csv({list(ids)}, header = true, auto_detect = false, {', '.join(options)}"
    if one:
        source += ")"
    else:
        con.execute(
            "CREATE TEMP TABLE ids AS SELECT unnest(?) AS filename, unnest(?) AS load_id",
            [list(ids), list(ids.values())],
        )
        source += ", filename = true) JOIN ids USING (filename)"
    known = case.table or case.columns
    rest = [name for name in case.columns if name not in known]
    pairs = ", ".join(f"'{name}', \"{name}\"" for name in rest)
    extra = f"CAST(json_object({pairs}) AS VARCHAR)" if rest else "NULL::VARCHAR"
    names = ", ".join(f'"{name}"' for name in known)
    rows = f"SELECT {names}, {load_id} AS _load_id, {extra} AS _extra FROM {source}"
    if case.trailer:
        rows += f" WHERE \"{case.columns[0]}\" <> 'TRAILER'"
    con.execute(f"{_into(case)} {rows}")
    con.close()


def polars_batches(case: Case, files: Sequence[Path], database: Path) -> None:
    """Polars reads in batches, DuckDB writes them: the fastest way from the one to the other."""
    import polars as pl
    import pyarrow as pa

    ids = _load_ids(files)
    rows = pl.scan_csv(list(ids), infer_schema=False, include_file_paths="filename", glob=False)
    rows = rows.with_columns(_load_id=pl.col("filename").replace(ids)).drop("filename")
    rows = _shaped(rows, case)
    if case.trailer:
        rows = rows.filter(pl.col(case.columns[0]) != "TRAILER")
    batches = (batch.to_arrow() for batch in rows.collect_batches(maintain_order=False, lazy=True))
    schema = pa.schema([(name, pa.large_string()) for name in rows.collect_schema().names()])
    con = _connect(database, keep_order=False)
    con.register("incoming", _reader(schema, batches))
    con.execute(f"{_into(case)} SELECT * FROM incoming")
    con.close()


def seed(case: Case, files: Sequence[Path], database: Path) -> None:
    """The first document of this design: file by file through Polars and Arrow into DuckDB."""
    import polars as pl

    con = _connect(database, keep_order=True)
    into = _into(case)
    for file, load_id in _load_ids(files).items():
        frame = pl.read_csv(file, infer_schema=False)
        if case.trailer:
            frame = frame.head(-1)
        table = _shaped(frame.lazy().with_columns(_load_id=pl.lit(load_id)), case)
        con.register("incoming", table.collect().to_arrow())
        con.execute(f"{into} SELECT * FROM incoming")
        con.unregister("incoming")
        into = f"INSERT INTO {TABLE} BY NAME"
    con.close()


def _shaped(rows: pl.LazyFrame, case: Case) -> pl.LazyFrame:
    """The table's columns: those that it knows, and the others as JSON."""
    import polars as pl

    known = case.table or case.columns
    rest = [name for name in case.columns if name not in known]
    extra = pl.struct(rest).struct.json_encode() if rest else pl.lit(None, dtype=pl.String)
    return rows.with_columns(_extra=extra).select(*known, "_load_id", "_extra")


def _reader(schema: Any, tables: Iterable[Any]) -> Any:
    import pyarrow as pa

    batches = (batch for table in tables for batch in table.cast(schema).to_batches())
    return pa.RecordBatchReader.from_batches(schema, batches)


def _connect(database: Path, *, keep_order: bool) -> DuckDBPyConnection:
    import duckdb

    con = duckdb.connect(str(database))
    con.execute(f"SET memory_limit = '{os.environ['BENCH_MEMORY_LIMIT']}'")
    con.execute(f"SET preserve_insertion_order = {str(keep_order).lower()}")
    return con


def _into(case: Case) -> str:
    return f"INSERT INTO {TABLE} BY NAME" if case.table else f"CREATE TABLE {TABLE} AS"


def _load_ids(files: Sequence[Path]) -> dict[str, str]:
    return {str(file): str(uuid.uuid5(uuid.NAMESPACE_URL, file.name)) for file in files}


PATHS: dict[str, Callable[[Case, Sequence[Path], Path], None]] = {
    "duckdb": lambda *what: duckdb_alone(*what, keep_order=True),
    "duckdb-unordered": lambda *what: duckdb_alone(*what, keep_order=False),
    "polars": polars_batches,
    "seed": seed,
}


def main(path: str, case: str, folder: Path) -> None:
    """Run one path on what lies in landing."""
    files = sorted((folder / "landing").iterdir())
    PATHS[path](CASES[case], files, folder / "warehouse.duckdb")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve())
