"""Runs the paths of the cases, alternating, and keeps what each took."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

import data
from cases import CASES, OURS, OURS_AIRFLOW, Case
from measure import Measured, cool, measure, warm
from results import CaseResult, PathResult
from world import Found, World, found, world_of

PATHS = sorted({path for case in CASES.values() for path in case.paths})
HERE = Path(__file__).resolve().parent
DLT_PYTHON = HERE.parent / ".venv-bench" / "bin" / "python"
CONSOLE = Console(highlight=False)


@dataclass(frozen=True)
class Plan:
    """What is to be run.

    :param cache: the folder of data sets and of each run.
    :param gigabytes: size of a case's data.
    :param rounds: how often each path runs.
    :param only: the paths to run; empty for all of a case.
    """

    cache: Path
    gigabytes: float
    rounds: int
    only: tuple[str, ...] = ()

    def paths(self, case: Case) -> tuple[str, ...]:
        """The paths of a case that are asked for."""
        return tuple(path for path in case.paths if not self.only or path in self.only)

    def data(self, case: Case) -> data.Data:
        """The files of a case."""
        return data.ready(self.cache, case.data, self.gigabytes * case.share)


def compare(names: Sequence[str], plan: Plan) -> dict[str, CaseResult]:
    """Run the paths of some cases in rounds: all of them, then all of them again.

    :param names: keys of ``CASES``.
    :raises SystemExit: two paths of a case do not leave the same cells.
    """
    for name in names:
        CONSOLE.print(f"[dim]data of {name}[/]: {plan.data(CASES[name]).size / 1e6:,.0f} MB")
    runs: dict[str, dict[str, list[Measured]]] = {
        name: {path: [] for path in plan.paths(CASES[name])} for name in names
    }
    left: dict[str, Found] = {}
    for number in range(plan.rounds):
        for name in names:
            case = CASES[name]
            if case.rounds is not None and number >= case.rounds:
                continue
            for path in plan.paths(case):
                run, cells = run_path(path, name, plan)
                if left.setdefault(name, cells) != cells:
                    raise SystemExit(f"{name}: {path} left {cells}, others {left[name]}")
                runs[name][path].append(run)
                CONSOLE.print(
                    f"round {number + 1}  {name:<8} {path:<17} {seconds_of(path, run):7.2f} s"
                    f" {run.peak_bytes / 1e6:7.0f} MB"
                )
    return {name: _result(name, plan, of_case, left[name]) for name, of_case in runs.items()}


def run_path(path: str, name: str, plan: Plan) -> tuple[Measured, Found]:
    """Run one path on one case in a folder of its own."""
    case = CASES[name]
    files = plan.data(case).files
    with world_of(case, files, plan.cache) as world:
        _prepare(path, world)
        (cool if case.cold else warm)(world.landed)
        try:
            measured = measure(_command(path, name, world), world.environ())
        except subprocess.CalledProcessError as error:
            raise SystemExit(f"{path} on {name} failed:\n{error.output[-4000:]}") from error
        return measured, found(world, case)


def run_ours(world: World, *, accepted: Collection[int] = (0,)) -> Measured:
    """Run this project's command on a folder, its files in the page cache.

    :param accepted: exit codes of a run that counts.
    """
    warm(file for file in world.landed if not file.is_symlink())
    return measure(_command(OURS, "", world), world.environ(), accepted=accepted)


def run_bare_tables(world: World) -> Measured:
    """Run bare DuckDB on a folder with a file for each of many tables."""
    warm(world.landed)
    command = [sys.executable, str(HERE / "bare_tables.py"), str(world.folder)]
    return measure(command, world.environ())


def seconds_of(path: str, run: Measured) -> float:
    """What counts of a run: of Airflow the DAG run, of the others the whole process."""
    return float(run.output.split()[-1]) if path == OURS_AIRFLOW else run.seconds


def _prepare(path: str, world: World) -> None:
    if path == OURS_AIRFLOW:
        command = [sys.executable, str(HERE / "airflow_path.py"), "prepare", str(world.folder)]
        subprocess.run(command, env=world.environ(), capture_output=True, check=True)


def _command(path: str, case: str, world: World) -> list[str]:
    if path == OURS:
        return [str(Path(sys.executable).with_name("landing-loader")), "run", "--once"]
    if path == OURS_AIRFLOW:
        return [sys.executable, str(HERE / "airflow_path.py"), "run"]
    if path.startswith("dlt"):
        return [str(DLT_PYTHON), str(HERE / "dlt_paths.py"), path, case, str(world.folder)]
    return [sys.executable, str(HERE / "paths.py"), path, case, str(world.folder)]


def _result(name: str, plan: Plan, runs: dict[str, list[Measured]], left: Found) -> CaseResult:
    case = CASES[name]
    of_data = plan.data(case)
    return CaseResult(
        title=case.title,
        files=len(of_data.files),
        size=of_data.size,
        rows=left.rows,
        columns=len(case.columns),
        paths={
            path: PathResult(
                seconds=[seconds_of(path, run) for run in measured],
                process_seconds=[run.seconds for run in measured],
                peak_bytes=[run.peak_bytes for run in measured],
            )
            for path, measured in runs.items()
        },
    )
