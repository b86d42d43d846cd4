"""Which files load, which wait and which are left, as somebody sees it who runs the command line.

Each scene is one landing zone with all its mappings at once; a row says where a file is afterwards.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.zones import Zones

GO = "go_file: {pattern: '%s', format: properties, row_count_key: n}, grace_seconds: 0"
LOADS, STAYS = "archive", "landing"

SCENES = {
    "names that are all of their pattern": (
        {
            "trades.csv": GO % "trades.go",
            "pos.csv": "",
            "instruments_*.csv": "",
            "a_very_long_beginning_of_a_name_*.csv": "",
        },
        {
            "trades.csv": LOADS,
            "trades.go": LOADS,
            "pos.csv": LOADS,
            "instruments_1.csv": LOADS,
            "instruments_.csv": LOADS,
            "Pos.csv": STAYS,
            "pos.csv.csv": STAYS,
        },
        0,
    ),
    "a star may be empty": (
        {"x*": "", "y*z": "", "q*.txt": GO % "q*.ok"},
        {
            "x": LOADS,
            "x1": LOADS,
            "yz": LOADS,
            "y1z": LOADS,
            "y": STAYS,
            "q.txt": LOADS,
            "q.ok": LOADS,
            "q1.txt": STAYS,
            "q2.ok": STAYS,
        },
        0,
    ),
    "beginnings of each other": (
        {
            "t_*.csv": "exclude: ['t_eod_*.csv']",
            "t_eod_*.csv": "exclude: ['t_eod_us_*.csv']",
            "t_eod_us_*.csv": "",
            "t": "",
        },
        {
            "t": LOADS,
            "t_1.csv": LOADS,
            "t_eod_1.csv": LOADS,
            "t_eod_us_1.csv": LOADS,
            "t_eod.csv": LOADS,
            "t_": STAYS,
        },
        0,
    ),
    "a go file of each its own": (
        {"a_*.csv": GO % "a_*.csv.go", "b_*.csv": GO % "b_*.go", "c.csv": GO % "c_done"},
        {
            "a_1.csv": LOADS,
            "a_1.csv.go": LOADS,
            "b_1.csv": STAYS,
            "b_1.csv.go": STAYS,
            "b_2.csv": LOADS,
            "b_2.go": LOADS,
            "b_3.go": STAYS,
            "c.csv": LOADS,
            "c_done": LOADS,
        },
        0,
    ),
    "go files that are only there": (
        {
            "p_*.csv": "go_file: {pattern: p_*.done, format: presence}",
            "data.csv": "go_file: {pattern: _SUCCESS, format: presence}",
            "q_*": "go_file: {pattern: ok_*, format: presence}",
        },
        {
            "p_1.csv": LOADS,
            "p_1.done": LOADS,
            "p_2.csv": STAYS,
            "data.csv": LOADS,
            "_SUCCESS": LOADS,
            "q_1": LOADS,
            "ok_1": LOADS,
            "ok_2": STAYS,
        },
        0,
    ),
    "hidden and unfinished files": (
        {"*.csv": "exclude: ['*_old.csv', 'draft*']", "data*": "exclude: ['*.csv']"},
        {
            ".a.csv": STAYS,
            "a.csv.tmp": STAYS,
            "a.csv.part": STAYS,
            "data.filepart": STAYS,
            "a.csv": LOADS,
            "a_old.csv": STAYS,
            "draft.csv": STAYS,
            "data": LOADS,
            "data.csv": LOADS,
        },
        0,
    ),
    "a folder that is called like a file": (
        {"d_*.csv": "", "e_*.csv": ""},
        {"d_1.csv/": STAYS, "d_2.csv": LOADS, "e_1.csv": LOADS, "other/": STAYS},
        1,
    ),
}


@pytest.mark.parametrize("title", SCENES)
def test_what_loads_of_everyday_names(title: str, zones: Zones) -> None:
    mappings, files, code = SCENES[title]
    (zones.tables / "tables.yaml").write_text(
        "".join(
            f"'{pattern}': {{table: t{number}{', ' if keys else ''}{keys}}}\n"
            for number, (pattern, keys) in enumerate(mappings.items())
        )
    )
    for name in files:
        deliver(zones.landing / name, is_folder=name.endswith("/"))

    ended = subprocess.run(
        [sys.executable, "-m", "airflow_landing_loader.cli", "run", "--once"],
        env=os.environ
        | {
            "LANDING_PATH": str(zones.landing),
            "ARCHIVE_PATH": str(zones.archive),
            "FAILED_PATH": str(zones.failed),
            "TABLE_CONFIG_PATH": str(zones.tables),
            "DUCKDB_PATH": str(zones.root / "warehouse.duckdb"),
        },
        capture_output=True,
        text=True,
        check=False,
    )

    lies = {
        name: zone.name
        for name in files
        for zone in (zones.landing, zones.archive, zones.failed)
        if (zone / name).exists()
    }
    assert lies == files, ended.stderr
    assert ended.returncode == code, ended.stderr


def deliver(path: Path, *, is_folder: bool) -> None:
    """A file that has rested for long; what is no data file counts one record."""
    if is_folder:
        path.mkdir()
        return
    path.write_text("n=1\n" if path.name.endswith(("go", "ok", "done")) else "id\n1\n")
    os.utime(path, (1_700_000_000, 1_700_000_000))
