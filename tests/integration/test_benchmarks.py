"""The benchmark runs, its paths leave equal cells, and the page shows what was measured."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script of the benchmark."""
    command = [sys.executable, str(REPOSITORY / "benchmarks" / script), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_paths_are_measured_and_leave_equal_cells(tmp_path: Path) -> None:
    shapes = ("large", "trailer", "totals", "drift", "quality", "text")
    paths = ("duckdb-unordered", "landing-loader")
    sizes = ("--gigabytes", "0.0005", "--rounds", "1", "--cache", str(tmp_path))
    done = run("run.py", *shapes, "stages", "tables", "sets", "strange", *sizes, "--paths", *paths)
    assert done.returncode == 0, done.stdout + done.stderr
    (result,) = (tmp_path / "results").iterdir()
    found = json.loads(result.read_text())
    assert {name: set(case["paths"]) for name, case in found["cases"].items()} == {
        name: set(paths) for name in shapes
    }
    assert found["cases"]["large"]["rows"] == found["cases"]["trailer"]["rows"] == 5000
    assert found["stages"]["large"]["read and insert"] > 0
    kinds = ((False, False), (True, False), (False, True))
    points = {(p["tables"], p["delivery"], p["rejects"], p["parts"]) for p in found["tables"]}
    assert points == {(n, d, *kind) for n in (1, 2) for d in (1, 2) for kind in kinds}
    assert found["sets"].keys() == {"none", "one for each", "one for all"}
    assert all(len(s["cpu_seconds"]) == 1 and s["files"] == 2 for s in found["sets"].values())
    assert [p["files"] for p in found["strange"]] == [0, *[100] * 5]
    # What a run works on is given back; only data and results stay.
    assert not list(tmp_path.glob("run-*"))
    assert (tmp_path / "one-0.0005" / "bench_1.csv").exists()


def test_the_page_shows_the_figures_that_are_kept() -> None:
    done = run("page.py", "--check")
    assert done.returncode == 0, done.stderr
