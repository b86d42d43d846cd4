"""Measurements of this project alone: where the time goes, memory by size, parsing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import data
from cases import CASES
from comparing import HERE, Plan, run_ours
from measure import measure, warm
from parse import write_mappings
from results import MemoryPoint, ParsePoint
from world import world_of

_ROOM = 5  # times the size of a file: the file, the database, its temporary files
_STAGES_OF = ("large", "small")
_FEW_MAPPINGS = 10
_PARSED = ("all", "one", "bare")


def stages(plan: Plan) -> dict[str, dict[str, float]]:
    """Seconds of each stage of ``landing-loader run --once``, by case."""
    return {name: _stages(name, plan) for name in _STAGES_OF}


def _stages(name: str, plan: Plan) -> dict[str, float]:
    case = CASES[name]
    with world_of(case, plan.data(case).files, plan.cache) as world:
        warm(world.landed)
        run = measure([sys.executable, str(HERE / "stages.py")], world.environ())
    seconds: dict[str, float] = json.loads(run.output.splitlines()[-1])
    return seconds


def memory(plan: Plan, sizes: Sequence[float]) -> list[MemoryPoint]:
    """Peak memory by size of one file.

    :param sizes: in gigabytes; what is larger than the other cases' data is not kept.
    :raises SystemExit: there is not room enough.
    """
    points = []
    for size in sizes:
        free = shutil.disk_usage(plan.cache).free
        if free < _ROOM * size * 1e9:
            raise SystemExit(f"{size:g} GB need {_ROOM * size:g} GB, {free / 1e9:.0f} are free")
        made = data.ready(plan.cache, "one", size)
        with world_of(CASES["large"], made.files, plan.cache) as world:
            run = run_ours(world)
        points.append(MemoryPoint(made.size, run.seconds, run.peak_bytes))
        if size > plan.gigabytes:
            shutil.rmtree(made.files[0].parent)
    return points


def parse(cache: Path, mappings: int) -> list[ParsePoint]:
    """Reading the DAG file: all DAGs, and one of them as a worker does, with few and with many."""
    return [_parse(cache, count, what) for count in (_FEW_MAPPINGS, mappings) for what in _PARSED]


def _parse(cache: Path, count: int, what: str) -> ParsePoint:
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        write_mappings(Path(folder), count)
        command = [sys.executable, str(HERE / "parse.py"), what, folder, str(count)]
        for _ in range(2):  # the first one writes what Airflow makes at its first start
            done = subprocess.run(command, capture_output=True, text=True, check=True)
    return ParsePoint(**json.loads(done.stdout.splitlines()[-1]))
