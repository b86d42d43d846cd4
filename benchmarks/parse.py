"""Times the DAG factory on many mappings: `python benchmarks/parse.py FOLDER MAPPINGS`."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path


def main(folder: Path, count: int) -> None:
    """Write ``count`` mappings, import Airflow, then time building all DAGs."""
    for name in ("landing", "archive", "failed", "tables", "airflow"):
        (folder / name).mkdir()
    for number in range(count):
        text = (
            f"feed{number:04d}_*.csv:\n"
            f"  table: raw_feed{number:04d}\n"
            "  go_file:\n"
            f"    pattern: feed{number:04d}_*.go\n"
            "    format: properties\n"
            "    row_count_key: record_count\n"
        )
        group = folder / "tables" / f"group{number % 20}"
        group.mkdir(exist_ok=True)
        (group / f"feed{number:04d}.yaml").write_text(text, encoding="utf-8")
    os.environ |= {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "LANDING_PATH": str(folder / "landing"),
        "ARCHIVE_PATH": str(folder / "archive"),
        "FAILED_PATH": str(folder / "failed"),
        "TABLE_CONFIG_PATH": str(folder / "tables"),
        "AIRFLOW__LANDING_LOADER__DBT_MODE": "shared",
        "AIRFLOW__LANDING_LOADER__DBT_PROJECT_PATH": str(
            Path(__file__).resolve().parent.parent / "include" / "dbt"
        ),
    }
    import airflow
    from airflow.sdk import DAG  # noqa: F401 - what every DAG file pays for

    started = time.perf_counter()
    from airflow_landing_loader.dag_factory import build_landing_dags

    dags = build_landing_dags()
    seconds = time.perf_counter() - started
    if len(dags) < count:
        raise SystemExit(f"only {len(dags)} DAGs")
    print(
        f"{count} mappings, dbt on: {len(dags)} DAGs in {seconds:.2f} s"
        f" beyond importing Airflow {airflow.__version__}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), int(sys.argv[2]))
