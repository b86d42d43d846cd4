"""The benchmark: this project beside bare DuckDB, Polars and dlt, in one run, alternating.

    make bench                              everything, under an hour on two cores
    make bench ARGS="--quick"               a fiftieth of the size, once, to see that it works
    make bench ARGS="large drift --rounds 5"

Absolute times mean little on a shared machine; the ratios, taken pair by pair in one run, hold.
Peak memory is that of the whole process tree. Nothing here is a test: `make test` asserts no time.
`benchmarks/page.py RESULT.json` puts the figures into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import compileall
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import airflow_landing_loader
import results
import singles
import tables
from cases import CASES
from comparing import CONSOLE, HERE, PATHS, Plan, compare
from file_sets import file_sets
from latency import latencies
from many_tables import many_tables
from overview import overviews
from results import Report
from staging import broken_input, staging
from strange_files import strange_files

CACHE = HERE.parent / ".bench"
_QUICK = 0.02


def main() -> None:
    """Run what was asked for, print it, and write it to a file."""
    options = _options()
    options.cache.mkdir(parents=True, exist_ok=True)
    # As pip does when it installs; else each process would compile the sources where Python is told
    # not to write what it compiled.
    compileall.compile_dir(Path(airflow_landing_loader.__file__).parent, quiet=1)
    plan = Plan(
        cache=options.cache,
        gigabytes=options.gigabytes,
        rounds=options.rounds,
        only=tuple(options.paths or ()),
    )
    others: dict[str, Callable[[Report], Report]] = {
        "stages": lambda report: replace(report, stages=singles.stages(plan)),
        "memory": lambda report: replace(report, memory=singles.memory(plan, options.memory_sizes)),
        "parse": lambda report: replace(report, parse=singles.parse(plan.cache, options.mappings)),
        "tables": lambda report: replace(report, tables=many_tables(plan.cache, plan.gigabytes)),
        "sets": lambda report: replace(
            report, sets=file_sets(plan.cache, plan.gigabytes, plan.rounds)
        ),
        "strange": lambda report: replace(
            report, strange=strange_files(plan.cache, plan.gigabytes)
        ),
        "overview": lambda report: replace(report, overview=overviews(plan.cache, plan.gigabytes)),
        "latency": lambda report: replace(report, latency=latencies(plan.cache, options.files)),
        "parquet": lambda report: replace(
            report,
            parquet=staging(plan.cache, plan.gigabytes, plan.rounds),
            broken=broken_input(plan.cache),
        ),
    }
    wanted = options.what or [*CASES, *others]
    report = results.of_this_machine()
    report = replace(report, cases=compare([name for name in CASES if name in wanted], plan))
    for name, measured in others.items():
        if name in wanted:
            CONSOLE.print(f"[bold]{name}[/]")
            report = measured(report)
    target = plan.cache / "results" / f"{datetime.now(UTC):%Y%m%d-%H%M%S}.json"
    results.write(report, target)
    for text in tables.of(report).values():
        CONSOLE.print(text + "\n", markup=False, soft_wrap=True)
    CONSOLE.print(f"Written to {target}")


def _options() -> argparse.Namespace:
    what = "; ".join(f"{name}: {case.title}" for name, case in CASES.items())
    parser = argparse.ArgumentParser(
        description=__doc__.split("\n", maxsplit=1)[0],
        epilog=f"Cases: {what}. Besides: stages: where the time goes; memory: by size of the file;"
        " parse: the DAGs of many mappings; tables: a small file for each of many tables;"
        " sets: small files that one go file names;"
        " strange: a good file behind very many that cannot be loaded;"
        " overview: all tables at a glance while a load runs;"
        " latency: under a running Airflow; parquet: the way to BigQuery.",
    )
    names = (
        *CASES,
        *("stages", "memory", "parse", "tables", "sets", "strange", "overview"),
        *("latency", "parquet"),
    )
    parser.add_argument("what", nargs="*", metavar="WHAT", help="default: everything")
    parser.add_argument("--quick", action="store_true", help="small sizes, once")
    parser.add_argument("--gigabytes", type=float, default=1.0, help="of a case's data; default: 1")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each path; default: 3")
    parser.add_argument("--paths", nargs="+", choices=PATHS, help="only these")
    parser.add_argument(
        "--memory-sizes",
        type=lambda text: [float(size) for size in text.split(",")],
        default=[1.0, 10.0],
        help="gigabytes of each file; default: 1,10, which takes 50 GB of disk",
    )
    parser.add_argument("--mappings", type=int, default=1_000, help="to parse; default: 1000")
    parser.add_argument("--files", type=int, default=10, help="for the latency; default: 10")
    parser.add_argument(
        "--cache",
        type=lambda text: Path(text).resolve(),
        default=CACHE,
        help="folder for data, which is kept, and for each run; default: .bench",
    )
    options = parser.parse_args()
    for name in options.what:
        if name not in names:
            parser.error(f"{name} is not one of {', '.join(names)}")
    if options.quick:
        options.gigabytes *= _QUICK
        options.memory_sizes = [size * _QUICK for size in options.memory_sizes]
        options.rounds = 1
        options.files = 2
    return options


if __name__ == "__main__":
    main()
