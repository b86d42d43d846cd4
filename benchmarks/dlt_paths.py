"""dlt's filesystem source into DuckDB, in dlt's own environment: `dlt_paths.py PATH CASE FOLDER`.

``dlt`` is its fastest way: its reader on DuckDB, told that all columns are text, hands on Arrow
batches of half a million rows, which dlt writes to Parquet and DuckDB reads from there; the load id
is added to the batches, which costs less than having dlt rewrite them for its own.
``dlt-default`` is what its documentation begins with: ``read_csv``, by pandas.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import dlt
import pyarrow as pa
from dlt.extract import DltResource
from dlt.sources.filesystem import filesystem, read_csv, read_csv_duckdb

from cases import CASES, TABLE, Case

_LOAD_ID = str(uuid.uuid5(uuid.NAMESPACE_URL, "dlt"))
_CHUNK_ROWS = 500_000
_CHUNK_CELLS = 5_000_000  # 500,000 rows of 500 columns would not fit into memory


def fastest(case: Case, files: DltResource) -> DltResource:
    """Arrow from end to end."""
    rows = files | read_csv_duckdb(
        chunk_size=min(_CHUNK_ROWS, _CHUNK_CELLS // len(case.columns)),
        use_pyarrow=True,
        columns=dict.fromkeys(case.columns, "VARCHAR"),
        header=True,
        auto_detect=False,
    )
    return rows.add_map(_with_load_id)


def default(_: Case, files: DltResource) -> DltResource:
    """Row by row, as pandas gives them."""
    rows = files | read_csv(dtype=str, keep_default_na=False)
    return rows.add_map(lambda row: {**row, "_load_id": _LOAD_ID})


def _with_load_id(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.append_column("_load_id", pa.repeat(_LOAD_ID, batch.num_rows))


PATHS: dict[str, Callable[[Case, DltResource], DltResource]] = {
    "dlt": fastest,
    "dlt-default": default,
}


def main(path: str, case: str, folder: Path) -> None:
    """Load what lies in landing."""
    import duckdb

    files = filesystem(bucket_url=str(folder / "landing"), file_glob="bench_*")
    con = duckdb.connect(str(folder / "warehouse.duckdb"))
    con.execute(f"SET memory_limit = '{os.environ['BENCH_MEMORY_LIMIT']}'")
    con.execute("SET preserve_insertion_order = false")
    pipeline = dlt.pipeline(
        "bench",
        destination=dlt.destinations.duckdb(con),
        dataset_name="main",
        pipelines_dir=str(folder / "dlt" / "pipelines"),
    )
    pipeline.run(PATHS[path](CASES[case], files).with_name(TABLE))
    con.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]).resolve())
